/**
 * Claims: leave to act on one event, for a while, and what became of it.
 * @module
 */

// The declarations name Symbol.dispose, which not every user's configuration knows.
/// <reference lib="esnext.disposable" preserve="true" />

import type { CoreGate } from "./core.js";
import type { CoreClaim, CoreDoubt } from "./coretypes.js";
import { invalidEvent, invalidOption, OncewardError } from "./errors.js";
import { type Json, readEvent, readKept } from "./event.js";
import { type ContentBytes, type Fields, frameRoom } from "./frame.js";
import { type Duration, readDuration, readNow, readOneOf, takeOptions } from "./options.js";
import { type Refusal, toRefusal } from "./refusal.js";
import { type LockFields, Waiting } from "./waiting.js";

/** How a claim is made. */
export interface ClaimOptions {
  /** How long it is valid. @default the gate's `lease` */
  lease?: Duration | undefined;
}

/** A claim that ended without an answer. */
export interface Doubt {
  /** How the event is named in reports, as by `fingerprint`. */
  readonly key: string;
  /** The fencing token of the claim. */
  readonly token: bigint;
  /** How many claims there were, that one included, since the event was last answered: from 1. */
  readonly attempt: number;
  /** Since when nobody knows, in milliseconds. */
  readonly since: number;
}

// Older runtimes lack the symbol; the registered one is what their polyfills use.
const dispose: typeof Symbol.dispose = Symbol.dispose ?? Symbol.for("Symbol.dispose");

/** Reads a lease that must be given. */
function readLease(value: unknown): number {
  if (value === undefined) {
    throw invalidOption("the lease to extend by must be given");
  }
  return readDuration(value, "lease", 0);
}

/** How a claim ended, as far as its owner was told. */
type Ending = "committed" | "late" | "released" | "doubted";

/** What the owner of a claim holds of it: the core's ticket, and how it ended. */
export class Ticket {
  readonly token: bigint;
  readonly attempt: number;
  readonly takeover: boolean;
  readonly locks: LockFields;

  /** When the lease is over. */
  leaseUntil: number;

  /** How it ended; undefined while it has not, or someone else won. */
  ending: Ending | undefined;

  /** Whether a commit was tried: then the effect has happened, and is not to be called undone. */
  wasTried = false;

  readonly #claims: Claims;
  readonly #ticket: Uint8Array;

  constructor(claims: Claims, granted: CoreClaim, { scope, id, entity, source }: LockFields) {
    this.#claims = claims;
    this.#ticket = granted.ticket;
    this.token = granted.token;
    this.attempt = granted.attempt;
    this.takeover = granted.takeover;
    this.leaseUntil = granted.leaseUntil;
    this.locks = { scope, id, entity, source };
  }

  /** Throws when the gate was closed. */
  live(): void {
    this.#claims.core.live();
  }

