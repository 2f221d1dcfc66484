/**
 * Which items stand in line in which scope.
 * @module
 */

import type { Item } from "./item.js";

/** The items of one scope that are not done with, by their numbers. */
class Lane {
  readonly #numbers: number[] = [];

  get head(): number | undefined {
    return this.#numbers[0];
  }

  /** Almost always the number is the greatest so far. */
  add(number: number): void {
    const at = this.#place(number);
    if (this.#numbers[at] !== number) {
      this.#numbers.splice(at, 0, number);
    }
  }

  remove(number: number): void {
    const at = this.#place(number);
    if (this.#numbers[at] === number) {
      this.#numbers.splice(at, 1);
    }
  }

  /** Where a number is, or would be. */
  #place(number: number): number {
    let [low, high] = [0, this.#numbers.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#numbers[middle] ?? Infinity) < number) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low;
  }
}

/** All lines. */
export class Lanes {
  readonly #lanes = new Map<string, Lane>();
  readonly #isInLine: (item: Item) => boolean;

  /** @param isInLine whether those behind an item have to wait for it. */
  constructor(isInLine: (item: Item) => boolean) {
    this.#isInLine = isInLine;
  }

  /** How many scopes have something in line. */
  get size(): number {
    return this.#lanes.size;
  }

  /** Notes what became of an item; undefined when it is gone. */
  apply(number: number, scope: string, after: Item | undefined): void {
    const lane = this.#lanes.get(scope) ?? new Lane();
    if (after !== undefined && this.#isInLine(after)) {
      lane.add(number);
    } else {
      lane.remove(number);
    }
    if (lane.head === undefined) {
      this.#lanes.delete(scope);
    } else {
      this.#lanes.set(scope, lane);
    }
  }

  /** Each scope with the number whose turn it is; the scope that was served last comes last. */
  *heads(): Generator<readonly [scope: string, number: number]> {
    for (const [scope, { head }] of this.#lanes) {
      if (head !== undefined) {
        yield [scope, head];
      }
    }
  }

  /** Puts a scope behind all others. */
  serve(scope: string): void {
    const lane = this.#lanes.get(scope);
    if (lane !== undefined) {
      this.#lanes.delete(scope);
      this.#lanes.set(scope, lane);
    }
  }
}
