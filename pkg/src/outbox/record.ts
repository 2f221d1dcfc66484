/**
 * Changes of items as bytes, for storages that keep bytes.
 *
 * A record is a u8 for the layout, a u32 with the length of a JSON text, that text, and the bodies
 * that it names, one after the other. All little-endian.
 * @module
 */

import { OncewardError } from "../errors.js";
import { type Item, readItem } from "./item.js";

const LAYOUT = 1;
const HEAD_BYTES = 5;

/** An item with its bodies. */
export interface Kept {
  readonly item: Item;
  readonly request: Uint8Array | undefined;
  readonly answer: Uint8Array | undefined;
}

/** What happened to one number: it is this item now, or none any more. */
export type Entry =
  | {
      readonly number: number;
      readonly item: Item;
      /** Absent where the body stays what it was, null where there is none any more. */
      readonly request?: Uint8Array | null | undefined;
      readonly answer?: Uint8Array | null | undefined;
    }
  | { readonly number: number; readonly item?: undefined };

/** A record that was read. */
export interface Recorded {
  /** The number that the next item gets. */
  readonly next: number;
  readonly entries: readonly Entry[];
}

/** What stands in the text for a body. */
type Length = number | null | undefined;

interface Line {
  readonly number: number;
  readonly item?: Item | undefined;
  readonly request?: Length;
  readonly answer?: Length;
}

function lengthOf(body: Uint8Array | null | undefined): Length {
  return body?.length ?? (body as null | undefined);
}

/** Writes a record down. */
export function encodeRecord({ next, entries }: Recorded): Uint8Array {
  const bodies: Uint8Array[] = [];
  const lines = entries.map((entry): Line => {
    if (entry.item === undefined) {
      return { number: entry.number };
    }
    const { number, item, request, answer } = entry;
    bodies.push(...[request, answer].filter((body) => body instanceof Uint8Array));
    return { number, item, request: lengthOf(request), answer: lengthOf(answer) };
  });
  const text = new TextEncoder().encode(JSON.stringify({ next, lines }));
  const length = bodies.reduce((sum, body) => sum + body.length, HEAD_BYTES + text.length);
  const bytes = new Uint8Array(length);
  bytes[0] = LAYOUT;
  new DataView(bytes.buffer).setUint32(1, text.length, true);
  bytes.set(text, HEAD_BYTES);
  let offset = HEAD_BYTES + text.length;
  for (const body of bodies) {
    bytes.set(body, offset);
    offset += body.length;
  }
  return bytes;
}

/**
 * Reads a record.
 *
 * @throws {OncewardError} `corrupt`; `unsupported_version` where a later release has written it.
 */
export function decodeRecord(bytes: Uint8Array): Recorded {
  if (bytes[0] !== LAYOUT && bytes[0] !== undefined) {
    throw new OncewardError("unsupported_version", "a later release has written this outbox");
  }
  try {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const end = HEAD_BYTES + view.getUint32(1, true);
    const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes.subarray(HEAD_BYTES, end));
    const { next, lines } = JSON.parse(text) as { next: number; lines: readonly Line[] };
    return { next: readCount(next), entries: readLines(lines, bytes.subarray(end)) };
  } catch (cause) {
    throw new OncewardError("corrupt", "a record of the outbox cannot be read", { cause });
  }
}

function readCount(value: number): number {
  if (!Number.isSafeInteger(value) || value < 0) {
    throw new RangeError("not a count");
  }
  return value;
}

function readLines(lines: readonly Line[], bodies: Uint8Array): readonly Entry[] {
  let offset = 0;
  const take = (length: Length): Uint8Array | null | undefined => {
    if (typeof length !== "number") {
      return length;
    }
    const start = offset;
    offset += readCount(length);
    if (offset > bodies.length) {
      throw new RangeError("a body is cut short");
    }
    // A copy, so that no body keeps the whole record in memory.
    return new Uint8Array(bodies.subarray(start, offset));
  };
  const entries = lines.map(({ number, item, request, answer }): Entry => {
    if (item === undefined) {
      return { number: readCount(number) };
    }
    return {
      number: readCount(number),
      item: readItem(item),
      request: take(request),
      answer: take(answer),
    };
  });
  if (offset !== bodies.length) {
    throw new RangeError("there is more than the record names");
  }
  return entries;
}

/** What is kept after an entry, of what was there before it. */
export function applied(before: Kept | undefined, entry: Entry): Kept | undefined {
  if (entry.item === undefined) {
    return undefined;
  }
  const { item, request, answer } = entry;
  return {
    item,
    request: request === undefined ? before?.request : (request ?? undefined),
    answer: answer === undefined ? before?.answer : (answer ?? undefined),
  };
}