  commit(result: ContentBytes | undefined): "committed" | "late" {
    const { core, clock } = this.#claims;
    const isLate = core.commit(this.#ticket, result, readNow(clock));
    const ending = isLate ? "late" : "committed";
    this.#end(ending);
    return ending;
  }

  /** Commits a result if it is one and can be kept; else that there was one. */
  commitKept(result: ContentBytes | undefined | null): "committed" | "late" {
    const { maxResultBytes } = this.#claims;
    if (result === undefined || (result !== null && result.bytes.length <= maxResultBytes)) {
      return this.commit(result);
    }
    // One that is too large by a byte stands for all that are not kept.
    return this.commit({ json: false, bytes: new Uint8Array(maxResultBytes + 1) });
  }

  release(): void {
    const { core, clock } = this.#claims;
    core.release(this.#ticket, readNow(clock));
    this.#end("released");
  }

  doubt(): void {
    const { core, clock } = this.#claims;
    core.doubt(this.#ticket, readNow(clock));
    this.#end("doubted");
  }

  extend(lease: number): void {
    const { core, clock } = this.#claims;
    this.leaseUntil = core.extend(this.#ticket, lease, readNow(clock));
  }

  #end(ending: Ending): void {
    this.ending = ending;
    this.#claims.waiting.wake(this.locks);
  }
}

/**
 * Leave to act on one event, until the lease is over or it is ended.
 *
 * While it lasts, the event's key, entity and source are `pending` for everyone else. End it with
 * `commit` when the effect has happened, `release` when it has not, and `doubt` when nobody knows.
 * What is not ended lapses: under `afterCrash: "retry"` the next claim takes over, under `"hold"` it
 * is in doubt.
 *
 * At the end of a `using` block a claim that was not ended is released, for then nothing has been
 * done. One whose commit was tried and refused is left to lapse, for then something has.
 *
 * @example
 * ```ts
 * using claim = gate.claim({ scope: "mail", id: order.id });
 * if (claim.verdict !== "fresh") return answerWith(claim);
 * const receipt = await send(order, { fencingToken: claim.token });
 * claim.commit({ receipt: receipt.id });
 * ```
 */
export class Claim {
  /** Tells it from a refusal. */
  readonly verdict = "fresh";

  /** The fencing token, greater than all before: hand it to the resource, which refuses less. */
  readonly token: bigint;

  /** How many claims there were, this one included, since the event was last answered: from 1. */
  readonly attempt: number;

  /** Whether an earlier claim lapsed without an answer, so that its effect may have happened. */
  readonly takeover: boolean;

  readonly #ticket: Ticket;

  /** @internal */
  constructor(ticket: Ticket) {
    this.token = ticket.token;
    this.attempt = ticket.attempt;
    this.takeover = ticket.takeover;
    this.#ticket = ticket;
  }

  /** When the lease is over, in milliseconds: at exactly that time it is. */
  get leaseUntil(): number {
    return this.#ticket.leaseUntil;
  }

  /**
   * Ends it: the effect has happened. The event is a duplicate from now on, and comes with the
   * result.
   *
   * A result is JSON, or bytes that come back byte for byte; `undefined` is none. It is copied at
   * once. One larger than `maxResultBytes` is not kept, and duplicates come with `omitted` instead.
   * It is `"late"` when the lease was over already, but nobody had taken over. To commit the same
   * result again is fine.
   *
   * @throws {OncewardError} `lost_claim` when someone else has won or it was ended otherwise:
   * `error.refusal` says how; `invalid_event` when the result is neither JSON nor bytes, and the
   * claim is kept.
   *
   * @example
   * ```ts
   * claim.commit({ status: 201, body: { id: 7 } });
   * ```
   */
  commit(result?: Json | Uint8Array): "committed" | "late" {
    this.#ticket.live();
    this.#ticket.wasTried = true;
    return this.#ticket.commit(readKept(result, "the result"));
  }

  /**
   * Ends it: nothing has happened, and a retry is safe.
   *
   * @throws {OncewardError} `lost_claim`.
   */
  release(): void {
    this.#ticket.live();
    this.#ticket.release();
  }

  /**
   * Ends it: nobody knows whether something has happened. The event is `in-doubt` until the owner
   * commits or releases after all, or someone calls `Gate.resolve`.
   *
   * @throws {OncewardError} `lost_claim`.
   */
  doubt(): void {
    this.#ticket.live();
    this.#ticket.doubt();
  }

  /**
   * Counts the lease from now, if that makes it end later.
   *
   * @throws {OncewardError} `lost_claim`, also when the lease is over already; `invalid_option`.
   *
   * @example
   * ```ts
   * claim.extend("5m");
   * ```
   */
  extend(lease: Duration): void {
    this.#ticket.live();
    this.#ticket.extend(readLease(lease));
  }

  /** Releases it at the end of a `using` block, unless it was ended. It never throws. */
  [dispose](): void {
    const { ending, wasTried } = this.#ticket;
    if (ending !== undefined || wasTried) {
      return;
    }
    try {
      this.release();
    } catch {
      // Someone else has won, or the gate is closed: there is nothing left to release.
    }
  }
}

/** All that is claimed at one gate, and those who wait for it. */
export class Claims {
  readonly core: CoreGate;
  readonly clock: () => number;
  /** How long a claim is valid that does not say otherwise. */
  readonly lease: number;
  /** The most bytes of a result that is kept. */
  readonly maxResultBytes: number;
  readonly waiting = new Waiting();

  constructor(
    core: CoreGate,
    clock: () => number,
    { lease, maxResultBytes }: { readonly lease: number; readonly maxResultBytes: number },
  ) {
    this.core = core;
    this.clock = clock;
    this.lease = lease;
    this.maxResultBytes = maxResultBytes;
  }

  /** Claims an event whose fields were read. */
  take(fields: Fields, lease: number): Ticket | Refusal {
    this.core.live();
    const now = readNow(this.clock);
    const answer = this.core.claim(this.#write(fields), lease, now);
    if ("ticket" in answer) {
      return new Ticket(this, answer, fields);
    }
    const refusal = toRefusal(answer);
    if (refusal === undefined) {
      throw new OncewardError("internal", "a claim was neither granted nor refused");
    }
    return refusal;
  }

  /** As `Gate.claim`. */
  claim(event: unknown, options: unknown): Claim | Refusal {
    this.core.live();
    const fields = readEvent(event);
    const given = takeOptions(options, "the options of a claim", ["lease"]);
    const taken = this.take(fields, readDuration(given.lease, "lease", this.lease));
    return taken instanceof Ticket ? new Claim(taken) : taken;
  }

  /** As `Gate.resolve`. */
  resolve(event: unknown, as: unknown, result: unknown): void {
    this.core.live();
    const fields = readEvent(event);
    if (as === undefined) {
      throw invalidOption('it must be said how it ended: "committed" or "released"');
    }
    const how = readOneOf(as, "as", ["committed", "released"]);
    const answer = readKept(result, "the result");
    if (how === "released" && answer !== undefined) {
      throw invalidEvent("what was released has no result");
    }
    const now = readNow(this.clock);
    // Nobody waits for a doubt, so there is nobody to wake.
    this.core.resolve(this.#write(fields), how, answer, now);
  }

  /** As `Gate.doubts`. */
  doubts(): Doubt[] {
    this.core.live();
    return this.core
      .doubts(readNow(this.clock))
      .map(({ key, token, attempt, since }: CoreDoubt) => ({ key, token, attempt, since }));
  }

  /** As `Gate.fingerprint`. */
  fingerprint(event: unknown): string {
    this.core.live();
    return this.core.fingerprint(this.#write(readEvent(event)));
  }

  /** Writes the event into the scratch; returns how many bytes it takes. */
  #write(fields: Fields): number {
    const sheet = this.core.scratch(frameRoom(fields));
    sheet.event(fields);
    return sheet.length;
  }
}
