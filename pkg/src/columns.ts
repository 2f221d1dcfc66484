/**
 * Columns: many events of one kind, handed to the core as a few long arrays.
 *
 * As with single events, everything is read, and the clock too, before any byte is written.
 * @module
 */

import { appendFields, atEvent, judgeBatch } from "./batch.js";
import type { CoreGate } from "./core.js";
import { invalidEvent, ofEvent } from "./errors.js";
import { isBigUint64Array, isFloat64Array, kindOf, readOrdinal, readText } from "./event.js";
import { type Fields, limitCallBytes, Sheet, textRoom, U64_END } from "./frame.js";
import { readNow, takeOptions } from "./options.js";

/** A column of ordinals: as u64 when all of them fit, else each as it was given. */
type Ordinals = BigUint64Array | readonly (number | bigint | string)[];

type Scope = string | undefined;

/** How much of the scratch the texts at its start and at its end take. */
interface Placed {
  readonly scope: number;
  readonly texts: number;
}

const PADDING_MAX = 7;
const U32_SIZE = 2 ** 32;

const NO_FIELDS: Fields = {
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

function requireArray(value: unknown, name: string): readonly unknown[] {
  if (!Array.isArray(value)) {
    throw invalidEvent(`${name} must be an array, not ${kindOf(value)}`);
  }
  return value;
}

function requireLength(name: string, length: number, expected: number): void {
  if (length !== expected) {
    throw invalidEvent(`${name} has ${length} items where ${expected} are needed`);
  }
}

/** Reads each item of a column of texts once. */
function readTexts(value: unknown, name: string, field: string): string[] {
  const given = requireArray(value, name);
  const texts: string[] = [];
  const count = given.length;
  for (let index = 0; index < count; index += 1) {
    const text = given[index];
    if (typeof text !== "string") {
      throw invalidEvent(ofEvent(index, `${field} must be a string, not ${kindOf(text)}`));
    }
    texts.push(text);
  }
  return texts;
}

/** Copies a column of times into doubles; the core judges their range. */
function readTimes(value: unknown, count: number): Float64Array | undefined {
  if (value === undefined) {
    return undefined;
  }
  const given = isFloat64Array(value) ? value : requireArray(value, "times");
  requireLength("times", given.length, count);
  return Float64Array.from({ length: count }, (_, index) => {
    const time = given[index];
    if (typeof time !== "number") {
      throw invalidEvent(ofEvent(index, `time must be a number, not ${kindOf(time)}`));
    }
    return time;
  });
}

/** Reads each item of a column of ordinals once. */
function readOrdinals(value: unknown, name: string, field: string, expected?: number): Ordinals {
  if (isBigUint64Array(value)) {
    requireLength(name, value.length, expected ?? value.length);
    return BigUint64Array.from(value);
  }
  const given = requireArray(value, name);
  const count = given.length;
  requireLength(name, count, expected ?? count);
  const ordinals: (number | bigint | string)[] = [];
  let allFit = true;
  let index = 0;
  try {
    for (; index < count; index += 1) {
      const ordinal = readOrdinal(given[index], field);
      if (ordinal === undefined) {
        throw invalidEvent(`${field} is missing`);
      }
      allFit &&= typeof ordinal === "number" || (typeof ordinal === "bigint" && ordinal < U64_END);
      ordinals.push(ordinal);
    }
  } catch (error) {
    throw atEvent(error, index);
  }
  return allFit ? packU64(ordinals) : ordinals;
}

/** Packs safe integers and bigints below 2^64. */
function packU64(ordinals: readonly (number | bigint | string)[]): BigUint64Array {
  const packed = new BigUint64Array(ordinals.length);
  const halves = new Uint32Array(packed.buffer);
  ordinals.forEach((ordinal, index) => {
    if (typeof ordinal === "number") {
      // Split without making a bigint of it, which would be one allocation each.
      halves[index * 2] = ordinal;
      halves[index * 2 + 1] = ordinal / U32_SIZE;
    } else {
      packed[index] = BigInt(ordinal);
    }
  });
  return packed;
}

function bytesOf(array: ArrayBufferView): Uint8Array {
  return new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
}

/**
 * Puts a scope, some columns of numbers and a column of texts into the scratch.
 * `numbers` is given the column of the texts' ends and returns all columns in their order.
 */
function place(
  core: CoreGate,
  scope: Scope,
  texts: readonly string[],
  field: string,
  numbers: (ends: Uint32Array) => readonly ArrayBufferView[],
): Placed {
  const joined = texts.join("");
  const ends = new Uint32Array(texts.length);
  const columns = numbers(ends);
  const room = columns.reduce(
    (sum, { byteLength }) => sum + byteLength + PADDING_MAX,
    textRoom(scope ?? "") + PADDING_MAX,
  );
  const start = (textBytes: number): { sheet: Sheet; scopeBytes: number } => {
    const sheet = core.scratch(room + textBytes);
    const scopeBytes = sheet.utf8(scope ?? "", "scope");
    sheet.pad();
    for (const column of columns) {
      sheet.raw(bytesOf(column));
      sheet.pad();
    }
    return { sheet, scopeBytes };
  };

  let end = 0;
  for (let index = 0; index < ends.length; index += 1) {
    end += texts[index]?.length ?? 0;
    ends[index] = end;
  }
  const ascii = start(joined.length);
  if (ascii.sheet.asciiOnly(joined)) {
    return { scope: ascii.scopeBytes, texts: joined.length };
  }

  // Some text is longer in UTF-8 than in characters, so each is encoded by itself.
  const encoded = new Sheet(new Uint8Array(limitCallBytes(textRoom(joined))));
  let index = 0;
  try {
    for (; index < ends.length; index += 1) {
      encoded.utf8(texts[index] ?? "", field);
      ends[index] = encoded.length;
    }
  } catch (error) {
    throw atEvent(error, index);
  }
  const { sheet, scopeBytes } = start(encoded.length);
  sheet.raw(encoded.written());
  return { scope: scopeBytes, texts: encoded.length };
}

/** Judges a column of ids. */
export function judgeIds(
  core: CoreGate,
  clock: () => number,
  ids: unknown,
  options: unknown,
): Uint8Array {
  core.live();
  const given = takeOptions(options, "the options of checkIds", ["scope", "times"]);
  const scope = readText(given.scope, "scope");
  const texts = readTexts(ids, "ids", "id");
  const times = readTimes(given.times, texts.length);
  const now = readNow(clock);
  const placed = place(core, scope, texts, "id", (ends) =>
    times === undefined ? [ends] : [ends, times],
  );
  return core.checkIds(placed.scope, texts.length, placed.texts, times !== undefined, now);
}

/** Judges a column of entities with a column of revisions. */
export function judgeRevisions(
  core: CoreGate,
  clock: () => number,
  entities: unknown,
  revisions: unknown,
  options: unknown,
): Uint8Array {
  core.live();
  const given = takeOptions(options, "the options of checkRevisions", ["scope"]);
  const scope = readText(given.scope, "scope");
  const texts = readTexts(entities, "entities", "entity");
  const ordinals = readOrdinals(revisions, "revisions", "revision", texts.length);
  if (!(ordinals instanceof BigUint64Array)) {
    return judgeBatch(core, clock, (batch) => {
      texts.forEach((entity, index) => {
        const revision = ordinals[index];
        appendFields(batch, { ...NO_FIELDS, scope, entity, revision }, index);
      });
      return texts.length;
    });
  }
  const now = readNow(clock);
  const placed = place(core, scope, texts, "entity", (ends) => [ordinals, ends]);
  return core.checkRevisions(placed.scope, texts.length, placed.texts, now);
}

/** Judges a column of positions of one source. */
export function judgePositions(
  core: CoreGate,
  clock: () => number,
  source: unknown,
  positions: unknown,
  options: unknown,
): Uint8Array {
  core.live();
  const given = takeOptions(options, "the options of checkPositions", ["scope", "epoch"]);
  const scope = readText(given.scope, "scope");
  const epoch = readOrdinal(given.epoch, "epoch");
  if (typeof source !== "string") {
    throw invalidEvent(`source must be a string, not ${kindOf(source)}`);
  }
  const ordinals = readOrdinals(positions, "positions", "position");
  if (!(ordinals instanceof BigUint64Array)) {
    return judgeBatch(core, clock, (batch) => {
      ordinals.forEach((position, index) => {
        appendFields(batch, { ...NO_FIELDS, scope, source, position, epoch }, index);
      });
      return ordinals.length;
    });
  }
  const now = readNow(clock);
  const sheet = core.scratch(
    textRoom(scope ?? "") + textRoom(source) + PADDING_MAX + ordinals.byteLength,
  );
  const scopeBytes = sheet.utf8(scope ?? "", "scope");
  const sourceBytes = sheet.utf8(source, "source");
  sheet.pad();
  sheet.raw(bytesOf(ordinals));
  return core.checkPositions(scopeBytes, sourceBytes, String(epoch ?? 0), ordinals.length, now);
}
