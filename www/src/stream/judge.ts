/**
 * Judges lines: reads them, says what their events are known by, and asks the gate.
 * @module
 */

import type { Gate, GateEvent, Ordinal, Verdict } from "onceward";
import { isOncewardError } from "../shared/onceward.js";
import { type Notation, type Path, type Plan, valueAt } from "./fields.js";
import { UNREADABLE } from "./lines.js";

/** Turns what a system calls a revision into a number that keeps its order. */
export type ReadOrdinal = (notation: Notation, value: unknown) => Ordinal;

/** What became of a line; an empty one is nothing at all. */
export type Judged =
  | { readonly is: "verdict"; readonly verdict: Verdict; readonly event: GateEvent }
  | { readonly is: "failure"; readonly reason: string }
  | { readonly is: "empty" };

/** A line that was read. */
type ReadLine =
  | Exclude<Judged, { is: "verdict" }>
  | { readonly is: "event"; readonly event: GateEvent };

/** What newer browsers add to the reviver: the text that a number was read from. */
interface Source {
  readonly source?: string;
}

/** Reads JSON; whole numbers that a double cannot hold are kept as text, where the browser can. */
function parseExactly(text: string): unknown {
  return JSON.parse(text, function keep(this: unknown, _key: string, value: unknown) {
    // biome-ignore lint/complexity/noArguments: the types do not know the third one yet.
    const { source } = Object(arguments[2]) as Source;
    const isInexact = typeof value === "number" && !Number.isSafeInteger(value);
    return isInexact && source !== undefined && /^\d+$/.test(source) ? source : value;
  });
}

/** Reads a field that names something: a text, or a number as its digits. */
function readName(value: unknown, what: string): string | undefined {
  if (value === undefined || typeof value === "string") {
    return value;
  }
  if (Number.isSafeInteger(value)) {
    return String(value);
  }
  throw new TypeError(`the ${what} is neither a text nor a whole number`);
}

/** Reads lines as a plan says. */
export class LineReader {
  readonly #plan: Plan;
  readonly #readOrdinal: ReadOrdinal;

  constructor(plan: Plan, readOrdinal: ReadOrdinal) {
    this.#plan = plan;
    this.#readOrdinal = readOrdinal;
  }

  read(line: string): ReadLine {
    if (line.trim() === "") {
      return { is: "empty" };
    }
    if (line === UNREADABLE) {
      return { is: "failure", reason: "it is not UTF-8" };
    }
    try {
      return this.#identify(this.#parse(line));
    } catch (error) {
      const isJson = !(error instanceof SyntaxError);
      const reason = error instanceof Error ? error.message : String(error);
      return { is: "failure", reason: isJson ? reason : "it is not JSON" };
    }
  }

  /** Parses quickly, and once more where a field that counts may not be exact. */
  #parse(line: string): unknown {
    const value: unknown = JSON.parse(line);
    const isInexact = (path: Path): boolean => {
      const field = valueAt(value, path);
      return typeof field === "number" && !Number.isSafeInteger(field);
    };
    return Object.values(this.#plan.paths).some(isInexact) ? parseExactly(line) : value;
  }

  #identify(value: unknown): ReadLine {
    const { paths, notation } = this.#plan;
    const at = (path: Path | undefined): unknown => path && valueAt(value, path);
    const event: GateEvent = {};
    const id = readName(at(paths.id) ?? undefined, "key");
    if (id !== undefined) {
      event.id = id;
    }
    const entity = readName(at(paths.entity) ?? undefined, "entity");
    if (entity !== undefined) {
      event.entity = entity;
      event.revision = this.#readOrdinal(notation, at(paths.revision));
    }
    const source = readName(at(paths.source) ?? undefined, "source");
    if (source !== undefined) {
      event.source = source;
      event.position = this.#readOrdinal(notation, at(paths.position));
    }
    if (id === undefined && entity === undefined && source === undefined) {
      return { is: "failure", reason: "it has none of the chosen fields" };
    }
    const scope = readName(at(paths.scope) ?? undefined, "scope");
    if (scope !== undefined) {
      event.scope = scope;
    }
    return { is: "event", event };
  }
}

/** Judges lines in their order. */
export function judgeLines(gate: Gate, reader: LineReader, lines: readonly string[]): Judged[] {
  const read = lines.map((line) => reader.read(line));
  const events = read.flatMap((line) => (line.is === "event" ? [line.event] : []));
  const verdicts = judgeEvents(gate, events);
  let next = 0;
  return read.map((line): Judged => {
    if (line.is !== "event") {
      return line;
    }
    const said = verdicts[next];
    next += 1;
    return said === undefined || said instanceof Error
      ? { is: "failure", reason: said?.message ?? "it was not judged" }
      : { is: "verdict", verdict: said, event: line.event };
  });
}

/** Judges all at once, or where one of them cannot be judged, one by one. */
function judgeEvents(gate: Gate, events: readonly GateEvent[]): (Verdict | Error)[] {
  try {
    return gate.checkAll(events);
  } catch (error) {
    if (!isOncewardError(error) || error.code !== "invalid_event") {
      throw error;
    }
  }
  return events.map((event) => {
    try {
      return gate.check(event);
    } catch (error) {
      if (isOncewardError(error) && error.code === "invalid_event") {
        return error;
      }
      throw error;
    }
  });
}
