/**
 * The gate: it says whether an event may be acted on, and remembers which were.
 * @module
 */

// The declarations name Symbol.asyncDispose, which not every user's configuration knows.
/// <reference lib="esnext.disposable" preserve="true" />

import { judgeBatch } from "./batch.js";
import { type Claim, type ClaimOptions, Claims, type Doubt } from "./claim.js";
import { judgeIds, judgePositions, judgeRevisions } from "./columns.js";
import { CoreGate } from "./core.js";
import type { CoreOptions } from "./coretypes.js";
import { invalidEvent, invalidOption } from "./errors.js";
import { type GateEvent, type Json, kindOf, type Ordinal, readEvent } from "./event.js";
import { frameRoom } from "./frame.js";
import { type OnceOptions, Onces, type Outcome } from "./once.js";
import { type GateOptions, readNow, readOptions } from "./options.js";
import { type Inspection, type Refusal, toInspection } from "./refusal.js";
import { judgeEvent, judgeKey } from "./single.js";
import { type Stats, toStats } from "./stats.js";
import { FRESH, type Verdict, Verdicts, verdictOf } from "./verdicts.js";

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
  readonly #claims: Claims;
  readonly #onces: Onces;

  private constructor(core: CoreGate, clock: () => number, options: CoreOptions) {
    if (!(core instanceof CoreGate)) {
      throw invalidOption("a gate is made by Gate.open(), not by new");
    }
    this.#core = core;
    this.#clock = clock;
    this.#claims = new Claims(core, clock, options);
    this.#onces = new Onces(this.#claims);
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
    return new Gate(new CoreGate(core, secret, readNow(clock)), clock, core);
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

  /**
   * Claims one event: leave to act on it, for a while, or why not.
   *
   * @throws {OncewardError} As `check`; `invalid_option` for the lease.
   *
   * @example
   * ```ts
   * const claim = gate.claim({ scope: "mail", id: order.id }, { lease: "5m" });
   * if (claim.verdict === "fresh") claim.commit(await send(order));
   * else if (claim.verdict === "duplicate") return claim.result;
   * ```
   */
  claim(event: GateEvent, options?: ClaimOptions): Claim | Refusal {
    return this.#claims.claim(event, options);
  }

  /**
   * Claims an event, runs the effect and commits what it returns.
   *
   * Callers of the same event at the same gate join the one whose effect is running: they get a copy
   * of its value as a replay, and when it releases, one of them takes over. A value that is neither
   * JSON nor bytes is not kept for later, and handed to those who have joined as it is.
   *
   * @throws {OncewardError} As `claim`, and `closed` while it waits; and whatever the effect throws.
   *
   * @example
   * ```ts
   * const outcome = await gate.once({ scope: "pay", id }, (claim) => charge(card, claim.token));
   * if (outcome.status === "refused") return tryLater(outcome.refusal.retryAfter);
   * return outcome.value;
   * ```
   */
  async once<T>(
    event: GateEvent,
    effect: (claim: Claim) => T | Promise<T>,
    options?: OnceOptions,
  ): Promise<Outcome<T>> {
    return await this.#onces.run(event, effect, options);
  }

  /**
   * Ends a doubt, with all identities of its event: the effect has happened, or it has not.
   *
   * @throws {OncewardError} `not_in_doubt`; `invalid_event` also when the result is neither JSON nor
   * bytes.
   *
   * @example
   * ```ts
   * gate.resolve({ scope: "pay", id }, "committed", { receipt });
   * ```
   */
  resolve(event: GateEvent, as: "committed" | "released", result?: Json | Uint8Array): void {
    this.#claims.resolve(event, as, result);
  }

  /** Returns the claims that ended without an answer; `resolve` ends their doubt. */
  doubts(): Doubt[] {
    return this.#claims.doubts();
  }

  /**
   * Returns how an event is named in reports such as `doubts`, in hexadecimal.
   *
   * @throws {OncewardError} `invalid_event`.
   */
  fingerprint(event: GateEvent): string {
    return this.#claims.fingerprint(event);
  }

  /**
   * Forgets one key, entity or source, and returns how many records that were.
   *
   * It is the way out when a forged revision blocks an entity. Afterwards the same event is fresh
   * again. Claims on it are lost.
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
    const records = this.#core.forget(sheet.length);
    this.#claims.waiting.wake(fields);
    return records;
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
    return toStats(this.#core.stats());
  }

  /** Closes the gate and gives its memory back. Closing it again does nothing. */
  async close(): Promise<void> {
    this.#core.free();
    this.#claims.waiting.wakeAll();
  }

  /** Closes the gate at the end of an `await using` block. */
  async [asyncDispose](): Promise<void> {
    await this.close();
  }
}
