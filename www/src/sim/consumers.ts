/**
 * Those who act on what arrives: one naively, one behind a gate, and one who knows the truth.
 * @module
 */

import { ACCOUNTS, type Issued, openingValues, SYMBOLS } from "./world.js";

/** Applies an event to what a consumer knows: adds money, replaces a price. */
function apply(values: { balances: number[]; prices: number[] }, event: Issued): void {
  const { kind, which, cents } = event;
  if (kind === "transfer") {
    values.balances[which] = (values.balances[which] ?? 0) + cents;
  } else {
    values.prices[which] = cents;
  }
}

/** Acts on everything that it is given. Behind a gate that is all there is to do. */
export class Consumer {
  readonly values = openingValues();

  apply(event: Issued): void {
    apply(this.values, event);
  }
}

/** For how long the usual way remembers an id, by its own clock. */
export const USUAL_MEMORY_MS = 2000;

/**
 * Does what is usually done: it remembers ids for two seconds, and lets the newest time stamp win.
 * What it remembers is gone when it crashes.
 */
export class UsualConsumer {
  readonly values = openingValues();
  readonly #seen = new Map<number, number>();
  readonly #stamps = SYMBOLS.map(() => Number.NEGATIVE_INFINITY);

  /** Judges and applies; returns whether it was applied. */
  apply(event: Issued, now: number): boolean {
    if (event.kind === "price") {
      if (event.stamp < (this.#stamps[event.which] ?? 0)) {
        return false;
      }
      this.#stamps[event.which] = event.stamp;
    } else {
      const seenAt = this.#seen.get(event.index);
      this.#seen.set(event.index, now);
      if (seenAt !== undefined && Math.abs(now - seenAt) <= USUAL_MEMORY_MS) {
        return false;
      }
    }
    apply(this.values, event);
    return true;
  }

  /** Forgets what lay in memory. */
  crash(): void {
    this.#seen.clear();
    this.#stamps.fill(Number.NEGATIVE_INFINITY);
  }

  /** Drops what is too old, as such caches do from time to time. */
  sweep(now: number): void {
    for (const [index, seenAt] of this.#seen) {
      if (Math.abs(now - seenAt) > USUAL_MEMORY_MS) {
        this.#seen.delete(index);
      }
    }
  }
}

/**
 * Knows what is right of what has arrived: each transfer once, and of each symbol the latest price.
 * It can, since it numbers events from the start and never forgets; no consumer could afford that.
 */
export class Truth {
  readonly values = openingValues();
  readonly #revisions = SYMBOLS.map(() => 0);
  #arrived = new Uint8Array(1 << 12);

  /** Takes note of what has arrived. */
  note(event: Issued): void {
    const { index, kind, which, revision } = event;
    if (index >= this.#arrived.length) {
      const larger = new Uint8Array(Math.max(index + 1, 2 * this.#arrived.length));
      larger.set(this.#arrived);
      this.#arrived = larger;
    }
    const isFirst = this.#arrived[index] === 0;
    this.#arrived[index] = 1;
    const isNews = kind === "transfer" ? isFirst : revision > (this.#revisions[which] ?? 0);
    if (isNews) {
      apply(this.values, event);
    }
    if (isNews && kind === "price") {
      this.#revisions[which] = revision;
    }
  }
}

/** By how much one side is off. */
export interface Deviation {
  /** The sum of what its balances are off by, in cents, whichever way. */
  readonly cents: number;
  /** How many of its balances and prices are wrong. */
  readonly wrong: number;
}

/** Compares one side with the truth. */
export function errorOf(
  {
    balances,
    prices,
  }: { readonly balances: readonly number[]; readonly prices: readonly number[] },
  truth: { readonly balances: readonly number[]; readonly prices: readonly number[] },
): Deviation {
  const off = ACCOUNTS.map((_, index) => (balances[index] ?? 0) - (truth.balances[index] ?? 0));
  const wrongBalances = off.filter((cents) => cents !== 0).length;
  const wrongPrices = SYMBOLS.filter((_, index) => prices[index] !== truth.prices[index]).length;
  return {
    cents: off.reduce((sum, cents) => sum + Math.abs(cents), 0),
    wrong: wrongBalances + wrongPrices,
  };
}
