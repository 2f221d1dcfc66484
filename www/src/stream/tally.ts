/**
 * Sums up what was said of a stream, in bounded memory.
 * @module
 */

import type { GateEvent, Verdict } from "onceward";
import type { Judged } from "./judge.js";

/** A line, for a table of them. */
export interface Row {
  readonly line: number;
  readonly verdict: Verdict | "unreadable";
  /** What the event is known by, or why it could not be read. */
  readonly about: string;
  readonly text: string;
}

/** A refused event on a line of time: where it was, and what it was. */
export interface Mark {
  readonly line: number;
  readonly verdict: Verdict;
}

/** What is known of one entity. */
export interface Strand {
  readonly name: string;
  readonly first: number;
  readonly last: number;
  readonly events: number;
  readonly refused: number;
  readonly marks: readonly Mark[];
}

/** All of it, at one moment. */
export interface Summary {
  readonly lines: number;
  readonly unreadable: number;
  readonly verdicts: Readonly<Partial<Record<Verdict, number>>>;
  readonly rows: readonly Row[];
  /** Those of whom most was refused. */
  readonly strands: readonly Strand[];
  /** How many entities there are, and whether there are more that were not looked at singly. */
  readonly entities: number;
  readonly isCut: boolean;
}

/** How many rows are kept of each verdict, and how much of a line. */
const ROWS_MAX = 100;
const TEXT_MAX = 240;

/** How many entities are looked at singly, how many are shown, and with how many marks each. */
const STRANDS_MAX = 50_000;
const STRANDS_SHOWN = 10;
const MARKS_MAX = 240;

interface OpenStrand {
  first: number;
  last: number;
  events: number;
  refused: number;
  marks: Mark[];
  /** Of how many refused events one is marked. */
  stride: number;
}

/** Writes down what an event is known by. */
function describe({ scope, id, entity, revision, source, position }: GateEvent): string {
  const parts = [
    scope === undefined ? [] : [scope],
    id === undefined ? [] : [id],
    entity === undefined ? [] : [`${entity} at ${revision}`],
    source === undefined ? [] : [`${source} at ${position}`],
  ];
  return parts.flat().join(" · ").slice(0, TEXT_MAX);
}

/** Counts, and keeps examples. */
export class Tally {
  readonly #verdicts: Partial<Record<Verdict, number>> = {};
  readonly #rows = new Map<Row["verdict"], Row[]>();
  readonly #strands = new Map<string, OpenStrand>();
  #lines = 0;
  #unreadable = 0;
  #isCut = false;

  /** Takes note of what became of a line. */
  add(line: number, text: string, judged: Judged): void {
    if (judged.is === "empty") {
      return;
    }
    this.#lines += 1;
    if (judged.is === "failure") {
      this.#unreadable += 1;
      this.#keep(line, "unreadable", judged.reason, text);
      return;
    }
    const { verdict, event } = judged;
    this.#verdicts[verdict] = (this.#verdicts[verdict] ?? 0) + 1;
    if ((this.#rows.get(verdict)?.length ?? 0) < ROWS_MAX) {
      this.#keep(line, verdict, describe(event), text);
    }
    this.#extend(event.entity ?? event.source ?? event.scope ?? "all events", line, verdict);
  }

  get summary(): Summary {
    const strands = [...this.#strands]
      .filter(([, { refused }]) => refused > 0)
      .sort(([, one], [, other]) => other.refused - one.refused)
      .slice(0, STRANDS_SHOWN)
      .map(([name, strand]) => ({ name: name.slice(0, TEXT_MAX), ...strand }));
    return {
      lines: this.#lines,
      unreadable: this.#unreadable,
      verdicts: { ...this.#verdicts },
      rows: [...this.#rows.values()].flat().sort((one, other) => one.line - other.line),
      strands,
      entities: this.#strands.size,
      isCut: this.#isCut,
    };
  }

  #keep(line: number, verdict: Row["verdict"], about: string, text: string): void {
    const rows = this.#rows.get(verdict) ?? [];
    if (rows.length < ROWS_MAX) {
      rows.push({ line, verdict, about, text: text.slice(0, TEXT_MAX) });
      this.#rows.set(verdict, rows);
    }
  }

  #extend(name: string, line: number, verdict: Verdict): void {
    let strand = this.#strands.get(name);
    if (strand === undefined) {
      if (this.#strands.size >= STRANDS_MAX) {
        this.#isCut = true;
        return;
      }
      strand = { first: line, last: line, events: 0, refused: 0, marks: [], stride: 1 };
      this.#strands.set(name, strand);
    }
    strand.last = line;
    strand.events += 1;
    if (verdict !== "fresh") {
      strand.refused += 1;
      this.#mark(strand, { line, verdict });
    }
  }

  /** Adds a mark. When there are too many, every second one goes, and fewer are added from then. */
  #mark(strand: OpenStrand, mark: Mark): void {
    if (strand.refused % strand.stride !== 0) {
      return;
    }
    strand.marks.push(mark);
    if (strand.marks.length > MARKS_MAX) {
      strand.marks = strand.marks.filter((_, index) => index % 2 === 0);
      strand.stride *= 2;
    }
  }
}
