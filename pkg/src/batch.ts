/**
 * Batches: events written one after the other into a buffer of our own, and judged all at once.
 * @module
 */

import type { CoreGate } from "./core.js";
import { OncewardError, ofEvent } from "./errors.js";
import { readEvent } from "./event.js";
import { type Fields, frameRoom, Sheet } from "./frame.js";
import { readNow } from "./options.js";

const SHEET_BYTES = 4096;

/** A larger buffer is not kept for the next batch. */
const KEPT_SHEET_BYTES_MAX = 1024 * 1024;

// Several, since a getter or `identify` may judge another batch while one is being written.
const freeSheets: Sheet[] = [];

/** Says in which event of a batch an error of ours is; others stay as they are. */
export function atEvent(error: unknown, index: number): unknown {
  return error instanceof OncewardError
    ? new OncewardError(error.code, ofEvent(index, error.message), { cause: error.cause })
    : error;
}

/** Writes one event's fields at the end of a batch. */
export function appendFields(batch: Sheet, fields: Fields, index: number): void {
  try {
    batch.grow(frameRoom(fields));
    batch.event(fields);
  } catch (error) {
    throw atEvent(error, index);
  }
}

/** Reads an event and writes it at the end of a batch. */
export function appendEvent(batch: Sheet, event: unknown, index: number): void {
  let fields: Fields;
  try {
    fields = readEvent(event);
  } catch (error) {
    throw atEvent(error, index);
  }
  appendFields(batch, fields, index);
}

/**
 * Judges a batch: `write` puts all events into it and returns how many there are.
 * Whatever `write` or the clock throws passes, and nothing was changed.
 */
export function judgeBatch(
  core: CoreGate,
  clock: () => number,
  write: (batch: Sheet) => number,
): Uint8Array {
  core.live();
  const batch = freeSheets.pop() ?? new Sheet(new Uint8Array(SHEET_BYTES));
  try {
    batch.length = 0;
    const count = write(batch);
    const now = readNow(clock);
    core.scratch(batch.length).raw(batch.written());
    return core.checkAll(batch.length, count, now);
  } finally {
    if (batch.room <= KEPT_SHEET_BYTES_MAX) {
      freeSheets.push(batch);
    }
  }
}
