/**
 * Acting once: claim, effect and commit in one call, which callers of the same event join.
 * @module
 */

import { Claim, type Claims, Ticket } from "./claim.js";
import { invalidOption, OncewardError } from "./errors.js";
import { type Json, kindOf, readEvent, readKept } from "./event.js";
import type { ContentBytes, Fields } from "./frame.js";
import { attempt, isConfirmed, renew } from "./holding.js";
import { type Duration, readDuration, readFlag, readOneOf, takeOptions } from "./options.js";
import { decodeContent, type Refusal } from "./refusal.js";
import { lockNames, type Wait } from "./waiting.js";

/** What becomes of the claim when the effect throws. */
type ErrorChoice = "release" | "doubt" | "commit";

/** How `once` waits, renews and takes errors. */
export interface OnceOptions {
  /** How long the claim is valid. @default the gate's `lease` */
  lease?: Duration | undefined;
  /** Whether the lease is extended while the effect runs, at each third of it. @default true */
  renew?: boolean | undefined;
  /**
   * Whether to wait while someone else acts, also in this process, or to be refused at once.
   * @default "wait"
   */
  onPending?: "wait" | "refuse" | undefined;
  /** How long to wait before being refused as `pending` after all. @default the lease */
  maxWait?: Duration | undefined;
  /**
   * Says what an error of the effect means; the error itself is always thrown on.
   *
   * - `release`: nothing has happened, and a retry is safe
   * - `doubt`: it may have happened, and the event is `in-doubt`
   * - `commit`: the error is the answer, replayed as `{ error: { name, message } }`
   *
   * @default () => "release", unless the effect ended the claim itself
   */
  onError?: ((error: unknown) => ErrorChoice) | undefined;
}

/** What came of a call of `once`. */
export type Outcome<T> =
  | {
      /** The effect ran in this call. */
      readonly status: "applied";
      /** What the effect returned. */
      readonly value: T;
      /** The lease was over before the effect was, but nobody had taken over. */
      readonly late?: boolean;
      /** It could not be recorded, so that it may run again. */
      readonly unconfirmed?: boolean;
    }
  | {
      /** The effect ran before, or in another call at the same time. */
      readonly status: "replayed";
      /** A copy of what the effect returned, if that is kept. */
      readonly value: T | undefined;
      /** The value is not known: it is no longer kept, never fitted, or was not given. */
      readonly omitted: boolean;
      /** The store failed to confirm that it ran, so that it may run again. */
      readonly unconfirmed?: boolean;
    }
  | {
      /** The effect did not run, nor has it before as far as is known. */
      readonly status: "refused";
      /** Why not. */
      readonly verdict: Exclude<Refusal["verdict"], "duplicate">;
      /** What is known of it. */
      readonly refusal: Refusal;
    };

/** An effect that is running in this process, for others of the same event to join. */
interface Flight {
  /** Whether anyone has joined. */
  isJoined: boolean;
  /** Gives each of them a value of their own, once it was recorded. */
  answer: (() => unknown) | undefined;
}

interface ReadOnce {
  readonly lease: number;
  readonly renew: boolean;
  readonly onPending: "wait" | "refuse";
  readonly maxWait: number;
  readonly onError: ((error: unknown) => unknown) | undefined;
}

/** The calls of `once` at one gate. */
export class Onces {
  readonly #claims: Claims;
  readonly #flush: (() => Promise<void>) | undefined;
  readonly #flights = new Map<string, Flight>();

  /** `flush` has the store confirm what is recorded, if there is a store. */
  constructor(claims: Claims, flush: (() => Promise<void>) | undefined) {
    this.#claims = claims;
    this.#flush = flush;
  }

