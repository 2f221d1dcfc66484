/**
 * The write that a copy has asked for and that is not confirmed.
 * @module
 */

import { OncewardError } from "../../errors.js";
import type { Write } from "./storage.js";

interface Entry {
  readonly write: Write;
  readonly resolve: (number: number) => void;
  readonly reject: (error: unknown) => void;
}

/** At most one write at a time: a caller's next one expects the version that this one gets. */
export class Pending {
  readonly #wait: number;
  #entry: Entry | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** @param wait for how many milliseconds a write may be on its way to a writer. */
  constructor(wait: number) {
    this.#wait = wait;
  }

  /** Waits for a write; resolves with the number under which it was recorded. */
  add(write: Write): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#entry = { write, resolve, reject };
      this.restart();
    });
  }

  /** The write that is waited for. */
  get write(): Write | undefined {
    return this.#entry?.write;
  }

  /** Whether it is the one with that id. */
  has(id: number): boolean {
    return this.#entry?.write.id === id;
  }

  /** Stops the time: it is being written here and now, or the page is hidden. */
  hold(): void {
    clearTimeout(this.#timer);
  }

  /** Gives it the full time, once more. */
  restart(): void {
    const { write } = this.#entry ?? {};
    this.hold();
    if (write !== undefined) {
      this.#timer = setTimeout(() => {
        const message = `the tab or worker that writes did not confirm within ${this.#wait} ms; trying again does no harm`;
        this.reject(write.id, new OncewardError("store", message));
      }, this.#wait);
    }
  }

  /** Confirms the write, if that is still waited for. */
  resolve(id: number, number: number): void {
    this.#take(id)?.resolve(number);
  }

  /** Gives the write up, if that is still waited for. */
  reject(id: number, error: unknown): void {
    this.#take(id)?.reject(error);
  }

  /** Gives up whatever is waited for. */
  giveUp(error: unknown): void {
    this.reject(this.#entry?.write.id ?? 0, error);
  }

  #take(id: number): Entry | undefined {
    if (!this.has(id)) {
      return undefined;
    }
    const entry = this.#entry;
    this.hold();
    this.#entry = undefined;
    return entry;
  }
}
