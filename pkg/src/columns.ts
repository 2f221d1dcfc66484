/**
 * Columns: many events of one kind, handed to the core as a few long arrays.
 *
 * As with single events, everything is read, and the clock too, before any byte is written.
 * @module
 */

import { judgeBatch, placeColumns, withSheet } from "./batch.js";
import type { CoreGate } from "./core.js";
import { atEvent, invalidEvent, ofEvent } from "./errors.js";
import { isBigUint64Array, isFloat64Array, kindOf, readOrdinal, readText } from "./event.js";
import { NO_FIELDS, textRoom, U64_END } from "./frame.js";
import { requireText, writeNames } from "./names.js";
import { readNow, takeOptions } from "./options.js";

/** A column of ordinals: as u64 when all of them fit, else each as it was given. */
type Ordinals = BigUint64Array | readonly (number | bigint | string)[];

const PADDING_MAX = 7;
const U32_SIZE = 2 ** 32;

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
  const packed = new BigUint64Array(count);
  const halves = new Uint32Array(packed.buffer);
  for (let index = 0; index < count; index += 1) {
    const ordinal = given[index];
    if (typeof ordinal === "number" && ordinal >= 0 && Number.isSafeInteger(ordinal)) {
      // Split without making a bigint of it, which would be one allocation each.
      halves[index * 2] = ordinal;
      halves[index * 2 + 1] = ordinal / U32_SIZE;
    } else if (typeof ordinal === "bigint" && ordinal >= 0n && ordinal < U64_END) {
      packed[index] = ordinal;
    } else {
      return readOthers(given, count, packed.subarray(0, index), ordinal, field);
    }
  }
  return packed;
}

/** Reads on from the first ordinal that is no u64. */
function readOthers(
  given: readonly unknown[],
  count: number,
  before: BigUint64Array,
  first: unknown,
  field: string,
): readonly (number | bigint | string)[] {
  const ordinals: (number | bigint | string)[] = Array.from(before);
  for (let index = before.length; index < count; index += 1) {
    try {
      const ordinal = readOrdinal(index === before.length ? first : given[index], field);
      if (ordinal === undefined) {
        throw invalidEvent(`${field} is missing`);
      }
      ordinals.push(ordinal);
    } catch (error) {
      throw atEvent(error, index);
    }
  }
  return ordinals;
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
  const scope = readText(given.scope, "scope") ?? "";
  return withSheet((names) => {
    const ends = writeNames(names, requireArray(ids, "ids"), "id");
    const times = readTimes(given.times, ends.length);
    const now = readNow(clock);
    const columns = times === undefined ? [ends] : [ends, times];
    const scopeBytes = placeColumns(core, scope, columns, names);
    return core.checkIds(scopeBytes, ends.length, names.length, times !== undefined, now);
  });
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
  const named = requireArray(entities, "entities");
  const ordinals = readOrdinals(revisions, "revisions", "revision", named.length);
  if (!(ordinals instanceof BigUint64Array)) {
    return judgeBatch(core, clock, (batch) => {
      ordinals.forEach((revision, index) => {
        const entity = requireText(named[index], index, "entity");
        batch.add({ ...NO_FIELDS, scope, entity, revision });
      });
    });
  }
  return withSheet((names) => {
    const ends = writeNames(names, named, "entity");
    requireLength("entities", ends.length, ordinals.length);
    const now = readNow(clock);
    const scopeBytes = placeColumns(core, scope ?? "", [ordinals, ends], names);
    return core.checkRevisions(scopeBytes, ends.length, names.length, now);
  });
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
      for (const position of ordinals) {
        batch.add({ ...NO_FIELDS, scope, source, position, epoch });
      }
    });
  }
  const now = readNow(clock);
  const sheet = core.scratch(
    textRoom(scope ?? "") + textRoom(source) + PADDING_MAX + ordinals.byteLength,
  );
  const scopeBytes = sheet.utf8(scope ?? "", "scope");
  const sourceBytes = sheet.utf8(source, "source");
  sheet.pad();
  sheet.raw(new Uint8Array(ordinals.buffer, ordinals.byteOffset, ordinals.byteLength));
  return core.checkPositions(scopeBytes, sourceBytes, String(epoch ?? 0), ordinals.length, now);
}
