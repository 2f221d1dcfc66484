/**
 * Writes events and texts as the bytes that the core reads.
 *
 * A frame is a u16 of flags and then each field whose bit is set, in the order of the bits, all
 * little-endian. A text is a u32 length and UTF-8; an ordinal is a tag and a u64, or a tag and a
 * text.
 * @module
 */

import { invalidEvent, OncewardError } from "./errors.js";

const SCOPE = 1 << 0;
const ID = 1 << 1;
const ENTITY = 1 << 2;
const SOURCE = 1 << 3;
const REVISION = 1 << 4;
const POSITION = 1 << 5;
const EPOCH = 1 << 6;
const CONTENT = 1 << 7;
const TIME = 1 << 8;
const TIME_TEXT = 1 << 9;

const ORDINAL_U64 = 0;
const ORDINAL_TEXT = 1;

/** One more than what a u64 holds. */
export const U64_END = 1n << 64n;
const U32_SIZE = 2 ** 32;

/**
 * The most bytes of one call. Below it, sizes and offsets stay far from the end of wasm's 32 bits.
 */
const CALL_BYTES_MAX = 2 ** 30;

/** Up to here a loop over the characters is quicker than a call of the encoder. */
const SHORT_TEXT_LENGTH_MAX = 17;

/** As a bigint here is below 10^129. */
const BIGINT_DIGITS_MAX = 129;

/** A character of UTF-16 takes at most this many bytes of UTF-8. */
const UTF8_BYTES_PER_UNIT = 3;

/** Content that was reduced to bytes: the caller's own, or the canonical text of JSON. */
export interface ContentBytes {
  readonly json: boolean;
  readonly bytes: Uint8Array;
}

/**
 * The fields of one event, read and checked for their JavaScript types; absent ones are undefined.
 */
export interface Fields {
  scope: string | undefined;
  id: string | undefined;
  entity: string | undefined;
  source: string | undefined;
  /** A number is a safe integer here, a bigint is below 10^129, and neither is negative. */
  revision: number | bigint | string | undefined;
  position: number | bigint | string | undefined;
  epoch: number | bigint | string | undefined;
  content: ContentBytes | undefined;
  time: number | string | undefined;
}

/** An event without any field. */
export const NO_FIELDS: Fields = {
  scope: undefined,
  id: undefined,
  entity: undefined,
  source: undefined,
  revision: undefined,
  position: undefined,
  epoch: undefined,
  content: undefined,
  time: undefined,
};

// Made at the first use, since nothing happens at import time.
let encoder: TextEncoder | undefined;

/** Refuses a call whose bytes would be too many to hand over. */
export function limitCallBytes(bytes: number): number {
  if (bytes > CALL_BYTES_MAX) {
    throw new OncewardError("capacity", `one call may carry ${CALL_BYTES_MAX} bytes, not ${bytes}`);
  }
  return bytes;
}

/** Whether a text has no lone surrogate; each would become U+FFFD, and different texts the same. */
function isWellFormed(text: string): boolean {
  const native: unknown = Reflect.get(String.prototype, "isWellFormed");
  return typeof native === "function" ? native.call(text) === true : !/[\uD800-\uDFFF]/u.test(text);
}

/** Throws when a text has a lone surrogate; `name` is what the message calls it. */
export function requireWellFormed(text: string, name: string): void {
  if (!isWellFormed(text)) {
    throw invalidEvent(`${name} has a lone surrogate, which UTF-8 cannot express`);
  }
}

/** Returns room that is enough for the text in UTF-8. */
export function textRoom(text: string): number {
  return text.length * UTF8_BYTES_PER_UNIT;
}

function textFieldRoom(text: string | undefined): number {
  return text === undefined ? 0 : 4 + textRoom(text);
}

function ordinalRoom(value: number | bigint | string | undefined): number {
  if (typeof value === "string") {
    return 5 + textRoom(value);
  }
  if (typeof value === "bigint") {
    return 5 + BIGINT_DIGITS_MAX;
  }
  return value === undefined ? 0 : 9;
}

/** Returns room that is enough for the event's frame. */
export function frameRoom(fields: Fields): number {
  const { content, time } = fields;
  return (
    2 +
    textFieldRoom(fields.scope) +
    textFieldRoom(fields.id) +
    textFieldRoom(fields.entity) +
    textFieldRoom(fields.source) +
    ordinalRoom(fields.revision) +
    ordinalRoom(fields.position) +
    ordinalRoom(fields.epoch) +
    (content === undefined ? 0 : 5 + content.bytes.length) +
    (typeof time === "string" ? textFieldRoom(time) : 8)
  );
}

/**
 * Bytes that are being written, from the start of an array.
 *
 * A sheet over the core's memory has the room that was reserved for it; one of our own grows.
 */
export class Sheet {
  /** How many bytes are written. */
  length = 0;

