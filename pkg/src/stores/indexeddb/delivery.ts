/**
 * Handing what others have written to those who listen, in order and each once.
 *
 * It also knows what its listeners do not know yet: a snapshot of theirs lacks that.
 * @module
 */

import type { Coverage, StoredRecord } from "./storage.js";

/** Is handed what others have written. */
export type Listener = (changes: Uint8Array) => void;

/** The listeners of one copy. */
export class Delivery {
  readonly #listeners = new Set<Listener>();
  readonly #failed = new Set<number>();
  #waiting: StoredRecord[] = [];

  /** Hands a record on; while nobody listens it waits. */
  give(record: StoredRecord): void {
    this.#waiting.push(record);
    this.#flush();
  }

  /** Adds a listener, who gets what waits as soon as the running code has returned. */
  subscribe(listener: Listener): () => void {
    // The same function may listen twice, and each time stops on its own.
    const own: Listener = (changes) => listener(changes);
    this.#listeners.add(own);
    queueMicrotask(() => this.#flush());
    return () => {
      this.#listeners.delete(own);
    };
  }

  /** What listeners know of all records up to a number, which were taken by now. */
  coverage(upTo: number): Coverage {
    const numbers = [...this.#waiting.map(({ number }) => number), ...this.#failed];
    return { upTo, except: numbers.filter((number) => number <= upTo) };
  }

  #flush(): void {
    while (this.#listeners.size > 0) {
      const record = this.#waiting.shift();
      if (record === undefined) {
        return;
      }
      for (const listener of [...this.#listeners]) {
        this.#hand(listener, record);
      }
    }
  }

  #hand(listener: Listener, { number, bytes }: StoredRecord): void {
    try {
      listener(bytes);
    } catch (error) {
      // The record stays in the database, whatever this listener's snapshots say from now on.
      this.#failed.add(number);
      queueMicrotask(() => {
        throw error;
      });
    }
  }
}