  /** As `Gate.once`. */
  async run<T>(event: unknown, effect: unknown, options: unknown): Promise<Outcome<T>> {
    this.#claims.core.live();
    const fields = keep(readEvent(event));
    if (typeof effect !== "function") {
      throw invalidOption(`the effect must be a function, not ${kindOf(effect)}`);
    }
    const given = readOnce(options, this.#claims.lease);
    const name = flightName(fields);
    let wait: Wait | undefined;
    let lost: Ticket | undefined;
    try {
      for (;;) {
        // One that was lost before it acted may have come back, and would be in the way.
        attempt(() => lost?.release());
        // Between the claim and the flight nobody else may run, or they would not know to join.
        const taken = this.#claims.take(fields, given.lease);
        if (taken instanceof Ticket) {
          wait?.end();
          wait = undefined;
          const run = effect as (claim: Claim) => T | Promise<T>;
          const outcome = await this.#act(name, taken, run, given);
          if (outcome !== undefined) {
            return outcome;
          }
          lost = taken;
          continue;
        }
        const mayWait = given.onPending === "wait" && given.maxWait > 0 && wait?.isOver !== true;
        if (taken.verdict !== "pending" || !mayWait) {
          return await this.#confirmed(outcomeOf<T>(taken));
        }
        wait ??= this.#claims.waiting.start(lockNames(fields), given.maxWait);
        const flight = this.#join(name);
        // When a stage ends nobody can say.
        await wait.pause(taken.retryAfter ?? Number.POSITIVE_INFINITY);
        if (flight?.answer !== undefined) {
          const value = flight.answer() as T;
          return await this.#confirmed({ status: "replayed", value, omitted: false });
        }
      }
    } finally {
      wait?.end();
    }
  }

  #join(name: string): Flight | undefined {
    const flight = this.#flights.get(name);
    if (flight !== undefined) {
      flight.isJoined = true;
    }
    return flight;
  }

  /**
   * Runs the effect under the claim, and records how it ended; returns nothing, and does not run it,
   * when the claim was lost before the store had confirmed it.
   */
  async #act<T>(
    name: string,
    ticket: Ticket,
    effect: (claim: Claim) => T | Promise<T>,
    given: ReadOnce,
  ): Promise<Outcome<T> | undefined> {
    const flight: Flight = { isJoined: false, answer: undefined };
    this.#flights.set(name, flight);
    try {
      // Without a store the effect starts at once.
      if (this.#flush !== undefined && !(await isConfirmed(ticket, given.lease, this.#flush))) {
        return undefined;
      }
      let value: T;
      try {
        value = await perform(ticket, flight, effect, given, this.#flush);
      } catch (error) {
        // How it ended is worth keeping, but the effect's error matters more.
        await this.#flush?.().catch(() => {});
        throw error;
      }
      return await this.#confirmed(settleValue(ticket, flight, value));
    } finally {
      if (this.#flights.get(name) === flight) {
        this.#flights.delete(name);
      }
    }
  }

  /** Has the store, if there is one, confirm that an effect has happened, in this call or before. */
  async #confirmed<T>(outcome: Outcome<T>): Promise<Outcome<T>> {
    if (this.#flush === undefined || outcome.status === "refused") {
      return outcome;
    }
    return await this.#flush().then(
      () => outcome,
      () => ({ ...outcome, unconfirmed: true }),
    );
  }
}

/** Runs the effect; an error of it is recorded, and passes. */
async function perform<T>(
  ticket: Ticket,
  flight: Flight,
  effect: (claim: Claim) => T | Promise<T>,
  given: ReadOnce,
  flush: (() => Promise<void>) | undefined,
): Promise<T> {
  const stopRenewing = given.renew ? renew(ticket, given.lease, flush) : () => {};
  try {
    return await effect(new Claim(ticket));
  } catch (error) {
    settleError(ticket, flight, error, given.onError);
    throw error;
  } finally {
    stopRenewing();
  }
}

function readOnce(options: unknown, leaseDefault: number): ReadOnce {
  const names = ["lease", "renew", "onPending", "maxWait", "onError"] as const;
  const given = takeOptions(options, "the options of once", names);
  const { onError } = given;
  if (onError !== undefined && typeof onError !== "function") {
    throw invalidOption(`onError must be a function, not ${kindOf(onError)}`);
  }
  const lease = readDuration(given.lease, "lease", leaseDefault);
  return {
    lease,
    renew: readFlag(given.renew, "renew", true),
    onPending: readOneOf(given.onPending, "onPending", ["wait", "refuse"]),
    maxWait: readDuration(given.maxWait, "maxWait", lease),
    onError: onError as ReadOnce["onError"],
  };
}

