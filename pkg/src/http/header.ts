/**
 * The Idempotency-Key header: an Item whose value is a String (RFC 9651, 3.3.3), read and written.
 * @module
 */

import { invalidEvent } from "../errors.js";

/** The name of the header, unless an option says otherwise. */
export const KEY_HEADER = "Idempotency-Key";

/** The most characters of a key: as many bytes, since all of them are ASCII. */
export const KEY_LENGTH_MAX = 255;

/**
 * The most characters of the header: every one of the key may be escaped, and there are parameters.
 */
const HEADER_LENGTH_MAX = 1024;

const STRING = String.raw`"(?:[ !#-[\]-~]|\\["\\])*"`;
const BARE_ITEM = [
  STRING,
  String.raw`-?\d{1,12}\.\d{1,3}(?!\d)`,
  String.raw`-?\d{1,15}(?![\d.])`,
  String.raw`[A-Za-z*][!#$%&'*+\-.^_|~:/\w\x60]*`,
  ":[A-Za-z0-9+/]*={0,2}:",
  String.raw`\?[01]`,
  String.raw`@-?\d{1,15}(?![\d.])`,
  '%"(?:[ !#$&-~]|%[0-9a-f]{2})*"',
].join("|");
const PARAMETER = String.raw`; *[a-z*][a-z0-9_\-.*]*(?:=(?:${BARE_ITEM}))?`;

/** A token or an unquoted UUID: what most clients send, and no Structured Field of type String. */
const BARE = /^[!#-+\--:<-[\]-~]+$/;

/** How strictly a key is read. */
export interface KeyReading {
  /** Whether the value must be a String, in quotes. */
  readonly strict: boolean;
}

/**
 * Reads an Item whose value is a String, as RFC 9651 (4.2) says; undefined when it is none.
 * Parameters must be well-formed, and mean nothing here.
 */
export function parseString(field: string): string | undefined {
  // Made at each use: a request has one such header, and nothing happens at import time.
  const item = new RegExp(`^ *(${STRING})(?:${PARAMETER})* *$`);
  const [, quoted] = item.exec(field) ?? [];
  return quoted?.slice(1, -1).replace(/\\(["\\])/g, "$1");
}

/**
 * Reads a key from its header; undefined when it is malformed, empty or too long.
 *
 * A request with two such headers comes with both in one text, separated by a comma, which neither
 * form allows outside of quotes.
 */
export function parseKey(field: string, { strict }: KeyReading): string | undefined {
  if (field.length > HEADER_LENGTH_MAX) {
    return undefined;
  }
  const bare = !strict && BARE.test(field) ? field : undefined;
  const key = parseString(field) ?? bare;
  return key === undefined || key === "" || key.length > KEY_LENGTH_MAX ? undefined : key;
}

/**
 * Writes the value of an Idempotency-Key header: the id in quotes, as the draft wants it.
 *
 * @throws {OncewardError} `invalid_event` unless the id has 1 to 255 printable ASCII characters.
 *
 * @example
 * ```ts
 * const headers = { "Idempotency-Key": idempotencyKey(crypto.randomUUID()) };
 * ```
 */
export function idempotencyKey(id: string): string {
  if (typeof id !== "string" || id.length > KEY_LENGTH_MAX || !/^[ -~]+$/.test(id)) {
    throw invalidEvent(`a key must have 1 to ${KEY_LENGTH_MAX} printable ASCII characters`);
  }
  return `"${id.replace(/["\\]/g, "\\$&")}"`;
}