  #bytes: Uint8Array;
  #view: DataView;
  // Frames of one kind have their text at one place, so this view is mostly the right one.
  #tail: Uint8Array;
  #tailStart = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#tail = bytes;
  }

  /** How many bytes there is room for; 0 when the memory below it has grown and moved. */
  get room(): number {
    return this.#bytes.length;
  }

  /** Returns what is written, as a view. */
  written(): Uint8Array {
    return this.#bytes.subarray(0, this.length);
  }

  /** Makes room for that many bytes more; only for a sheet of our own. */
  grow(bytes: number): void {
    const needed = limitCallBytes(this.length + bytes);
    if (needed > this.room) {
      const larger = new Uint8Array(Math.max(needed, this.room * 2));
      larger.set(this.written());
      this.#bytes = larger;
      this.#view = new DataView(larger.buffer);
      this.#tail = larger;
      this.#tailStart = 0;
    }
  }

  /** Writes bytes as they are. */
  raw(bytes: Uint8Array): void {
    this.#bytes.set(bytes, this.length);
    this.length += bytes.length;
  }

  /** Writes zeros up to a multiple of 8. */
  pad(): void {
    const end = Math.ceil(this.length / 8) * 8;
    this.#bytes.fill(0, this.length, end);
    this.length = end;
  }

  /** Writes a text in UTF-8 without its length, and returns how many bytes it took. */
  utf8(text: string, name: string): number {
    const start = this.length;
    const written = this.#ascii(text) ?? this.#encode(text, name);
    this.length = start + written;
    return written;
  }

  /**
   * Writes texts that are already joined, if they are all ASCII; else returns false.
   * Then their lengths in characters are their lengths in bytes. It needs room for these only.
   */
  asciiOnly(text: string): boolean {
    const end = this.length + text.length;
    encoder ??= new TextEncoder();
    const { read, written } = encoder.encodeInto(text, this.#bytes.subarray(this.length, end));
    const ascii = read === text.length && written === text.length;
    if (ascii) {
      this.length = end;
    }
    return ascii;
  }

  /** Writes a number that fits a u64. */
  u64(value: number | bigint): void {
    if (typeof value === "number") {
      this.#view.setUint32(this.length, value, true);
      this.#view.setUint32(this.length + 4, value / U32_SIZE, true);
    } else {
      this.#view.setBigUint64(this.length, value, true);
    }
    this.length += 8;
  }

  /** Writes one event. There must be the room that `frameRoom` says. */
  event(fields: Fields): void {
    const start = this.length;
    this.length += 2;
    const flags =
      this.#text(SCOPE, fields.scope, "scope") |
      this.#text(ID, fields.id, "id") |
      this.#text(ENTITY, fields.entity, "entity") |
      this.#text(SOURCE, fields.source, "source") |
      this.#ordinal(REVISION, fields.revision, "revision") |
      this.#ordinal(POSITION, fields.position, "position") |
      this.#ordinal(EPOCH, fields.epoch, "epoch") |
      this.#content(fields.content) |
      this.#time(fields.time);
    this.#view.setUint16(start, flags, true);
  }

  /** Writes a text that is short and all ASCII; else undefined, and nothing counts as written. */
  #ascii(text: string): number | undefined {
    const length = text.length;
    if (length > SHORT_TEXT_LENGTH_MAX) {
      return undefined;
    }
    const bytes = this.#bytes;
    const start = this.length;
    for (let index = 0; index < length; index += 1) {
      const unit = text.charCodeAt(index);
      if (unit > 0x7f) {
        return undefined;
      }
      bytes[start + index] = unit;
    }
    return length;
  }

  #encode(text: string, name: string): number {
    if (this.#tailStart !== this.length) {
      this.#tail = this.#bytes.subarray(this.length);
      this.#tailStart = this.length;
    }
    encoder ??= new TextEncoder();
    const { written } = encoder.encodeInto(text, this.#tail);
    // As many bytes as characters is all ASCII, where there are no surrogates.
    if (written !== text.length) {
      requireWellFormed(text, name);
    }
    return written;
  }

  #text(flag: number, text: string | undefined, name: string): number {
    if (text === undefined) {
      return 0;
    }
    const start = this.length;
    this.length += 4;
    this.#view.setUint32(start, this.utf8(text, name), true);
    return flag;
  }

  #ordinal(flag: number, value: number | bigint | string | undefined, name: string): number {
    if (value === undefined) {
      return 0;
    }
    const isShort = typeof value === "number" || (typeof value === "bigint" && value < U64_END);
    this.#view.setUint8(this.length, isShort ? ORDINAL_U64 : ORDINAL_TEXT);
    this.length += 1;
    if (isShort) {
      this.u64(value);
    } else {
      this.#text(flag, String(value), name);
    }
    return flag;
  }

  #content(content: ContentBytes | undefined): number {
    if (content === undefined) {
      return 0;
    }
    const start = this.length;
    this.#view.setUint32(start, content.bytes.length + 1, true);
    this.#view.setUint8(start + 4, content.json ? 1 : 0);
    this.length += 5;
    this.raw(content.bytes);
    return CONTENT;
  }

  #time(time: number | string | undefined): number {
    if (typeof time === "number") {
      this.#view.setFloat64(this.length, time, true);
      this.length += 8;
      return TIME;
    }
    return this.#text(TIME_TEXT, time, "time");
  }
}
