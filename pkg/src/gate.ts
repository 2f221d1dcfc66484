/**
 * The gate: it says whether an event may be acted on, and remembers which were.
 * @module
 */

// The declarations name Symbol.asyncDispose, which not every user's configuration knows.
/// <reference lib="esnext.disposable" preserve="true" />

import { appendEvent, judgeBatch } from "./batch.js";
import { judgeIds, judgePositions, judgeRevisions } from "./columns.js";
import { CoreGate, type CoreInspection } from "./core.js";
import { invalidEvent, invalidOption } from "./errors.js";
import { type GateEvent, kindOf, type Ordinal, readEvent } from "./event.js";
import { frameRoom } from "./frame.js";
import { type GateOptions, readNow, readOptions } from "./options.js";
import { FRESH, VERDICTS, type Verdict, Verdicts, verdictOf } from "./verdicts.js";

/** What a gate would say about an event, and what it knows that decided it. */
export interface Inspection {
  readonly verdict: Verdict;
  /** With `early`: the predecessor that must come first. */
  readonly expected?: bigint;
  /** With `stale`: the last accepted revision, or the source's epoch. */
  readonly current?: bigint;
  /** Where the key decided: when it was accepted, or issued if that is later, in milliseconds. */
  readonly since?: number;
}

/** What a gate holds, and what it has said. */
export interface Stats {
  /** How many keys are remembered. */
  readonly keys: number;
  /** How many entities have a last revision. */
  readonly entities: number;
  /** How many sources have a mark. */
  readonly sources: number;
  /** The memory that the state takes. */
  readonly bytes: number;
  /** The most that it may take. */
  readonly maxBytes: number;
  /** Keys are remembered exactly while they are not older than this; 0 while none was forgotten. */
  readonly horizon: number;
  /** How often each verdict was given. */
  readonly verdicts: Readonly<Record<Verdict, number>>;
}

// Older runtimes lack the symbol; the registered one is what their polyfills use.
const asyncDispose: typeof Symbol.asyncDispose =
  Symbol.asyncDispose ?? Symbol.for("Symbol.asyncDispose");

/**
 * Lets each event through once, and only forwards.
 *
 * Every method either does all it says or throws an `OncewardError` and changes nothing. After
 * `close`, all of them throw `closed`.
 *
 * @example
 * ```ts
 * await using gate = await Gate.open({ retention: "24h" });
 *
 * gate.check({ id: "payment-1" });               // "fresh": act
 * gate.check({ id: "payment-1" });               // "duplicate": do not
 * gate.check({ entity: "ACME", revision: 7 });   // "fresh"
 * gate.check({ entity: "ACME", revision: 5 });   // "stale": ACME is at 7
 * ```
 */
export class Gate {
  readonly #core: CoreGate;
  readonly #clock: () => number;

  private constructor(core: CoreGate, clock: () => number) {
    if (!(core instanceof CoreGate)) {
      throw invalidOption("a gate is made by Gate.open(), not by new");
    }
    this.#core = core;
    this.#clock = clock;
  }

  /**
   * Opens a gate. It keeps its state in memory.
   *
   * @throws {OncewardError} `invalid_option` for an unknown option or one out of range;
   * `internal` where WebAssembly cannot run.
   *
   * @example
   * ```ts
   * const gate = await Gate.open({ retention: "24h", positions: "next" });
   * ```
   */
  static async open(options?: GateOptions): Promise<Gate> {
    const { core, secret, clock } = readOptions(options);
    return new Gate(new CoreGate(core, secret, readNow(clock)), clock);
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
    const fields = readEvent(event);
    const now = readNow(this.#clock);
    const sheet = this.#core.scratch(frameRoom(fields));
    sheet.event(fields);
    return verdictOf(this.#core.check(sheet.length, now));
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
        appendEvent(batch, events[index], index);
      }
      return count;
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
        appendEvent(batch, identify(item), taken.length);
        taken.push(item);
      }
      return taken.length;
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

  /**
   * Forgets one key, entity or source, and returns how many records that were.
   *
   * It is the way out when a forged revision blocks an entity. Afterwards the same event is fresh
   * again.
   *
   * @throws {OncewardError} `invalid_event` unless exactly one name is given, with at most a scope.
   *
   * @example
   * ```ts
   * gate.forget({ scope: "sensors", entity: "sensor-7" });
   * ```
   */
  forget(
    what:
      | { scope?: string | undefined; id: string }
      | { scope?: string | undefined; entity: string }
      | { scope?: string | undefined; source: string },
  ): number {
    this.#core.live();
    const fields = readEvent(what);
    const { scope: _, ...named } = fields;
    const [name, ...others] = Object.entries(named).flatMap(([field, value]) =>
      value === undefined ? [] : [field],
    );
    if ((name !== "id" && name !== "entity" && name !== "source") || others.length > 0) {
      throw invalidEvent("forget takes one id, entity or source, and at most a scope with it");
    }
    const sheet = this.#core.scratch(frameRoom(fields));
    sheet.event(fields);
    return this.#core.forget(sheet.length);
  }

  /**
   * Returns what the gate holds, and how often it gave each verdict.
   *
   * @example
   * ```ts
   * const { bytes, maxBytes, verdicts } = gate.stats();
   * ```
   */
  stats(): Stats {
    const { verdicts, keys, entities, sources, bytes, maxBytes, horizon } = this.#core.stats();
    const counts = Object.fromEntries(VERDICTS.map((name, code) => [name, verdicts[code] ?? 0]));
    return {
      keys,
      entities,
      sources,
      bytes,
      maxBytes,
      horizon,
      verdicts: counts as Record<Verdict, number>,
    };
  }

  /** Closes the gate and gives its memory back. Closing it again does nothing. */
  async close(): Promise<void> {
    this.#core.free();
  }

  /** Closes the gate at the end of an `await using` block. */
  async [asyncDispose](): Promise<void> {
    await this.close();
  }
}

function toInspection({ verdict, expected, current, since }: CoreInspection): Inspection {
  return {
    verdict: verdictOf(verdict),
    ...(expected === undefined ? {} : { expected: BigInt(expected) }),
    ...(current === undefined ? {} : { current: BigInt(current) }),
    ...(since === undefined ? {} : { since }),
  };
}