/** Copies what a caller could still change: the event is asked about again after a wait. */
function keep(fields: Fields): Fields {
  const { content } = fields;
  return content === undefined || content.json
    ? fields
    : { ...fields, content: { json: false, bytes: new Uint8Array(content.bytes) } };
}

/**
 * Names the same event in the same way: by its key if it has one, else by its revision and position.
 * Content is left out, for where it differs the gate has said `conflict` before anyone joins.
 */
function flightName({ scope = "", id, entity, revision, source, position, epoch = 0 }: Fields) {
  const texts =
    id === undefined
      ? [scope, entity ?? null, String(revision), source ?? null, String(position), String(epoch)]
      : [scope, id];
  return JSON.stringify(texts);
}

function outcomeOf<T>(refusal: Refusal): Outcome<T> {
  const { verdict, result, omitted = false, since } = refusal;
  if (verdict !== "duplicate") {
    return { status: "refused", verdict, refusal };
  }
  if (result !== undefined) {
    return { status: "replayed", value: result as T, omitted: false };
  }
  // Results belong to keys. Where the key did not decide, since is absent.
  return { status: "replayed", value: undefined, omitted: omitted || since === undefined };
}

function settleValue<T>(ticket: Ticket, flight: Flight, value: T): Outcome<T> {
  if (ticket.ending !== "committed" && ticket.ending !== "late") {
    try {
      record(ticket, flight, value);
    } catch {
      // Whatever the reason, the effect has happened, and its value is the caller's.
      return { status: "applied", value, unconfirmed: true };
    }
  }
  return { status: "applied", value, ...(ticket.ending === "late" ? { late: true } : {}) };
}

/** Commits a value, without it where it cannot be kept, and lets those who joined have it. */
function record(ticket: Ticket, flight: Flight, value: unknown): void {
  const result = tryResult(value);
  ticket.commitKept(result);
  if (flight.isJoined) {
    const copy = result && { json: result.json, bytes: new Uint8Array(result.bytes) };
    // What cannot be copied is shared.
    flight.answer = () => (copy === undefined || copy === null ? value : decodeContent(copy));
  }
}

/** Reads a result; null when it is neither JSON nor bytes. */
function tryResult(value: unknown): ContentBytes | undefined | null {
  try {
    return readKept(value, "the result");
  } catch {
    return null;
  }
}

function settleError(
  ticket: Ticket,
  flight: Flight,
  error: unknown,
  onError: ReadOnce["onError"],
): void {
  if (onError === undefined && ticket.ending !== undefined) {
    // The effect has said itself how it ended.
    return;
  }
  let choice: unknown;
  try {
    choice = onError === undefined ? "release" : onError(error);
  } catch (failure) {
    attempt(() => ticket.doubt());
    throw failure;
  }
  switch (choice) {
    case "release":
      attempt(() => ticket.release());
      break;
    case "doubt":
      attempt(() => ticket.doubt());
      break;
    case "commit":
      attempt(() => record(ticket, flight, errorAnswer(error)));
      break;
    default:
      attempt(() => ticket.doubt());
      throw new OncewardError(
        "invalid_option",
        'onError must return "release", "doubt" or "commit"',
        { cause: error },
      );
  }
}

/** What of an error is replayed: `{ error: { name, message } }`. */
function errorAnswer(error: unknown): Json {
  try {
    const { name, message } = Object(error) as Partial<Record<"name" | "message", unknown>>;
    return typeof message === "string"
      ? { error: { name: wellFormed(name ?? "Error"), message: wellFormed(message) } }
      : { error: { name: "Error", message: wellFormed(error ?? "") } };
  } catch {
    // What cannot be read, as text or at all, is an error all the same.
    return { error: { name: "Error", message: "" } };
  }
}

/** Returns a value as a text without lone surrogates, which JSON could not express. */
function wellFormed(value: unknown): string {
  return new TextDecoder().decode(new TextEncoder().encode(String(value)));
}
