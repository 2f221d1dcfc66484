/**
 * Judging events: singly, in batches and as columns.
 * @module
 */

import { judgeBatch } from "./batch.js";
import { judgeIds, judgePositions, judgeRevisions } from "./columns.js";
import type { CoreGate } from "./core.js";
import { invalidEvent } from "./errors.js";
import { type GateEvent, kindOf, type Ordinal, readEvent } from "./event.js";
import { frameRoom } from "./frame.js";
import { readNow } from "./options.js";
import { type Inspection, toInspection } from "./refusal.js";
import { judgeEvent, judgeKey } from "./single.js";
import { FRESH, type Verdict, Verdicts, verdictOf } from "./verdicts.js";

/** The part of a gate that judges. */
export abstract class Judging {
  readonly #core: CoreGate;
  readonly #clock: () => number;

  /** Judges by what the core remembers. @internal */
  protected constructor(core: CoreGate, clock: () => number) {
    this.#core = core;
    this.#clock = clock;
  }

  /**
   * Judges one event, and records it when it is fresh.
   *
   * @throws {OncewardError} `invalid_event`, `jump` (more than `maxJump` above the last revision),
   * `capacity` (the memory is full of what may not be forgotten).
   *
   * @example
   * ```ts
   * if (gate.check({ scope: "bank/deposit", id, content: body }) === "fresh") apply(body);
   * ```
   */
  check(event: GateEvent): Verdict {
    this.#core.live();
    return verdictOf(judgeEvent(this.#core, this.#clock, event));
  }

  /**
   * Judges one key: the fast form of `check({ scope, id })`.
   *
   * Most of what is left is the reading of the clock; see `taskClock`.
   *
   * @throws {OncewardError} As `check`.
   *
   * @example
   * ```ts
   * if (gate.checkId(message.id, "orders") === "fresh") apply(message);
   * ```
   */
  checkId(id: string, scope?: string): Verdict {
    this.#core.live();
    return verdictOf(judgeKey(this.#core, this.#clock, id, scope));
  }

  /**
   * Judges events in their order, as one: an error in any of them undoes all.
   *
   * @throws {OncewardError} As `check`; the message starts with the index, `events[3]: `.
   *
   * @example
   * ```ts
   * const verdicts = gate.checkAll(batch);
   * const todo = batch.filter((_, index) => verdicts[index] === "fresh");
   * ```
   */
  checkAll(events: readonly GateEvent[]): Verdict[] {
    const codes = judgeBatch(this.#core, this.#clock, (batch) => {
      if (!Array.isArray(events)) {
        throw invalidEvent(`events must be an array, not ${kindOf(events)}`);
      }
      const count = events.length;
      for (let index = 0; index < count; index += 1) {
        batch.addEvent(events[index]);
      }
    });
    return Array.from(codes, verdictOf);
  }

  /**
   * Returns the items whose events are fresh, in their order.
   *
   * `identify` is called for all items before any is judged; what it throws passes, and changes
   * nothing.
   *
   * @throws {OncewardError} As `checkAll`.
   *
   * @example
   * ```ts
   * const fresh = gate.filter(messages, (message) => ({ id: message.messageId }));
   * ```
   */
  filter<T>(items: Iterable<T>, identify: (item: T) => GateEvent): T[] {
    const taken: T[] = [];
    const codes = judgeBatch(this.#core, this.#clock, (batch) => {
      if (typeof Object(items)[Symbol.iterator] !== "function") {
        throw invalidEvent(`items must be iterable, not ${kindOf(items)}`);
      }
      if (typeof identify !== "function") {
        throw invalidEvent(`identify must be a function, not ${kindOf(identify)}`);
      }
      for (const item of items) {
        batch.addEvent(identify(item));
        taken.push(item);
      }
    });
    return taken.filter((_, index) => codes[index] === FRESH);
  }

  /**
   * Judges many keys of one scope: the fast way for ids alone.
   *
   * @throws {OncewardError} As `checkAll`; also when `times` is not as long as `ids`.
   *
   * @example
   * ```ts
   * const verdicts = gate.checkIds(ids, { scope: "orders" });
   * ```
   */
  checkIds(
    ids: readonly string[],
    options?: {
      scope?: string | undefined;
      times?: readonly number[] | Float64Array | undefined;
    },
  ): Verdicts {
    return new Verdicts(judgeIds(this.#core, this.#clock, ids, options));
  }

  /**
   * Judges a revision for each entity.
   *
   * @throws {OncewardError} As `checkAll`; also when the two are not equally long.
   *
   * @example
   * ```ts
   * const verdicts = gate.checkRevisions(["ACME", "EMCA"], new BigUint64Array([7n, 3n]));
   * ```
   */
  checkRevisions(
    entities: readonly string[],
    revisions: readonly Ordinal[] | BigUint64Array,
    options?: { scope?: string | undefined },
  ): Verdicts {
    return new Verdicts(judgeRevisions(this.#core, this.#clock, entities, revisions, options));
  }

  /**
   * Judges positions of one source.
   *
   * @throws {OncewardError} As `checkAll`.
   *
   * @example
   * ```ts
   * const verdicts = gate.checkPositions("orders/3", records.map(({ offset }) => offset));
   * ```
   */
  checkPositions(
    source: string,
    positions: readonly Ordinal[] | BigUint64Array,
    options?: { scope?: string | undefined; epoch?: Ordinal | undefined },
  ): Verdicts {
    return new Verdicts(judgePositions(this.#core, this.#clock, source, positions, options));
  }

  /**
   * Tells what `check` would say now, and why. It records nothing and does not advance the clock.
   *
   * @throws {OncewardError} As `check`.
   *
   * @example
   * ```ts
   * const { verdict, current } = gate.inspect({ entity: "ACME", revision: 5 });
   * // verdict "stale", current 7n
   * ```
   */
  inspect(event: GateEvent): Inspection {
    this.#core.live();
    const fields = readEvent(event);
    const now = readNow(this.#clock);
    const sheet = this.#core.scratch(frameRoom(fields));
    sheet.event(fields);
    return toInspection(this.#core.inspect(sheet.length, now));
  }
}
