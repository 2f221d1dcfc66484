/**
 * Batches: events written one after the other into a buffer of our own, and judged all at once.
 * @module
 */

import type { CoreGate } from "./core.js";
import type { CoreStage } from "./coretypes.js";
import { atEvent } from "./errors.js";
import { readEvent } from "./event.js";
import { type Fields, frameRoom, NO_FIELDS, Sheet, textRoom } from "./frame.js";
import { writeNames } from "./names.js";
import { readNow } from "./options.js";
import { isKeyAlone } from "./single.js";

const SHEET_BYTES = 4096;
const PADDING_MAX = 7;

/** A larger buffer is not kept for the next batch. */
const KEPT_SHEET_BYTES_MAX = 1024 * 1024;

// Several, since a getter or `identify` may judge another batch while one is being written.
const freeSheets: Sheet[] = [];

/** Lends an empty buffer of our own. */
export function withSheet<T>(use: (sheet: Sheet) => T): T {
  const sheet = freeSheets.pop() ?? new Sheet(new Uint8Array(SHEET_BYTES));
  try {
    sheet.length = 0;
    return use(sheet);
  } finally {
    if (sheet.room <= KEPT_SHEET_BYTES_MAX) {
      freeSheets.push(sheet);
    }
  }
}

function bytesOf(array: ArrayBufferView): Uint8Array {
  return new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
}

/**
 * Puts a scope, some columns of numbers and a column of texts into the scratch; returns how many
 * bytes the scope took.
 */
export function placeColumns(
  core: CoreGate,
  scope: string,
  columns: readonly ArrayBufferView[],
  names: Sheet,
): number {
  const room = columns.reduce(
    (sum, { byteLength }) => sum + byteLength + PADDING_MAX,
    textRoom(scope) + PADDING_MAX,
  );
  const sheet = core.scratch(room + names.length);
  const scopeBytes = sheet.utf8(scope, "scope");
  sheet.pad();
  for (const column of columns) {
    sheet.raw(bytesOf(column));
    sheet.pad();
  }
  sheet.raw(names.written());
  return scopeBytes;
}

/**
 * The events of one batch, in their order.
 *
 * As long as all of them are keys of one scope and nothing else, they are kept as a column, which
 * is quicker to hand over; from the first that is not, each has a frame.
 */
export class Batch {
  /** How many events there are. */
  count = 0;

  readonly #sheet: Sheet;
  #ids: string[] | undefined = [];
  #scope: string | undefined;

  constructor(sheet: Sheet) {
    this.#sheet = sheet;
  }

  /** Reads an event and adds it. */
  addEvent(event: unknown): void {
    let fields: Fields;
    try {
      fields = readEvent(event);
    } catch (error) {
      throw atEvent(error, this.count);
    }
    this.add(fields);
  }

  /** Adds an event. */
  add(fields: Fields): void {
    const { scope, id } = fields;
    if (this.#ids !== undefined) {
      this.#scope = this.count === 0 ? scope : this.#scope;
      if (id !== undefined && scope === this.#scope && isKeyAlone(fields)) {
        this.#ids.push(id);
        this.count += 1;
        return;
      }
      this.#frameIds(this.#ids);
      this.#ids = undefined;
    }
    this.#frame(fields, this.count);
    this.count += 1;
  }

  /** Judges them all. */
  judge(core: CoreGate, now: number): Uint8Array {
    const sheet = this.#sheet;
    if (this.#ids !== undefined) {
      const ends = writeNames(sheet, this.#ids, "id");
      const scopeBytes = placeColumns(core, this.#scope ?? "", [ends], sheet);
      return core.checkIds(scopeBytes, this.count, sheet.length, false, now);
    }
    core.scratch(sheet.length).raw(sheet.written());
    return core.checkAll(sheet.length, this.count, now);
  }

  /** Judges them all, to be recorded later. */
  stage(core: CoreGate, now: number): CoreStage {
    if (this.#ids !== undefined) {
      this.#frameIds(this.#ids);
      this.#ids = undefined;
    }
    core.scratch(this.#sheet.length).raw(this.#sheet.written());
    return core.stage(this.#sheet.length, this.count, now);
  }

  #frameIds(ids: readonly string[]): void {
    const scope = this.#scope;
    ids.forEach((id, index) => {
      this.#frame({ ...NO_FIELDS, scope, id }, index);
    });
  }

  #frame(fields: Fields, index: number): void {
    try {
      this.#sheet.grow(frameRoom(fields));
      this.#sheet.event(fields);
    } catch (error) {
      throw atEvent(error, index);
    }
  }
}

/**
 * Judges a batch into which `write` puts all events.
 * Whatever `write` or the clock throws passes, and nothing was changed.
 */
export function judgeBatch(
  core: CoreGate,
  clock: () => number,
  write: (batch: Batch) => void,
): Uint8Array {
  core.live();
  return withSheet((sheet) => {
    const batch = new Batch(sheet);
    write(batch);
    return batch.judge(core, readNow(clock));
  });
}
