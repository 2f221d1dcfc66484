/**
 * Those who watch an outbox, and those who wait for it.
 * @module
 */

import type { OncewardError } from "../errors.js";
import type { Counts } from "./mirror.js";
import type { Submission } from "./submission.js";

/** Something that has happened, in this copy of the outbox or in another one. */
export type OutboxEvent =
  /** It was taken on, has left, has to be tried again, or sending it has ended. */
  | {
      /** What has happened. */
      readonly type: "enqueued" | "sending" | "waiting" | "answered" | "parked";
      /** Which one it is. */
      readonly submission: Submission;
    }
  /** It is gone. */
  | {
      /** What has happened. */
      readonly type: "cancelled" | "taken" | "dropped";
      /** Which one it was. */
      readonly submission: Submission;
    }
  /** The storage has failed. What was to be done is tried again. */
  | {
      /** What has happened. */
      readonly type: "trouble";
      /** `store` or `corrupt`. */
      readonly error: OncewardError;
    };

/** Functions that are called with the same. */
export class Listeners<T> {
  readonly #listeners = new Set<(value: T) => void>();

  get isEmpty(): boolean {
    return this.#listeners.size === 0;
  }

  /** Returns what ends it. */
  add(listener: (value: T) => void): () => void {
    // One function may be added twice, and is then two listeners.
    const own = (value: T): void => listener(value);
    this.#listeners.add(own);
    return () => this.#listeners.delete(own);
  }

  /**
   * Calls all of them. What one throws is reported as an uncaught error, as that of any listener.
   */
  call(value: T): void {
    for (const listener of [...this.#listeners]) {
      try {
        listener(value);
      } catch (error) {
        queueMicrotask(() => {
          throw error;
        });
      }
    }
  }
}

/** The latest of a row of values, for whoever asks next; none is kept for those who are slow. */
export class Latest implements AsyncIterableIterator<Counts> {
  readonly #stop: () => void;
  #value: Counts | undefined;
  #isOver = false;
  #waiting: (() => void)[] = [];

  /** @param watch calls back with each value, and returns what ends it. */
  constructor(first: Counts, watch: (listener: (value: Counts | undefined) => void) => () => void) {
    this.#value = first;
    this.#stop = watch((value) => {
      this.#isOver ||= value === undefined;
      this.#value = value ?? this.#value;
      this.#wake();
    });
  }

  async next(): Promise<IteratorResult<Counts, undefined>> {
    while (this.#value === undefined && !this.#isOver) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
    const value = this.#value;
    this.#value = undefined;
    return value === undefined ? { done: true, value } : { done: false, value };
  }

  async return(): Promise<IteratorResult<Counts, undefined>> {
    this.#stop();
    this.#isOver = true;
    this.#value = undefined;
    this.#wake();
    return { done: true, value: undefined };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  #wake(): void {
    for (const resolve of this.#waiting.splice(0)) {
      resolve();
    }
  }
}
