/**
 * The notations of ordinals: the revisions and positions of common systems as one integer each.
 * @module
 */

import { invalidEvent } from "./errors.js";
import { kindOf } from "./event.js";
import { notation } from "./instance.js";

function read(kind: string, text: unknown): bigint {
  if (typeof text !== "string") {
    throw invalidEvent(`${kind} must be a string, not ${kindOf(text)}`);
  }
  return BigInt(notation(kind, text));
}

function isoText(value: unknown): unknown {
  try {
    return Date.prototype.toISOString.call(value);
  } catch {
    return value;
  }
}

/**
 * Turns what a system calls a revision or position into an ordinal that keeps its order.
 *
 * Each throws `invalid_event` for a text that is not in its notation, and `invalid_option` where the
 * WebAssembly module has to be loaded (`onceward/external` in a browser) and is not: see `ready`.
 *
 * @example
 * ```ts
 * gate.check({ entity: row.key, revision: ordinal.hlc(row.updated) });       // CockroachDB
 * gate.check({ source: "wal", position: ordinal.lsn("16/B374D848") });       // PostgreSQL
 * gate.check({ source: "stream", position: ordinal.redis("1526919030474-55") });
 * ```
 */
export const ordinal = {
  /** A hybrid logical clock, `"1701102296662969433.0000000001"`. */
  hlc: (text: string): bigint => read("hlc", text),
  /** A PostgreSQL log sequence number, `"16/B374D848"`. */
  lsn: (text: string): bigint => read("lsn", text),
  /** A Redis stream id, `"1526919030474-55"`. */
  redis: (id: string): bigint => read("redis", id),
  /** An ISO-8601 time with a zone, or a Date. */
  time: (value: string | Date): bigint => read("time", isoText(value)),
  /** A ULID. */
  ulid: (text: string): bigint => read("ulid", text),
  /** A UUID of version 7. */
  uuid7: (text: string): bigint => read("uuid7", text),
} as const;
