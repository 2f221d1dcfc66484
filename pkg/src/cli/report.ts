/**
 * What the command tells on standard error: broken lines, progress, and the summary.
 * @module
 */

import type { Verdict } from "../verdicts.js";
import type { Output } from "./output.js";

/** What became of a line: the gate's verdict, or why there is none. */
export type Fate = Verdict | "broken" | "blank";

/** In the order in which the summary shows them; the optional ones only when they occurred. */
const ROWS: readonly { readonly fate: Fate; readonly always: boolean }[] = [
  { fate: "fresh", always: true },
  { fate: "duplicate", always: true },
  { fate: "stale", always: true },
  { fate: "conflict", always: true },
  { fate: "early", always: true },
  { fate: "expired", always: true },
  { fate: "pending", always: false },
  { fate: "in-doubt", always: false },
  { fate: "broken", always: true },
  { fate: "blank", always: false },
];

const PROGRESS_EVERY_MS = 200;
const CLEAR_LINE = "\r\u001b[K";

/** How much is told, and whether to somebody who watches. */
export interface ReportOptions {
  readonly quiet: boolean;
  readonly live: boolean;
}

function grouped(number: number): string {
  return String(Math.round(number)).replace(/\B(?=(?:\d{3})+$)/g, ",");
}

/** Counts what became of the lines, and tells it. */
export class Report {
  readonly #output: Output;
  readonly #options: ReportOptions;
  readonly #counts = new Map<Fate, number>();
  readonly #started = performance.now();
  #lines = 0;
  #progressAt: number;

  constructor(output: Output, options: ReportOptions) {
    this.#output = output;
    this.#options = options;
    this.#progressAt = this.#started + PROGRESS_EVERY_MS;
  }

  /** Counts one line. */
  count(fate: Fate): void {
    this.#lines += 1;
    this.#counts.set(fate, this.of(fate) + 1);
  }

  /** How many lines had that fate. */
  of(fate: Fate): number {
    return this.#counts.get(fate) ?? 0;
  }

  /** Tells reasons, one a line. */
  async broken(reasons: readonly string[]): Promise<void> {
    if (reasons.length > 0 && !this.#options.quiet) {
      const clear = this.#options.live ? CLEAR_LINE : "";
      await this.#tell(`${clear}${reasons.join("\n")}\n`);
    }
  }

  /** Shows how far the command is, now and then, when somebody watches. */
  async progress(): Promise<void> {
    const now = performance.now();
    if (this.#options.quiet || !this.#options.live || now < this.#progressAt) {
      return;
    }
    this.#progressAt = now + PROGRESS_EVERY_MS;
    const fresh = grouped(this.of("fresh"));
    await this.#tell(
      `${CLEAR_LINE}${grouped(this.#lines)} lines, ${fresh} fresh, ${grouped(this.#rate(now))} lines/s`,
    );
  }

  /** Shows the counts. */
  async summary(): Promise<void> {
    if (this.#options.quiet) {
      return;
    }
    const now = performance.now();
    const rows: [string, string][] = [["lines", grouped(this.#lines)]];
    for (const { fate, always } of ROWS) {
      if (always || this.of(fate) > 0) {
        rows.push([fate, grouped(this.of(fate))]);
      }
    }
    rows.push(["seconds", ((now - this.#started) / 1000).toFixed(2)]);
    rows.push(["lines/s", grouped(this.#rate(now))]);
    const width = Math.max(...rows.map(([, value]) => value.length));
    const table = rows.map(([name, value]) => `${name.padEnd(9)}  ${value.padStart(width)}\n`);
    await this.#tell(`${this.#options.live ? CLEAR_LINE : ""}${table.join("")}`);
  }

  #rate(now: number): number {
    return (this.#lines * 1000) / Math.max(now - this.#started, 1);
  }

  async #tell(text: string): Promise<void> {
    try {
      await this.#output.write([Buffer.from(text)]);
    } catch {
      // Where nobody listens to what is told, the work goes on.
    }
  }
}
