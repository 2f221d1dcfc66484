/**
 * The gate: it says whether an event may be acted on, and remembers which were.
 * @module
 */

// The declarations name Symbol.asyncDispose, which not every user's configuration knows.
/// <reference lib="esnext.disposable" preserve="true" />

import { type Claim, type ClaimOptions, Claims, type Doubt } from "./claim.js";
import { CoreGate } from "./core.js";
import { invalidEvent, invalidOption } from "./errors.js";
import { type GateEvent, type Json, readEvent } from "./event.js";
import { frameRoom, NO_FIELDS } from "./frame.js";
import { Judging } from "./judging.js";
import { type MergeReport, readState, toMergeReport } from "./merging.js";
import { type OnceOptions, Onces, type Outcome } from "./once.js";
import { type Opened, open, openNow, type Recovery } from "./opening.js";
import { type GateOptions, type ReadOptions, readNow, readOptions } from "./options.js";
import type { Persistence } from "./persistence.js";
import type { Refusal } from "./refusal.js";
import { type Stage, stageEvents } from "./stage.js";
import { type Stats, toStats } from "./stats.js";

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
export class Gate extends Judging {
  /** What was found in the store when the gate was opened; `undefined` without a store. */
  readonly recovery: Recovery | undefined;

  /** How long a key is remembered, in milliseconds: what clients may rely on. */
  readonly retention: number;

  /** How long a result is kept, in milliseconds: never longer than its key. */
  readonly resultRetention: number;

  /** The most bytes of a result that is kept. */
  readonly maxResultBytes: number;

  readonly #core: CoreGate;
  readonly #clock: () => number;
  readonly #claims: Claims;
  readonly #onces: Onces;
  readonly #persistence: Persistence | undefined;
  #closing: Promise<void> | undefined;

  private constructor(opened: Opened, options: ReadOptions) {
    if (!(opened?.core instanceof CoreGate)) {
      throw invalidOption("a gate is made by Gate.open(), not by new");
    }
    const { core, persistence, recovery } = opened;
    super(core, options.clock);
    this.recovery = recovery;
    this.retention = options.core.retention;
    this.resultRetention = Math.min(options.core.resultRetention, this.retention);
    this.maxResultBytes = options.core.maxResultBytes;
    this.#core = core;
    this.#clock = options.clock;
    this.#claims = new Claims(core, options.clock, options.core);
    this.#persistence = persistence;
    this.#onces = new Onces(this.#claims, persistence && (() => this.flush()));
  }

  /**
   * Opens a gate: empty, from a snapshot, or from a store, where it goes on as it was left.
   *
   * With a store it is the one writer from then on, and what was recorded is kept by `flush`.
   *
   * @throws {OncewardError} `invalid_option` for an unknown option or one out of range; `corrupt`,
   * `unsupported_version` and `wrong_secret` for the state; `store` when the store fails; `internal`
   * where WebAssembly cannot run, or its module cannot be loaded: opening again tries again.
   *
   * @example
   * ```ts
   * const gate = await Gate.open({ store: file("state"), retention: "24h" });
   * ```
   */
  static async open(options?: GateOptions): Promise<Gate> {
    const given = readOptions(options);
    let gate: Gate | undefined;
    const opened = await open({
      ...given,
      onMerge: (report) => {
        if (gate !== undefined) {
          gate.#claims.waiting.wakeAll();
        }
        given.onMerge?.(report);
      },
    });
    gate = new Gate(opened, given);
    return gate;
  }

