/**
 * Columns of texts: many short ones, encoded as few long ones.
 * @module
 */

import { atEvent, invalidEvent, ofEvent } from "./errors.js";
import { kindOf } from "./event.js";
import { type Sheet, textRoom } from "./frame.js";

/**
 * So many texts are joined before they are encoded. Encoding each by itself costs three times as
 * much, and so does joining them all: a long text is built and then read far from the caches.
 */
const JOINED_MAX = 256;

/** Checks that an item of a column is a text. */
export function requireText(value: unknown, index: number, field: string): string {
  if (typeof value !== "string") {
    throw invalidEvent(ofEvent(index, `${field} must be a string, not ${kindOf(value)}`));
  }
  return value;
}

/**
 * Writes a column of texts end to end, and returns where each ends. Each is read once.
 *
 * @throws {OncewardError} `invalid_event` when one is no string, or has a lone surrogate.
 */
export function writeNames(names: Sheet, given: readonly unknown[], field: string): Uint32Array {
  const count = given.length;
  const ends = new Uint32Array(count);
  for (let start = 0; start < count; start += JOINED_MAX) {
    const stop = Math.min(start + JOINED_MAX, count);
    const before = names.length;
    let joined = "";
    for (let index = start; index < stop; index += 1) {
      const text = requireText(given[index], index, field);
      joined += text;
      ends[index] = before + joined.length;
    }
    names.grow(joined.length);
    if (!names.asciiOnly(joined)) {
      writeEach(names, joined, ends, start, stop, field);
    }
  }
  return ends;
}

/** Some text is longer in UTF-8 than in characters, so each is encoded by itself. */
function writeEach(
  names: Sheet,
  joined: string,
  ends: Uint32Array,
  start: number,
  stop: number,
  field: string,
): void {
  const before = names.length;
  names.grow(textRoom(joined));
  let from = 0;
  for (let index = start; index < stop; index += 1) {
    const to = (ends[index] ?? 0) - before;
    try {
      names.utf8(joined.slice(from, to), field);
    } catch (error) {
      throw atEvent(error, index);
    }
    ends[index] = names.length;
    from = to;
  }
}
