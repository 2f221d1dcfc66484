/**
 * The reorder buffer: hands items out in order within their scope.
 * @module
 */

import { invalidEvent, invalidOption } from "./errors.js";
import { kindOf, readOrdinal, readText } from "./event.js";
import { requireWellFormed } from "./frame.js";
import { Handle } from "./handle.js";
import { readNow } from "./options.js";
import { Items, type Packed } from "./sequencer/items.js";
import { type ReadOrder, readOrder, type SequencerOptions } from "./sequencer/options.js";
import * as glue from "./wasm/core.js";

export type { Lateness, Order, SequencerOptions } from "./sequencer/options.js";

// What the core says of a push.
const PASSED = 1;
const DUPLICATE = 2;
const LATE = 3;
const MORE = 4;

/**
 * Hands items out in order, per scope: an account, a feed, an entity. What needs no order is better off
 * without it; where only the newest counts, a gate's revisions do, and nothing has to wait.
 *
 * The core keeps the order, and the items stay in JavaScript. Every call either does all it says or
 * throws and changes nothing; what came out during a call whose `onDrop` or `onSkip` throws is returned
 * by the next one.
 *
 * @example
 * ```ts
 * const sequencer = new Sequencer<Trade>({
 *   by: (trade) => ({ scope: trade.market, order: trade.sequence }),
 *   release: "next",
 *   onGap: "skip",
 *   maxWait: "10s",
 *   onSkip: (market, from, to) => refetch(market, from, to),
 * });
 * socket.onmessage = ({ data }) => sequencer.push(JSON.parse(data)).forEach(apply);
 * setInterval(() => sequencer.flush().forEach(apply), 1000);
 * ```
 */
export class Sequencer<T> {
  readonly #core: Handle<glue.Orderer>;
  readonly #options: ReadOrder<T>;
  readonly #items = new Items<T>();
  /** The scope that the core expects. */
  #scope = "";
  /** What came out and was not returned yet. */
  #ready: T[] = [];
  /** What is to be told to the caller. */
  readonly #news: (() => void)[] = [];

  /**
   * @throws {OncewardError} `invalid_option`; and for the `snapshot`: `corrupt`, `unsupported_version`,
   * `capacity` when it holds more than the limits allow.
   */
  constructor(options: SequencerOptions<T>) {
    this.#options = readOrder(options);
    const { core, snapshot, clock } = this.#options;
    const now = readNow(clock);
    if (snapshot?.length === 0) {
      throw invalidOption("snapshot is empty");
    }
    this.#core = new Handle(() => new glue.Orderer(core, snapshot ?? new Uint8Array(), now));
    if (snapshot !== undefined) {
      this.#items.unpack(this.#core.call((orderer) => orderer.takeItems() as Packed));
    }
  }

  /** How many items are held, over all scopes. */
  get held(): number {
    return this.#stat(0);
  }

  /** How many items were dropped: duplicates, and those that came too late. */
  get dropped(): number {
    return this.#stat(1);
  }

  /** How many bytes items and scopes take, as they are counted for `maxBytes`. */
  get bytes(): number {
    return this.#stat(2);
  }

