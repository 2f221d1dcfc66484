/**
 * Judges blocks of lines and writes those that are fresh, unchanged.
 * @module
 */

import { isAscii, isUtf8 } from "node:buffer";
import { isOncewardError } from "../errors.js";
import type { GateEvent } from "../event.js";
import type { Gate } from "../gate.js";
import { BrokenLine, FatalError, messageOf } from "./failure.js";
import type { Identifier } from "./identify.js";
import { type Block, LINE_BYTES_MAX } from "./lines.js";
import type { Output } from "./output.js";
import type { Fate, Report } from "./report.js";

/** A line's event; null for a blank line, an error for one that has none. */
type Reading = GateEvent | BrokenLine | null;

/** What became of a line; where it is broken, why, and whether that ends the run. */
interface Result {
  readonly fate: Fate;
  readonly reason?: string;
  readonly ends?: boolean;
}

/** Where lines are judged, and where they and what became of them go. */
export interface JudgeParts {
  readonly gate: Gate;
  readonly identifier: Identifier;
  readonly output: Output;
  readonly report: Report;
  /** Whether every line is written, with its verdict before it. */
  readonly verdicts: boolean;
  /** Whether a broken line ends the run. */
  readonly strict: boolean;
}

const BYTE_ORDER_MARK = "\ufeff";
const TAB = "\t";
const NEWLINE = 0x0a;

/** Whether an error is about this one event, so that the others may be judged. */
function isAboutEvent(error: unknown): error is Error {
  return (
    error instanceof BrokenLine ||
    (isOncewardError(error) && (error.code === "invalid_event" || error.code === "jump"))
  );
}

/** Decodes each line of a block; undefined where it is not UTF-8, which would lose what it says. */
function decode({ bytes, bounds }: Block): (string | undefined)[] {
  const start = bounds[0] ?? 0;
  const whole = bytes.subarray(start, bounds.at(-1));
  const text = isAscii(whole) ? whole.toString("latin1") : undefined;
  const lines: (string | undefined)[] = [];
  for (let index = 1; index < bounds.length; index += 1) {
    const from = (bounds[index - 1] ?? 0) - start;
    const to = (bounds[index] ?? 0) - start;
    if (text !== undefined) {
      lines.push(text.slice(from, to));
    } else {
      const line = whole.subarray(from, to);
      lines.push(isUtf8(line) ? line.toString("utf8") : undefined);
    }
  }
  return lines;
}

/** Judges line after line, block by block. */
export class Judge {
  readonly #parts: JudgeParts;
  #lineIsOpen = false;

  constructor(parts: JudgeParts) {
    this.#parts = parts;
  }

  /**
   * Judges a block, and writes and counts its lines.
   *
   * @throws {FatalError} At the first line that ends the run; what is fresh before it is written.
   */
  async block(block: Block, file: string): Promise<void> {
    const { report, strict } = this.#parts;
    const results = this.#judge(this.#read(block));
    const end = results.findIndex(({ fate, ends }) => ends || (strict && fate === "broken"));
    const kept = end === -1 ? results : results.slice(0, end);
    const reasons: string[] = [];
    kept.forEach(({ fate, reason }, index) => {
      report.count(fate);
      if (reason !== undefined) {
        reasons.push(`${file}:${block.firstLine + index}: ${reason}`);
      }
    });
    await report.broken(reasons);
    await this.#write(this.#pieces(block, kept));
    if (end !== -1) {
      throw new FatalError(`${file}:${block.firstLine + end}: ${results[end]?.reason ?? ""}`);
    }
    await report.progress();
  }

  #read(block: Block): Reading[] {
    if (block.overlong) {
      return [new BrokenLine(`longer than ${LINE_BYTES_MAX} bytes`)];
    }
    return decode(block).map((line, index) => {
      try {
        return this.#readLine(line, block.firstLine + index === 1);
      } catch (error) {
        if (isAboutEvent(error)) {
          return new BrokenLine(error.message);
        }
        throw error;
      }
    });
  }

  #readLine(line: string | undefined, first: boolean): GateEvent | null {
    if (line === undefined) {
      throw new BrokenLine("not valid UTF-8");
    }
    const json = first && line.startsWith(BYTE_ORDER_MARK) ? line.slice(1) : line;
    return json.trim() === "" ? null : this.#parts.identifier.identify(json);
  }

  #judge(readings: readonly Reading[]): Result[] {
    const results: Result[] = [];
    const events: GateEvent[] = [];
    const eventsAt: number[] = [];
    readings.forEach((reading, index) => {
      if (reading === null) {
        results[index] = { fate: "blank" };
      } else if (reading instanceof BrokenLine) {
        results[index] = { fate: "broken", reason: reading.message };
      } else {
        events.push(reading);
        eventsAt.push(index);
      }
    });
    this.#judgeAll(events).forEach((result, index) => {
      results[eventsAt[index] ?? 0] = result;
    });
    return results;
  }

  /** Judges all at once; only when one of them is refused, one after the other. */
  #judgeAll(events: readonly GateEvent[]): Result[] {
    try {
      return this.#parts.gate.checkAll(events).map((fate) => ({ fate }));
    } catch {
      return events.map((event) => this.#judgeOne(event));
    }
  }

  #judgeOne(event: GateEvent): Result {
    try {
      return { fate: this.#parts.gate.check(event) };
    } catch (error) {
      // Full memory or a defect is about more than this one line.
      return { fate: "broken", reason: messageOf(error), ends: !isAboutEvent(error) };
    }
  }

  async #write(pieces: readonly Uint8Array[]): Promise<void> {
    const last = pieces.at(-1);
    if (last !== undefined) {
      // Only the last line of a file may lack its newline, and the next file's first must not join
      // it.
      await this.#parts.output.write(this.#lineIsOpen ? [Buffer.from("\n"), ...pieces] : pieces);
      this.#lineIsOpen = last.at(-1) !== NEWLINE;
    }
  }

  #pieces({ bytes, bounds }: Block, results: readonly Result[]): Uint8Array[] {
    const pieces: Uint8Array[] = [];
    let run = 0;
    results.forEach(({ fate }, index) => {
      const start = bounds[index] ?? 0;
      const end = bounds[index + 1] ?? 0;
      if (this.#parts.verdicts) {
        pieces.push(Buffer.from(fate + TAB), bytes.subarray(start, end));
      } else if (fate === "fresh") {
        // Neighbours go out as one piece.
        const next = results[index + 1];
        run += end - start;
        if (next?.fate !== "fresh") {
          pieces.push(bytes.subarray(end - run, end));
          run = 0;
        }
      }
    });
    return pieces;
  }
}