  /**
   * Opens a gate at once: empty, or from a snapshot. It takes all options of `open` but a store.
   *
   * It needs the WebAssembly module to be there, as it is with the entry `onceward`. Where it has to be
   * fetched (`onceward/external` in a browser), `await ready()` goes before.
   *
   * @throws {OncewardError} `invalid_option` also for a store, and when the module is not loaded yet;
   * `corrupt`, `unsupported_version` and `wrong_secret` for the snapshot; `internal`.
   *
   * @example
   * ```ts
   * const gate = Gate.openSync({ retention: "24h" });
   * ```
   */
  static openSync(options?: Omit<GateOptions, "store">): Gate {
    const given = readOptions(options);
    return new Gate(openNow(given), given);
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
   * Judges events, and records them only once the stage is kept: for when that happens in the user's
   * own transaction, together with the effect. That is the one true case of exactly once.
   *
   * @throws {OncewardError} As `checkAll`.
   *
   * @example
   * ```ts
   * const stage = gate.stage([{ id: message.id }]);
   * if (stage.verdicts.at(0) === "fresh") await save(message, stage.changes);
   * stage.keep();
   * ```
   */
  stage(events: readonly GateEvent[]): Stage {
    const { waiting } = this.#claims;
    return stageEvents(this.#core, this.#clock, events, () => waiting.wakeAll());
  }

  /**
   * Returns all that is remembered, as bytes: equal states give equal bytes. They hold no names and no
   * contents, but results, and the secret unless it was given.
   *
   * @throws {OncewardError} `capacity` when the machine has no memory for them.
   *
   * @example
   * ```ts
   * const copy = await Gate.open({ snapshot: gate.snapshot() });
   * ```
   */
  snapshot(): Uint8Array {
    return this.#core.snapshot();
  }

  /**
   * Returns what was recorded since the last call, for other copies to merge. The first time, and when
   * that is more than a snapshot holds, it is one.
   *
   * @throws {OncewardError} `capacity`, the first time also when nothing can be set aside for keeping
   * track: a sixteenth of `maxBytes`.
   *
   * @example
   * ```ts
   * channel.postMessage(gate.changes());
   * ```
   */
  changes(): Uint8Array {
    return this.#core.changes();
  }

  /**
   * Takes over what another copy remembers: its `snapshot()` or `changes()`, in any order and as often
   * as they come. Copies that have merged the same are the same.
   *
   * It does not keep two copies from acting on the same event at the same time; it tells when they did.
   *
   * @throws {OncewardError} `corrupt`, `unsupported_version`, `wrong_secret` for the bytes;
   * `invalid_option` when they are of other `revisions` or `positions`; `capacity`.
   *
   * @example
   * ```ts
   * const { doubleRuns } = gate.merge(bytes);
   * for (const { key, loser } of doubleRuns) alert(`${key} was acted on twice: ${loser}`);
   * ```
   */
  merge(bytes: Uint8Array): MergeReport {
    this.#core.live();
    const report = toMergeReport(this.#core.merge(readState(bytes), false));
    this.#claims.waiting.wakeAll();
    return report;
  }

  /**
   * Resolves once the store has confirmed all that is recorded now. Without a store it does at once.
   *
   * @throws {OncewardError} `store` when the store fails: nothing is lost, and the next flush tries
   * again; `fenced` when another writer took over: the gate must be opened anew.
   */
  async flush(): Promise<void> {
    this.#core.live();
    await this.#persistence?.flush();
  }

  /**
   * Forgets one key, entity or source, and returns how many records that were.
   *
   * It is the way out when a forged revision blocks an entity. Afterwards the same event is fresh
   * again. Claims on it are lost. Other copies do not hear of it: what they still know comes back with
   * the next merge.
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

  /**
   * Issues the revision after the last one of an entity, and records it as accepted: no other caller
   * gets it, and when it comes back it is a duplicate. The first is `firstRevision`, or 1.
   *
   * @throws {OncewardError} `lost_claim` while another has claimed or staged a revision of the entity,
   * with what the gate says of that as its `refusal`; otherwise as `check`.
   *
   * @example
   * ```ts
   * const update = { entity: "ACME", revision: gate.nextRevision({ entity: "ACME" }), price: 12 };
   * ```
   */
  nextRevision(what: { scope?: string | undefined; entity: string }): bigint {
    this.#core.live();
    const { scope, entity, ...others } = readEvent(what);
    if (entity === undefined || Object.values(others).some((value) => value !== undefined)) {
      throw invalidEvent("nextRevision takes one entity, and at most a scope with it");
    }
    const fields = { ...NO_FIELDS, scope, entity };
    const now = readNow(this.#clock);
    const sheet = this.#core.scratch(frameRoom(fields));
    sheet.event(fields);
    return BigInt(this.#core.nextRevision(sheet.length, now));
  }

  /**
   * Flushes, leaves the store to others, and gives the memory back. Closing again does nothing.
   *
   * @throws {OncewardError} As `flush`; the gate stays open then.
   */
  async close(): Promise<void> {
    this.#closing ??= this.#close().catch((error: unknown) => {
      this.#closing = undefined;
      throw error;
    });
    await this.#closing;
  }

  async #close(): Promise<void> {
    if (!this.#core.isClosed) {
      // Without a store it is closed at once.
      if (this.#persistence !== undefined && !this.#core.isDead) {
        await this.#persistence.flush();
      }
      this.#core.free();
      this.#claims.waiting.wakeAll();
    }
    await this.#persistence?.release();
  }

  /** Closes the gate at the end of an `await using` block. */
  async [asyncDispose](): Promise<void> {
    await this.close();
  }
}
