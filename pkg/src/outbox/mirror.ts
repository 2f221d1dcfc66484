/**
 * What a copy of an outbox knows of the items: all of them, as of the last that it heard.
 * @module
 */

import type { Item, State } from "./item.js";
import { Lanes } from "./lanes.js";
import type { News, Removal } from "./storage.js";

/** How many items stand where. */
export type Counts = { readonly [Name in State]: number } & {
  /** Those that will be sent, or are being sent, without anybody doing anything. */
  readonly pending: number;
};

/** What became of an item. */
export interface Seen {
  readonly number: number;
  readonly before: Item | undefined;
  readonly after: Item | undefined;
  /** How it was removed, as far as it was told. */
  readonly removal: Removal | undefined;
}

/** How many removals are remembered for those who ask later. */
const REMOVALS_MAX = 1000;

/** The items of one outbox. */
export class Mirror {
  readonly lanes: Lanes;
  readonly #items = new Map<number, Item>();
  readonly #numbers = new Map<string, number>();
  /** The answered ones, oldest answer first. */
  readonly #answered = new Set<number>();
  readonly #removals = new Map<number, Removal>();
  readonly #counts: Record<State, number> = { waiting: 0, sending: 0, answered: 0, parked: 0 };
  readonly #saw: (seen: Seen) => void;
  /** The highest number that is known; undefined as long as none is. */
  #last: number | undefined;

  /**
   * @param isInLine whether those behind an item of the same scope have to wait for it.
   * @param saw is called for everything that is new.
   */
  constructor(isInLine: (item: Item) => boolean, saw: (seen: Seen) => void) {
    this.lanes = new Lanes(isInLine);
    this.#saw = saw;
  }

  get counts(): Counts {
    const { waiting, sending } = this.#counts;
    return { ...this.#counts, pending: waiting + sending };
  }

  get(number: number): Item | undefined {
    return this.#items.get(number);
  }

  find(key: string): Item | undefined {
    const number = this.#numbers.get(key);
    return number === undefined ? undefined : this.#items.get(number);
  }

  all(): readonly Item[] {
    return [...this.#items.values()].sort((one, other) => one.number - other.number);
  }

  /** Those whose answers are more than so many, oldest first; each must be gone before the next. */
  *answeredBeyond(count: number): Generator<number> {
    while (this.#answered.size > count) {
      const [oldest] = this.#answered;
      if (oldest === undefined) {
        return;
      }
      yield oldest;
    }
  }

  /** How an item was removed. Of one that was removed long ago it is only known that it was. */
  removalOf(number: number): Removal {
    return this.#removals.get(number) ?? "taken";
  }

  /** How many numbers before another are higher than all that are known; undefined when none is. */
  unknownBefore(number: number): number | undefined {
    return this.#last === undefined ? undefined : Math.max(number - this.#last - 1, 0);
  }

  /** Takes what an item is now. */
  put(item: Item): void {
    this.#last = Math.max(this.#last ?? 0, item.number);
    const before = this.#items.get(item.number);
    // What was read may come later than what was written after it.
    const isNews = before === undefined || before.revision < item.revision;
    if (isNews && !this.#removals.has(item.number)) {
      this.#note(item.number, before, item, undefined);
    }
  }

  /** Takes that an item is gone. */
  remove(number: number, removal?: Removal): void {
    const before = this.#items.get(number);
    if (before !== undefined) {
      this.#note(number, before, undefined, removal);
    }
  }

  /** Takes what was read after some news came. */
  refresh(news: readonly News[], found: readonly Item[]): void {
    const items = new Map(found.map((item) => [item.number, item]));
    for (const { number, removal } of news) {
      const item = items.get(number);
      if (item === undefined) {
        this.#last = Math.max(this.#last ?? 0, number);
        this.remove(number, removal);
      } else {
        this.put(item);
      }
    }
  }

  /** Takes everything that there is. */
  refreshAll(found: readonly Item[]): void {
    const numbers = new Set(found.map(({ number }) => number));
    for (const number of [...this.#items.keys()].filter((known) => !numbers.has(known))) {
      this.remove(number);
    }
    for (const item of found) {
      this.put(item);
    }
  }

  #note(
    number: number,
    before: Item | undefined,
    after: Item | undefined,
    removal: Removal | undefined,
  ): void {
    const scope = (after ?? before)?.scope ?? "";
    this.#count(before, -1);
    this.#count(after, 1);
    if (after === undefined) {
      this.#items.delete(number);
      this.#numbers.delete(before?.key ?? "");
      this.#forget(number, removal);
    } else {
      this.#items.set(number, after);
      this.#numbers.set(after.key, number);
    }
    if (after?.state === "answered") {
      this.#answered.add(number);
    } else {
      this.#answered.delete(number);
    }
    this.lanes.apply(number, scope, after);
    this.#saw({ number, before, after, removal });
  }

  #count(item: Item | undefined, by: number): void {
    if (item !== undefined) {
      this.#counts[item.state] += by;
    }
  }

  #forget(number: number, removal: Removal = "taken"): void {
    this.#removals.set(number, removal);
    if (this.#removals.size > REMOVALS_MAX) {
      const [oldest = number] = this.#removals.keys();
      this.#removals.delete(oldest);
    }
  }
}
