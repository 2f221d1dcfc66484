/**
 * From a line of JSON to the event it stands for.
 * @module
 */

import type { GateEvent, Ordinal } from "../event.js";
import { requireWellFormed } from "../frame.js";
import { canonical } from "../instance.js";
import { ordinal } from "../ordinal.js";
import { NumberText, parseExactly, toContent } from "./exact.js";
import { BrokenLine } from "./failure.js";
import { type Path, pick } from "./path.js";

/** How the text of a revision or position becomes an ordinal. */
export type OrdinalKind = keyof typeof ordinal | "number";

/** How a time is written; `auto` takes numbers as milliseconds and strings as ISO-8601. */
export type TimeKind = "auto" | "ms" | "s" | "iso";

/** Where in a line the fields of its event are. A name may be made of several parts. */
export interface FieldPaths {
  readonly scope: readonly Path[];
  readonly id: readonly Path[];
  readonly entity: readonly Path[];
  readonly source: readonly Path[];
  readonly content: readonly Path[];
  readonly revision: Path | undefined;
  readonly position: Path | undefined;
  readonly epoch: Path | undefined;
  readonly time: Path | undefined;
  readonly revisionAs: OrdinalKind;
  readonly positionAs: OrdinalKind;
  readonly timeAs: TimeKind;
}

/** Sixteen digits in a row may be a number that a double cannot hold. */
const LONG_DIGITS = /\d{16}/;

/** A number that can be written in several ways: 1.0, 1e3, -0. */
const OTHER_SPELLING = /\d[.eE]|-0/;

const CANONICAL_INTEGER = /^(?:0|[1-9]\d*)$/;
const DECIMAL = /^\d+(?:\.\d+)?$/;

/** What a number says was lost when the line was read: it must be read again, exactly. */
const DIGITS_LOST = Symbol("digits lost");

/** Whether a value counts as an absent field. */
function isMissing(value: unknown): value is undefined | null | boolean {
  return value === undefined || value === null || typeof value === "boolean";
}

/**
 * Reads events out of lines.
 *
 * Reading exactly is slow, and needed only for the few lines in which a number counts whose digits
 * `JSON.parse` does not keep. So a line is read the quick way until such a number is met.
 */
export class Identifier {
  readonly #paths: FieldPaths;
  #line = "";
  #exact = false;

  constructor(paths: FieldPaths) {
    this.#paths = paths;
  }

  /**
   * Returns the event of a line.
   *
   * @throws {BrokenLine} Where the line is not JSON or has no identity.
   * @throws {OncewardError} `invalid_event`, where a field is not what it should be.
   */
  identify(line: string): GateEvent {
    try {
      return this.#read(line, false);
    } catch (error) {
      if (error !== DIGITS_LOST) {
        throw error;
      }
    }
    return this.#read(line, true);
  }

  #read(line: string, exact: boolean): GateEvent {
    this.#line = line;
    this.#exact = exact;
    try {
      return this.#event(exact ? parseExactly(line) : JSON.parse(line));
    } catch (error) {
      if (error instanceof SyntaxError) {
        throw new BrokenLine("not valid JSON");
      }
      // What overflowed is the stack.
      throw error instanceof RangeError ? new BrokenLine("nested too deeply") : error;
    }
  }

  #event(value: unknown): GateEvent {
    const paths = this.#paths;
    const event: GateEvent = {
      scope: this.#name(value, paths.scope, "scope"),
      id: this.#name(value, paths.id, "id"),
      entity: this.#name(value, paths.entity, "entity"),
      source: this.#name(value, paths.source, "source"),
      revision: this.#ordinal(value, paths.revision, paths.revisionAs),
      position: this.#ordinal(value, paths.position, paths.positionAs),
      epoch: this.#ordinal(value, paths.epoch, "number"),
      content: this.#content(value, paths.content),
      time: this.#time(value, paths.time, paths.timeAs),
    };
    if (event.id === undefined && event.entity === undefined && event.source === undefined) {
      throw new BrokenLine("no identity: nothing that can be a name is at the given paths");
    }
    return event;
  }

  /**
   * Returns the one part as it is, or several as the text of a JSON array; undefined when one is
   * missing.
   */
  #name(value: unknown, paths: readonly Path[], field: string): string | undefined {
    const [first, ...others] = paths;
    if (first === undefined) {
      return undefined;
    }
    const name = this.#text(pick(value, first));
    if (others.length === 0 || name === undefined) {
      return name;
    }
    const names = [name];
    for (const path of others) {
      const part = this.#text(pick(value, path));
      if (part === undefined) {
        return undefined;
      }
      names.push(part);
    }
    // JSON.stringify would write a lone surrogate as an escape, and so let it through.
    requireWellFormed(names.join(), field);
    return JSON.stringify(names);
  }

  /** Returns the text by which a value is named. */
  #text(value: unknown): string | undefined {
    if (typeof value === "string") {
      return value;
    }
    if (isMissing(value)) {
      return undefined;
    }
    if (value instanceof NumberText) {
      return value.text;
    }
    if (typeof value === "number") {
      this.#needExact(!Number.isSafeInteger(value) || OTHER_SPELLING.test(this.#line));
      return String(value);
    }
    this.#needExact(LONG_DIGITS.test(this.#line));
    return new TextDecoder().decode(canonical(toContent(value)));
  }

  /** Has the line read exactly, if that is needed and not yet done. */
  #needExact(needed: boolean): void {
    if (needed && !this.#exact) {
      throw DIGITS_LOST;
    }
  }

  #ordinal(value: unknown, path: Path | undefined, kind: OrdinalKind): Ordinal | undefined {
    const found = path === undefined ? undefined : pick(value, path);
    if (isMissing(found)) {
      return undefined;
    }
    if (kind !== "number") {
      return ordinal[kind](this.#text(found) ?? "");
    }
    if (found instanceof NumberText) {
      return CANONICAL_INTEGER.test(found.text) ? found.text : Number(found.text);
    }
    if (typeof found !== "number" && typeof found !== "string") {
      throw new BrokenLine("a revision or position must be a number or a decimal string");
    }
    this.#needExact(typeof found === "number" && !Number.isSafeInteger(found));
    return found;
  }

  #content(value: unknown, paths: readonly Path[]): GateEvent["content"] {
    if (paths.length > 0) {
      this.#needExact(LONG_DIGITS.test(this.#line));
    }
    const parts = paths.map((path) => toContent(pick(value, path)));
    const [first] = parts;
    // What JSON.parse made can only be JSON again.
    if (parts.length < 2 || parts.every((part) => part === undefined)) {
      return first as GateEvent["content"];
    }
    return parts.map((part) => part ?? null) as GateEvent["content"];
  }

  #time(value: unknown, path: Path | undefined, kind: TimeKind): number | string | undefined {
    const found = path === undefined ? undefined : pick(value, path);
    if (isMissing(found)) {
      return undefined;
    }
    const time = found instanceof NumberText ? Number(found.text) : found;
    if (typeof time === "string" && (kind === "auto" || kind === "iso")) {
      return time;
    }
    const number = typeof time === "string" && DECIMAL.test(time) ? Number(time) : time;
    if (typeof number !== "number" || kind === "iso") {
      throw new BrokenLine(`the time is not ${kind === "iso" ? "a string" : "a number"}`);
    }
    return kind === "s" ? Math.round(number * 1000) : number;
  }
}
