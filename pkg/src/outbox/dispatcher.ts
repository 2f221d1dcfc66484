/**
 * Who sends when: one copy of the outbox at a time, one item of each scope, several scopes at once.
 * @module
 */

import { fullJitter } from "./backoff.js";
import type { Item } from "./item.js";
import type { Learning } from "./learning.js";
import type { Mirror } from "./mirror.js";
import { Network, type Surroundings } from "./network.js";
import type { ReadOptions } from "./options.js";
import { isPending, Sender } from "./sender.js";
import type { GiveBack, Items } from "./storage.js";

/**
 * What failed at the last try because nobody answered may be tried when there is a network again.
 */
const SILENT: readonly unknown[] = ["network", "timeout"];

/** A scope that rests because its item could not be read or written down. */
interface Rest {
  readonly since: number;
  readonly ms: number;
  readonly failures: number;
}

/** What a dispatcher works on. */
export interface Shop {
  readonly items: Items;
  readonly mirror: Mirror;
  readonly learning: Learning;
  readonly options: ReadOptions;
  readonly surroundings: Surroundings;
  /** Is told of what a storage could not do. */
  readonly trouble: (error: unknown) => void;
}

/** Sends the items of one outbox, while it is this copy's turn. */
export class Dispatcher {
  readonly #shop: Shop;
  readonly #network: Network;
  readonly #sender: Sender;
  /** The scopes that an item is being sent from, with what breaks that off. */
  readonly #busy = new Map<string, { readonly number: number; readonly cut: AbortController }>();
  readonly #rests = new Map<string, Rest>();
  /** This stay in line: it ends when the page is put aside, or the lead is lost. */
  #stay: AbortController | undefined;
  #giveBack: GiveBack | undefined;
  #timer: unknown;
  #isWoken = false;
  #isPaused: boolean;
  #isClosed = false;
  /** What failed before that for want of an answer is tried again at once. */
  #onlineSince = -Infinity;

