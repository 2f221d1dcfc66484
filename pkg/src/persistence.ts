/**
 * A gate's state in its store: what was recorded is told to it, in order, one write at a time.
 *
 * A write that fails is tried again with the next flush, before anything newer: nothing is skipped.
 * Once the store says that another writer took over, what this gate has in memory is not trusted any
 * more, and every call throws `fenced`.
 * @module
 */

import type { CoreGate } from "./core.js";
import type { CoreChanges } from "./coretypes.js";
import { isOncewardError, OncewardError } from "./errors.js";
import type { Store } from "./store.js";

/** Below that, changes are not worth being put together into a snapshot. */
const COMPACTED_BYTES_MIN = 64 * 1024;

/** What a store holds, in bytes. */
export interface StoredSizes {
  readonly snapshot: number;
  readonly changes: number;
}

/** Whether so many changes are better put together into a snapshot. */
export function isDueForSnapshot({ snapshot, changes }: StoredSizes): boolean {
  return changes > Math.max(COMPACTED_BYTES_MIN, snapshot);
}

/** Makes what a store has thrown an error of ours. */
export function storeError(thrown: unknown, what: string): OncewardError {
  return isOncewardError(thrown)
    ? thrown
    : new OncewardError("store", `the store could not ${what}`, { cause: thrown });
}

/** Calls a store, whose methods may also throw at once. */
export async function callStore<T>(what: string, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (thrown) {
    throw storeError(thrown, what);
  }
}

/** One gate's place in a store. */
export class Persistence {
  readonly #core: CoreGate;
  readonly #store: Store;
  readonly #name: string;
  #version: bigint;
  #sizes: StoredSizes;
  /** What the store was told, and has not confirmed. */
  #unconfirmed: CoreChanges | undefined;
  /** The write that is under way, or the last one. */
  #last: Promise<void> = Promise.resolve();
  /** The write that has not begun, and so will tell what is recorded now. */
  #next: Promise<void> | undefined;
  #unsubscribe: (() => void) | undefined;
  /** Whether the last write failed, so that only the store knows whether it has happened. */
  #hasFailed = false;
  /** Whether another writer took over: what is locked is locked for that one. */
  #isFenced = false;

  constructor(core: CoreGate, store: Store, name: string, version: bigint, sizes: StoredSizes) {
    this.#core = core;
    this.#store = store;
    this.#name = name;
    this.#version = version;
    this.#sizes = sizes;
  }

  /** Has a listener told what other copies write. */
  subscribe(listener: (changes: Uint8Array) => void): void {
    this.#unsubscribe = this.#store.subscribe?.(this.#name, listener);
  }

  /** Writes even if there is nothing to tell, so that whoever wrote before is fenced off. */
  async fence(): Promise<void> {
    this.#unconfirmed ??= this.#core.storeChanges();
    try {
      await this.flush();
    } catch (error) {
      this.#unsubscribe?.();
      throw error;
    }
  }

  /** Resolves once the store has confirmed all that is recorded now. */
  flush(): Promise<void> {
    if (this.#next === undefined) {
      const next = this.#last
        .catch(() => {})
        .then(() => {
          this.#next = undefined;
          return this.#write();
        });
      this.#next = next;
      this.#last = next;
    }
    return this.#next;
  }

  /** Leaves the store to others. */
  async release(): Promise<void> {
    this.#unsubscribe?.();
    if (this.#isFenced) {
      return;
    }
    await callStore("be released", async () => await this.#store.release?.(this.#name));
  }

  async #write(): Promise<void> {
    if (this.#unconfirmed !== undefined) {
      await this.#reopen();
      await this.#confirm(this.#unconfirmed);
    }
    if (!this.#core.isStored()) {
      if (isDueForSnapshot(this.#sizes)) {
        this.#core.restoreStore();
      }
      this.#unconfirmed = this.#core.storeChanges();
      await this.#confirm(this.#unconfirmed);
    }
  }

  /**
   * Has the store look anew at what it has, before a write that failed is tried again: handles may not
   * be good any more. One that copies share keeps their messages apart by itself.
   */
  async #reopen(): Promise<void> {
    if (this.#hasFailed && this.#store.subscribe === undefined) {
      await callStore("be released", async () => await this.#store.release?.(this.#name));
    }
    this.#hasFailed = false;
  }

  async #confirm({ bytes, isSnapshot }: CoreChanges): Promise<void> {
    const { snapshot, changes } = this.#sizes;
    try {
      const version: unknown = await callStore("write", () =>
        isSnapshot
          ? this.#store.replace(this.#name, bytes, this.#version)
          : this.#store.append(this.#name, bytes, this.#version),
      );
      if (typeof version !== "bigint") {
        throw new OncewardError("store", "the store must return the next version as a bigint");
      }
      this.#version = version;
    } catch (error) {
      this.#hasFailed = true;
      if (isOncewardError(error) && error.code === "fenced") {
        this.#isFenced = true;
        this.#unsubscribe?.();
        this.#core.fail(error);
      }
      throw error;
    }
    this.#unconfirmed = undefined;
    this.#sizes = isSnapshot
      ? { snapshot: bytes.length, changes: 0 }
      : { snapshot, changes: changes + bytes.length };
  }
}
