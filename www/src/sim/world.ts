/**
 * Where events come from: a bank that moves money, and a board that lists prices.
 * @module
 */

import { below, type Random, seeded } from "./random.js";

/** The accounts, by their index. */
export const ACCOUNTS = ["alice", "bob", "carol", "dave"] as const;

/** What is listed, by its index. */
export const SYMBOLS = ["ACME", "BOLT", "CRUX"] as const;

/** What was issued: a transfer to or from an account, or a new price. Money is in cents. */
export interface Issued {
  /** The number of the event, from 0. */
  readonly index: number;
  readonly kind: "transfer" | "price";
  /** Which account or symbol. */
  readonly which: number;
  /** What is added to the account, or the price. */
  readonly cents: number;
  /** The revision of the symbol; 0 for transfers. */
  readonly revision: number;
  /** When it was issued, by the clock of the machine that issued it. */
  readonly stamp: number;
}

/** Values by account and by symbol. */
export interface Values {
  readonly balances: number[];
  readonly prices: number[];
}

/** What every account holds before anything is issued. */
const OPENING_CENTS = 100_000;

const TRANSFER_CHANCE = 0.55;

/** Returns the values from which all sides start. */
export function openingValues(): Values {
  return {
    balances: ACCOUNTS.map(() => OPENING_CENTS),
    prices: SYMBOLS.map((_, index) => 8_000 + 4_000 * index),
  };
}

/** Issues events, each once and in order. */
export class World {
  /** What is true: the sum of all transfers, and the latest prices. */
  readonly values = openingValues();
  readonly #random: Random;
  readonly #revisions = SYMBOLS.map(() => 0);
  #issued = 0;

  constructor(seed: number) {
    this.#random = seeded(seed, "world");
  }

  /** How many events were issued. */
  get issued(): number {
    return this.#issued;
  }

  /** Issues the next event. Of the two machines that list prices, one is ahead by the skew. */
  issue(now: number, skewMs: number): Issued {
    const index = this.#issued;
    this.#issued += 1;
    const random = this.#random;
    // The same numbers are drawn for both kinds, so that a skew does not change what is issued.
    const isTransfer = random() < TRANSFER_CHANCE;
    const which = below(random, isTransfer ? ACCOUNTS.length : SYMBOLS.length);
    const amount = random();
    const isAhead = random() < 0.5;
    const stamp = now + (isAhead ? skewMs : 0);
    if (isTransfer) {
      const cents = Math.floor(amount * 9000) - 4000;
      this.values.balances[which] = (this.values.balances[which] ?? 0) + cents;
      return { index, kind: "transfer", which, cents, revision: 0, stamp };
    }
    const revision = (this.#revisions[which] ?? 0) + 1;
    this.#revisions[which] = revision;
    const last = this.values.prices[which] ?? 0;
    const cents = Math.max(500, last + Math.floor(amount * 401) - 200);
    this.values.prices[which] = cents;
    return { index, kind: "price", which, cents, revision, stamp };
  }
}
