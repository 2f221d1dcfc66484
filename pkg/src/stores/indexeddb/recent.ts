/**
 * Which writes are in the database already, so that one that is asked for again is only confirmed.
 * @module
 */

import { type Asked, keyOf, type StoredRecord } from "./storage.js";

/**
 * How many are remembered. A copy asks for one at a time, and asks again only when the writer has
 * changed; what is forgotten would be written twice, which changes nothing for a gate.
 */
const REMEMBERED_MAX = 1024;

/** The latest writes, by who asked for them. */
export class Recent {
  readonly #numbers = new Map<string, number>();

  /** Remembers a record, and forgets the one that was remembered first. */
  add(record: StoredRecord): void {
    this.#numbers.set(keyOf(record), record.number);
    if (this.#numbers.size > REMEMBERED_MAX) {
      const [oldest] = this.#numbers.keys();
      this.#numbers.delete(oldest ?? "");
    }
  }

  /** The number under which a write was recorded. */
  numberOf(asked: Asked): number | undefined {
    return this.#numbers.get(keyOf(asked));
  }
}