  /**
   * Takes an item, and returns what may come out now, in order within each scope.
   *
   * @throws {OncewardError} `capacity` when it would have to be held and there is no room: it is not
   * taken, and nothing that was is lost; `invalid_event` for its scope, order or size; `invalid_option`
   * for the time.
   */
  push(item: T, now?: number): T[] {
    const { scope, order } = this.#place(item);
    const bytes = this.#options.sizeOf(item);
    if (typeof bytes !== "number") {
      throw invalidEvent(`sizeOf must return a number, not ${kindOf(bytes)}`);
    }
    const at = this.#now(now);
    const place = this.#items.put(item);
    let fate: number;
    try {
      fate = this.#core.call((orderer) => {
        if (scope !== this.#scope) {
          orderer.useScope(scope);
          this.#scope = scope;
        }
        return typeof order === "number"
          ? orderer.pushNumber(order, place, bytes, at)
          : orderer.push(String(order), place, bytes, at);
      });
    } catch (error) {
      this.#items.take(place);
      throw error;
    }
    const kind = fate % MORE;
    if (kind === PASSED) {
      this.#ready.push(this.#items.take(place));
    } else if (kind === DUPLICATE || kind === LATE) {
      this.#drop(place, kind === LATE ? "late" : "duplicate");
    }
    return this.#take(fate >= MORE);
  }

  /**
   * Lets time pass: returns what has waited long enough. Call it now and then.
   *
   * @throws {OncewardError} `invalid_option` for the time.
   */
  flush(now?: number): T[] {
    const at = this.#now(now);
    return this.#take(this.#core.call((orderer) => orderer.flush(at)));
  }

  /** Returns all that is held, in order, scope by scope in the order of their names; gaps are skipped. */
  drain(): T[] {
    this.#core.call((orderer) => orderer.drain());
    return this.#take(true);
  }

  /** Forgets a scope, which may then start anew; returns what was held of it, in order. */
  forget(scope?: string): T[] {
    const name = readScope(scope);
    this.#core.call((orderer) => orderer.forget(name));
    return this.#take(true);
  }

  /**
   * Returns the state as bytes, for another sequencer to go on from: equal states give equal bytes. Items
   * must be JSON or bytes.
   *
   * @throws {OncewardError} `invalid_event` when an item is neither.
   *
   * @example
   * ```ts
   * await storage.put("feed", sequencer.snapshot());
   * const same = new Sequencer({ ...options, snapshot: await storage.get("feed") });
   * ```
   */
  snapshot(): Uint8Array {
    const { bytes, ends } = this.#items.pack();
    return this.#core.call((orderer) => orderer.snapshot(bytes, ends));
  }

  #now(given: unknown): number {
    return readNow(given === undefined ? this.#options.clock : () => given as number);
  }

  #place(item: T): { scope: string; order: number | bigint | string } {
    const given: unknown = this.#options.by(item);
    if (typeof given !== "object" || given === null) {
      throw invalidEvent(`by must return an object, not ${kindOf(given)}`);
    }
    const { scope, order } = given as { scope?: unknown; order?: unknown };
    const ordinal = readOrdinal(order, "order");
    if (ordinal === undefined) {
      throw invalidEvent("order is missing");
    }
    // That of the last push was looked at already.
    return { scope: scope === this.#scope ? this.#scope : readScope(scope), order: ordinal };
  }

  #drop(place: number, why: "duplicate" | "late"): void {
    const item = this.#items.take(place);
    const { onDrop } = this.#options;
    if (onDrop !== undefined) {
      this.#news.push(() => onDrop(item, why));
    }
  }

  /** Takes what the core has let out, tells the news, and returns all that is ready. */
  #take(isThereMore: boolean): T[] {
    if (isThereMore) {
      for (const place of this.#core.call((orderer) => orderer.takeReleased())) {
        this.#ready.push(this.#items.take(place));
      }
      this.#noteSkipped(this.#core.call((orderer) => orderer.takeSkipped()));
    }
    for (let tell = this.#news.shift(); tell !== undefined; tell = this.#news.shift()) {
      tell();
    }
    const ready = this.#ready;
    this.#ready = [];
    return ready;
  }

  #noteSkipped(gaps: readonly string[]): void {
    const { onSkip } = this.#options;
    for (let at = 0; onSkip !== undefined && at < gaps.length; at += 3) {
      const [scope = "", from = "", to = ""] = gaps.slice(at, at + 3);
      this.#news.push(() => onSkip(scope, BigInt(from), BigInt(to)));
    }
  }

  #stat(index: number): number {
    return this.#core.call((orderer) => orderer.stats())[index] ?? 0;
  }
}

function readScope(scope: unknown): string {
  const name = readText(scope, "scope") ?? "";
  requireWellFormed(name, "scope");
  return name;
}
