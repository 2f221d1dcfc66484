/**
 * What is kept under a name, and what a batch of tasks makes of it before that is written.
 * @module
 */

import type { Item } from "./item.js";
import { applied, type Entry, type Kept, type Recorded } from "./record.js";

/** Everything under a name, as of the last write that was confirmed. */
export class Ledger {
  readonly #kept = new Map<number, Kept>();
  readonly #numbers = new Map<string, number>();
  /** The number that the next item gets. */
  next = 1;

  at(number: number): Kept | undefined {
    return this.#kept.get(number);
  }

  /** The number of the item with that key. */
  numberOf(key: string): number | undefined {
    return this.#numbers.get(key);
  }

  /** All that is kept, in the order of the numbers. */
  all(): readonly Kept[] {
    // A number is put for the first time when it is given, and so after all that are less.
    return [...this.#kept.values()];
  }

  /** Takes over what was written. */
  apply({ next, entries }: Recorded): void {
    this.next = Math.max(this.next, next);
    for (const entry of entries) {
      const before = this.#kept.get(entry.number);
      const after = applied(before, entry);
      if (after !== undefined) {
        this.#kept.set(entry.number, after);
        this.#numbers.set(after.item.key, entry.number);
      } else if (before !== undefined) {
        this.#kept.delete(entry.number);
        this.#numbers.delete(before.item.key);
      }
    }
  }

  /** Everything as one record. */
  whole(): Recorded {
    const entries = this.all().map(({ item, request, answer }) => {
      return { number: item.number, item, request, answer };
    });
    return { next: this.next, entries };
  }
}

/** Changes on top of a ledger. */
export class Draught {
  readonly #ledger: Ledger;
  readonly #entries = new Map<number, Entry>();
  readonly #numbers = new Map<string, number>();
  #next: number;

  constructor(ledger: Ledger) {
    this.#ledger = ledger;
    this.#next = ledger.next;
  }

  get isEmpty(): boolean {
    return this.#entries.size === 0;
  }

  at(number: number): Kept | undefined {
    const before = this.#ledger.at(number);
    const entry = this.#entries.get(number);
    return entry === undefined ? before : applied(before, entry);
  }

  find(key: string): Item | undefined {
    const number = this.#numbers.get(key) ?? this.#ledger.numberOf(key);
    return number === undefined ? undefined : this.at(number)?.item;
  }

  /** Adds an item, which gets the next number. */
  add(draft: Omit<Item, "number">, request: Uint8Array | undefined): Item {
    const number = this.#next;
    this.#next += 1;
    const item: Item = { number, ...draft };
    this.#entries.set(number, { number, item, request });
    this.#numbers.set(item.key, number);
    return item;
  }

  /** Puts what became of an item, on top of what an earlier task of the batch has made of it. */
  put(entry: Entry): void {
    const before = this.#entries.get(entry.number);
    if (entry.item === undefined || before?.item === undefined) {
      this.#entries.set(entry.number, entry);
      return;
    }
    const { request = before.request, answer = before.answer } = entry;
    this.#entries.set(entry.number, { ...entry, request, answer });
  }

  /** What is to be written. */
  record(): Recorded {
    return { next: this.#next, entries: [...this.#entries.values()] };
  }
}