  constructor(shop: Shop) {
    this.#shop = shop;
    const { items, mirror, options, surroundings } = shop;
    this.#isPaused = options.paused;
    this.#network = new Network(surroundings.isOnline);
    this.#sender = new Sender(
      items,
      options,
      (item) => mirror.put(item),
      () => this.#network.heard(),
    );
  }

  /** Whether this copy is the one that sends. */
  get leads(): boolean {
    return this.#giveBack !== undefined;
  }

  get isPaused(): boolean {
    return this.#isPaused;
  }

  set isPaused(isPaused: boolean) {
    this.#isPaused = isPaused;
    this.wake();
  }

  /** Stands in line for the lead, and then sends. */
  start(): void {
    if (this.#stay !== undefined || this.#isClosed) {
      return;
    }
    const stay = new AbortController();
    this.#stay = stay;
    const { trouble } = this.#shop;
    const again = (): void => {
      this.#leave(stay).then(() => this.start(), trouble);
    };
    this.#lead(stay, again).catch((error: unknown) => {
      if (!stay.signal.aborted) {
        trouble(error);
        this.#later(again);
      }
    });
  }

  /** Breaks off what is on its way, and lets another copy send. */
  async stop(): Promise<void> {
    const stay = this.#stay;
    if (stay !== undefined) {
      await this.#leave(stay);
    }
  }

  /** Stops for good. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#shop.options.timers.clear(this.#timer);
    await this.stop();
  }

  /** Breaks off the sending of an item. */
  cut(number: number): void {
    for (const { number: sent, cut } of this.#busy.values()) {
      if (sent === number) {
        cut.abort();
      }
    }
  }

  /** Tries again at once what failed for want of an answer. */
  online(): void {
    this.#onlineSince = this.#shop.options.clock();
    this.wake();
  }

  /** Looks, soon, at what there is to do. */
  wake(): void {
    if (!this.#isWoken && this.leads) {
      this.#isWoken = true;
      queueMicrotask(() => {
        this.#isWoken = false;
        this.#survey();
      });
    }
  }

  async #lead(stay: AbortController, lost: () => void): Promise<void> {
    const { items, learning } = this.#shop;
    const giveBack = await items.lead(stay.signal, lost);
    try {
      // Messages may have been missed, and nothing must be sent before what was enqueued earlier.
      await learning.all();
      stay.signal.throwIfAborted();
      this.#giveBack = giveBack;
      this.wake();
    } catch (error) {
      await giveBack();
      throw error;
    }
  }

  async #leave(stay: AbortController): Promise<void> {
    if (this.#stay !== stay) {
      return;
    }
    this.#stay = undefined;
    stay.abort();
    for (const { cut } of this.#busy.values()) {
      cut.abort();
    }
    const giveBack = this.#giveBack;
    this.#giveBack = undefined;
    await giveBack?.().catch(this.#shop.trouble);
  }

  #later(callback: () => void): void {
    const { timers, backoff } = this.#shop.options;
    timers.clear(this.#timer);
    this.#timer = timers.set(callback, backoff.base);
  }

  #survey(): void {
    const { mirror, options } = this.#shop;
    options.timers.clear(this.#timer);
    if (!this.leads || this.#isPaused || this.#isClosed) {
      return;
    }
    const now = options.clock();
    const away = this.#network.check(now)?.away;
    let next = Infinity;
    for (const [scope, number] of [...mirror.lanes.heads()]) {
      const item = mirror.get(number);
      if (item === undefined || !isPending(item) || this.#busy.has(scope)) {
        continue;
      }
      const wait = Math.max(this.#waitOf(item, now), this.#restOf(scope, now), away ?? 0);
      if (wait > 0) {
        next = Math.min(next, wait);
      } else if (this.#busy.size < options.concurrency) {
        this.#begin(scope, item);
        if (away !== undefined) {
          // One is enough to find out whether there is a network.
          this.#network.probed(now);
          break;
        }
      }
    }
    if (next < Infinity) {
      this.#timer = options.timers.set(() => this.wake(), next);
    }
  }

  /** For how long an item is not to be tried, in milliseconds. */
  #waitOf(item: Item, now: number): number {
    const { notBefore, changedAt, sentAt, trouble, state } = item;
    const isSilent = SILENT.includes(trouble) && changedAt < this.#onlineSince;
    // One that is being sent, but not from here, was left by a copy that is gone. And times that
    // are ahead because the clock was set back since say nothing.
    if (state === "sending" || isSilent || now < changedAt) {
      return 0;
    }
    const end = (sentAt ?? Infinity) + this.#shop.options.maxAge;
    return Math.max(Math.min(notBefore, end) - now, 0);
  }

  #restOf(scope: string, now: number): number {
    const { since, ms } = this.#rests.get(scope) ?? { since: now, ms: 0 };
    // If the clock was set back since then, nobody knows how long ago that was.
    return now < since ? 0 : Math.max(since + ms - now, 0);
  }

  #begin(scope: string, item: Item): void {
    const cut = new AbortController();
    this.#busy.set(scope, { number: item.number, cut });
    this.#shop.mirror.lanes.serve(scope);
    this.#attempt(scope, item, cut.signal).then(
      () => this.#end(scope),
      (error: unknown) => {
        this.#shop.trouble(error);
        this.#end(scope);
      },
    );
  }

  #end(scope: string): void {
    this.#busy.delete(scope);
    this.wake();
  }

  async #attempt(scope: string, item: Item, signal: AbortSignal): Promise<void> {
    const { mirror } = this.#shop;
    const { number, revision } = item;
    try {
      await this.#sender.attempt(item, signal);
      if (mirror.get(number)?.revision === revision && !signal.aborted) {
        // What is known here is out of date.
        await this.#look(number);
        if (mirror.get(number)?.revision === revision) {
          this.#rest(scope);
          return;
        }
      }
      this.#rests.delete(scope);
    } catch (error) {
      this.#rest(scope);
      // It may be written down all the same.
      await this.#look(number).catch(() => {});
      throw error;
    }
  }

  async #look(number: number): Promise<void> {
    const { items, mirror } = this.#shop;
    mirror.refresh([{ number }], await items.read([number]));
  }

  #rest(scope: string): void {
    const { backoff, random, clock } = this.#shop.options;
    const failures = (this.#rests.get(scope)?.failures ?? 0) + 1;
    // Not less than one, so that a storage that fails at once is not asked without end.
    const ms = Math.max(fullJitter(backoff, failures, random), 1);
    this.#rests.set(scope, { since: clock(), ms, failures });
  }
}
