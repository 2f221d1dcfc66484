/**
 * The eight verdicts, and the compact list that a batch of them comes in.
 * @module
 */

import { invalidOption, OncewardError } from "./errors.js";

/**
 * The names in the order of their codes: `VERDICTS[0]` is `"fresh"`.
 * The codes are part of the contract; `Verdicts.codes` holds them.
 */
export const VERDICTS = [
  "fresh",
  "duplicate",
  "stale",
  "conflict",
  "pending",
  "in-doubt",
  "early",
  "expired",
] as const;

/**
 * What a gate says about an event. Only `"fresh"` means: act.
 *
 * - `fresh`: new on every identity it carries
 * - `duplicate`: accepted before
 * - `stale`: the entity is at a later revision, or the source's epoch is over
 * - `conflict`: the same key or the same revision, but other content
 * - `pending`: someone holds a live claim on it
 * - `in-doubt`: a claim ended without an answer
 * - `early`: the order is `next` and a predecessor is missing
 * - `expired`: issued before the horizon, so that its memory may be gone
 */
export type Verdict = (typeof VERDICTS)[number];

/** The code of `"fresh"`. */
export const FRESH = 0;

/** Returns the name of a verdict's code. */
export function verdictOf(code: number): Verdict {
  const verdict = VERDICTS[code];
  if (verdict === undefined) {
    throw new OncewardError("internal", `there is no verdict ${code}`);
  }
  return verdict;
}

/**
 * The verdicts of a batch: one byte each, in input order.
 *
 * @example
 * ```ts
 * const verdicts = gate.checkIds(ids);
 * console.log(verdicts.count("fresh"), "of", verdicts.length);
 * const fresh = ids.filter((_, index) => verdicts.codes[index] === 0);
 * ```
 */
export class Verdicts implements Iterable<Verdict> {
  /** How many verdicts there are. */
  readonly length: number;

  /**
   * One code a verdict: 0 fresh, 1 duplicate, 2 stale, 3 conflict, 4 pending, 5 in-doubt, 6 early,
   * 7 expired.
   */
  readonly codes: Uint8Array;

  /** @internal */
  constructor(codes: Uint8Array) {
    this.codes = codes;
    this.length = codes.length;
  }

  /**
   * Returns the verdict at an index; a negative one counts from the end.
   *
   * @throws {OncewardError} `invalid_option` when there is no such index.
   */
  at(index: number): Verdict {
    const code = this.codes.at(index);
    if (code === undefined) {
      throw invalidOption(`there is no verdict at index ${index} of ${this.length}`);
    }
    return verdictOf(code);
  }

  /** Returns how many of them are the given verdict. It looks at each. */
  count(verdict: Verdict): number {
    const { codes } = this;
    const wanted = VERDICTS.indexOf(verdict);
    let count = 0;
    for (let index = 0; index < codes.length; index += 1) {
      count += codes[index] === wanted ? 1 : 0;
    }
    return count;
  }

  /** Yields the names, in input order. */
  *[Symbol.iterator](): IterableIterator<Verdict> {
    for (const code of this.codes) {
      yield verdictOf(code);
    }
  }
}
