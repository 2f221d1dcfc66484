/**
 * Callers that wait for a claim of someone else to end, and how they are woken.
 *
 * An ending in this process wakes those who share a lock with it. All others are noticed by asking
 * again: when the lease is over, and every second, since a clock may be set and a timer be late.
 * @module
 */

import type { Fields } from "./frame.js";

/** Longer delays would be taken for none. */
const TIMER_MS_MAX = 2 ** 31 - 1;

/** The longest that a waiting caller does not ask. */
const POLL_MS_MAX = 1000;

/** Returns a delay that timers can express. */
export function timerMs(ms: number): number {
  return Math.min(Math.max(Math.floor(ms), 1), TIMER_MS_MAX);
}

/** What an event locks: its key, its entity and its source, by names that cannot be confused. */
export function lockNames({ scope = "", id, entity, source }: LockFields): readonly string[] {
  return Object.entries({ id, entity, source }).flatMap(([kind, name]) =>
    name === undefined ? [] : [JSON.stringify([kind, scope, name])],
  );
}

/** The fields that say what is locked. */
export type LockFields = Pick<Fields, "scope" | "id" | "entity" | "source">;

/** One waiting caller. */
export class Wait {
  /** Whether it has waited as long as it may. */
  isOver = false;

  readonly #names: readonly string[];
  readonly #leave: (wait: Wait) => void;
  readonly #deadline: ReturnType<typeof setTimeout>;
  #isWoken = false;
  #resume: (() => void) | undefined;

  constructor(names: readonly string[], maxWait: number, leave: (wait: Wait) => void) {
    this.#names = names;
    this.#leave = leave;
    this.#deadline = setTimeout(() => {
      this.isOver = true;
      this.wake();
    }, timerMs(maxWait));
  }

  /** The locks that it waits for. */
  get names(): readonly string[] {
    return this.#names;
  }

  /** Lets it ask again. */
  wake(): void {
    this.#isWoken = true;
    this.#resume?.();
  }

  /** Waits until it is woken, or for that many milliseconds at most. */
  async pause(ms: number): Promise<void> {
    if (!this.#isWoken) {
      let timer: ReturnType<typeof setTimeout> | undefined;
      await new Promise<void>((resolve) => {
        this.#resume = resolve;
        timer = setTimeout(resolve, timerMs(Math.min(ms, POLL_MS_MAX)));
      });
      clearTimeout(timer);
      this.#resume = undefined;
    }
    this.#isWoken = false;
  }

  /** Stops waiting, and leaves no timer behind. */
  end(): void {
    clearTimeout(this.#deadline);
    this.#leave(this);
  }
}

/** All callers that wait at one gate. */
export class Waiting {
  readonly #byName = new Map<string, Set<Wait>>();

  /** Begins to wait for what holds any of the locks. */
  start(names: readonly string[], maxWait: number): Wait {
    const wait = new Wait(names, maxWait, (gone) => this.#remove(gone));
    for (const name of names) {
      const waits = this.#byName.get(name) ?? new Set();
      this.#byName.set(name, waits.add(wait));
    }
    return wait;
  }

  /** Wakes those who wait for any of these locks. */
  wake(locks: LockFields): void {
    if (this.#byName.size === 0) {
      return;
    }
    for (const name of lockNames(locks)) {
      this.#byName.get(name)?.forEach((wait) => {
        wait.wake();
      });
    }
  }

  /** Wakes everyone. */
  wakeAll(): void {
    for (const waits of this.#byName.values()) {
      for (const wait of waits) {
        wait.wake();
      }
    }
  }

  #remove(wait: Wait): void {
    for (const name of wait.names) {
      const waits = this.#byName.get(name);
      waits?.delete(wait);
      if (waits?.size === 0) {
        this.#byName.delete(name);
      }
    }
  }
}
