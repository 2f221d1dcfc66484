/**
 * How far a copy has come in the order of records, and what that confirms.
 * @module
 */

import { Delivery } from "./delivery.js";
import { Pending } from "./pending.js";
import { Recent } from "./recent.js";
import { type Asked, keyOf, type Reading, type StoredRecord } from "./storage.js";

/** The progress of one copy. */
export class Progress {
  readonly delivery = new Delivery();
  readonly pending: Pending;
  readonly #origin: string;
  readonly #recent = new Recent();

  /** Writes that failed, and may be in the database nevertheless. */
  readonly #failed = new Set<string>();
  #seen = 0;

  /** @param wait for how many milliseconds a write may be on its way to a writer. */
  constructor(origin: string, wait: number) {
    this.#origin = origin;
    this.pending = new Pending(wait);
  }

  /** The number of the last record that was taken. */
  get seen(): number {
    return this.#seen;
  }

  /** Starts with what the caller loads, which is not delivered. */
  start({ version, records }: Reading): void {
    for (const record of records) {
      this.#recent.add(record);
    }
    this.#seen = version;
  }

  /** Takes all records that a transaction has found. What had failed before is among them, or gone. */
  takeAll(records: readonly StoredRecord[]): void {
    this.take(records);
    this.#failed.clear();
  }

  /** Takes records that come next in the order: confirms the own one, and delivers all others. */
  take(records: readonly StoredRecord[]): void {
    for (const record of records.filter(({ number }) => number > this.#seen)) {
      this.#recent.add(record);
      this.#seen = record.number;
      // A record that was joined is delivered to its own copy, too: the next snapshot may be made
      // before the caller has put down by other means what it joined.
      if (this.isOwn(record) && !record.joined) {
        this.pending.resolve(record.id, record.number);
      } else {
        this.delivery.give(record);
      }
    }
  }

  /** Notes that it is not known whether a write of this writer has happened. */
  failed(write: Asked): void {
    this.#failed.add(keyOf(write));
  }

  /** Whether a record may be in the database that this copy, as the writer, did not see coming. */
  mayStand(record: StoredRecord): boolean {
    return record.joined || this.#failed.has(keyOf(record));
  }

  /** The number under which a write was recorded, if it was. */
  numberOf(asked: Asked): number | undefined {
    return this.#recent.numberOf(asked);
  }

  /** Whether this copy asked for it. */
  isOwn({ origin }: Asked): boolean {
    return origin === this.#origin;
  }
}
