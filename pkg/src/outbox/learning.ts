/**
 * How a copy of an outbox learns what is kept, by reading it.
 *
 * Messages of other copies may be late, so they only say where to look. Numbers are given without
 * gaps: what lies between those that are known is read before anything that comes after it is
 * believed, or an item might be sent before an earlier one of its scope that was added elsewhere.
 * @module
 */

import type { Item } from "./item.js";
import type { Mirror } from "./mirror.js";
import type { Items, News } from "./storage.js";

/** Keeps a mirror up to date, one step after the other. */
export class Learning {
  readonly #items: Items;
  readonly #mirror: Mirror;
  #last: Promise<unknown> = Promise.resolve();
  #news: News[] = [];
  /** Whether something could not be read, so that there may be a gap. */
  #isStale = false;

  constructor(items: Items, mirror: Mirror) {
    this.#items = items;
    this.#mirror = mirror;
  }

  /** Takes over everything that there is. */
  all(): Promise<void> {
    return this.#inTurn(() => this.#lookAtAll());
  }

  /** Takes over an item that this copy has added, or found, and what was added before it. */
  added(item: Item): Promise<void> {
    return this.#inTurn(async () => {
      try {
        if (this.#isStale || this.#mirror.unknownBefore(item.number) !== 0) {
          await this.#look([{ number: item.number }]);
        }
      } catch {
        // It is kept, and whoever has added it must not hear otherwise.
        this.#isStale = true;
      }
      this.#mirror.put(item);
    });
  }

  /** Takes over what others have changed. News that could not be read are read with the next. */
  heard(news: readonly News[]): Promise<void> {
    this.#news.push(...news);
    return this.#inTurn(async () => {
      const all = this.#news.splice(0);
      try {
        if (all.length > 0) {
          await this.#look(all);
        }
      } catch (error) {
        this.#news.unshift(...all);
        throw error;
      }
    });
  }

  async #lookAtAll(): Promise<void> {
    this.#mirror.refreshAll(await this.#items.read());
    this.#isStale = false;
  }

  async #look(news: readonly News[]): Promise<void> {
    const last = news.reduce((max, { number }) => Math.max(max, number), 0);
    const unknown = this.#mirror.unknownBefore(last);
    if (unknown === undefined || this.#isStale) {
      await this.#lookAtAll();
    } else {
      const before = Array.from({ length: unknown }, (_, at) => ({ number: last - unknown + at }));
      const known = new Set(news.map(({ number }) => number));
      const all = [...before.filter(({ number }) => !known.has(number)), ...news];
      const found = await this.#items.read(all.map(({ number }) => number));
      // In their order, so that none is seen before those that it has to wait for.
      this.#mirror.refresh(
        [...all].sort((one, other) => one.number - other.number),
        found,
      );
    }
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(work);
    this.#last = turn.catch(() => {});
    return turn;
  }
}
