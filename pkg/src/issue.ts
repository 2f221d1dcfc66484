/**
 * The producer's half: revisions that only go up, and ids that are told apart.
 * @module
 */

import { invalidEvent, invalidOption } from "./errors.js";
import { isBytes, type Json, kindOf, type Ordinal, readKept, readOrdinal } from "./event.js";
import { requireWellFormed } from "./frame.js";
import { Handle } from "./handle.js";
import { instance, run } from "./instance.js";
import {
  asOption,
  type Duration,
  readClock,
  readDecimal,
  readDuration,
  readNow,
  readSecret,
  takeOptions,
} from "./options.js";
import * as glue from "./wasm/core.js";

/** How revisions are issued. */
export interface RevisionClockOptions {
  /** Returns whole milliseconds since 1970. @default Date.now */
  clock?: (() => number) | undefined;
  /**
   * Tells this producer from all others, from 0 to 1023. Two that issue revisions of the same entities
   * need different ones. @default drawn at random, so that one pair in 1,024 is the same
   */
  node?: number | undefined;
  /** The last revision of an earlier life, after which this one goes on. @default none */
  last?: Ordinal | undefined;
  /** How far ahead of the clock a revision may be. @default "5m" */
  maxDrift?: Duration | undefined;
}

const NODES = 1024;
const MAX_DRIFT_MS = 5 * 60_000;
const CLOCK_NAMES = ["clock", "node", "last", "maxDrift"] as const;

/**
 * Issues revisions that strictly increase: under a clock that stands still or jumps back, after a
 * restart that was given `last`, and after all that were observed. A hybrid logical clock in one
 * ordinal: milliseconds, 16 bits of a counter and 10 bits of the node.
 *
 * @example
 * ```ts
 * const revisions = new RevisionClock({ node: 7, last: await storage.get("last") });
 * const update = { entity: "ACME", revision: revisions.next(), price: 12 };
 * revisions.observe(received.revision); // the next one is greater than that
 * ```
 */
export class RevisionClock {
  readonly #core: Handle<glue.Revisor>;
  readonly #clock: () => number;

  /** @throws {OncewardError} `invalid_option`. */
  constructor(options?: RevisionClockOptions) {
    const given = takeOptions(options, "the revision clock's options", CLOCK_NAMES);
    const last = readDecimal(given.last, "last");
    const drift = readDuration(given.maxDrift, "maxDrift", MAX_DRIFT_MS);
    const node = given.node === undefined ? drawNode() : given.node;
    if (typeof node !== "number") {
      throw invalidOption(`node must be a number, not ${kindOf(node)}`);
    }
    this.#clock = readClock(given.clock);
    this.#core = new Handle(() => new glue.Revisor(node, drift, last));
  }

  /** What was issued or observed last: what to keep, and to give as `last` after a restart. */
  get last(): bigint | undefined {
    const last = this.#core.call((core) => core.last());
    return last === "" ? undefined : BigInt(last);
  }

  /**
   * Issues a revision greater than all that were issued and observed.
   *
   * @throws {OncewardError} `jump` when that would be more than `maxDrift` ahead of the clock, which
   * takes 65,536 revisions for each of its milliseconds; `invalid_option` for the clock's reading.
   */
  next(): bigint {
    const now = readNow(this.#clock);
    return BigInt(this.#core.call((core) => core.next(now)));
  }

  /**
   * Takes note of a revision from elsewhere.
   *
   * @throws {OncewardError} `jump` when it is more than `maxDrift` ahead of the clock, and nothing is
   * noted; `invalid_event` when it is not an ordinal.
   */
  observe(revision: Ordinal): void {
    const given = readOrdinal(revision, "revision");
    if (given === undefined) {
      throw invalidEvent("revision is missing");
    }
    const now = readNow(this.#clock);
    this.#core.call((core) => core.observe(String(given), now));
  }
}

function drawNode(): number {
  const [drawn = 0] = crypto.getRandomValues(new Uint16Array(1));
  return drawn % NODES;
}

const RANDOM_BYTES = 10;
let ids: Handle<glue.Ids> | undefined;

/**
 * Returns a new UUID of version 7 (RFC 9562, section 5.7): an idempotency key that sorts by time.
 *
 * Without `now`, each is greater than all before it in this process. With it, the id is of exactly
 * that time, and only those of the same millisecond in succession increase.
 *
 * @throws {OncewardError} `invalid_option` when `now` is not whole milliseconds since 1970.
 *
 * @example
 * ```ts
 * const headers = { "Idempotency-Key": `"${newId()}"` };
 * ```
 */
export function newId(now?: number): string {
  if (now !== undefined && typeof now !== "number") {
    throw invalidOption(`now must be a number, not ${kindOf(now)}`);
  }
  const random = crypto.getRandomValues(new Uint8Array(RANDOM_BYTES));
  if (ids === undefined || ids.isDead) {
    ids = new Handle(() => new glue.Ids());
  }
  return ids.call((source) => source.make(now ?? Date.now(), now !== undefined, random));
}

/** How an id is made from content. */
export interface ContentIdOptions {
  /**
   * Keys the id, so that nobody else can find out by trying which content it is of. Use one where the
   * fields are sensitive. @default none
   */
  secret?: string | Uint8Array | undefined;
  /** The top-level fields that do not count, such as the time of sending. @default [] */
  omit?: readonly string[] | undefined;
}

/**
 * Returns an id made from what makes an event what it is: the same wherever and whenever it is made
 * from the same content, and another for any other. The order of fields is of no consequence.
 *
 * It is a UUID of version 8 (RFC 9562, section 5.8) with 122 bits of a SHA-256, or with a secret of an
 * HMAC. An event that is to happen twice needs a field that says so.
 *
 * @throws {OncewardError} `invalid_event` when the value is neither JSON nor bytes, or has no fields to
 * omit; `invalid_option`.
 *
 * @example
 * ```ts
 * const id = contentId({ from, to, amount, on: "2026-05-01", sentAt }, { omit: ["sentAt"], secret });
 * ```
 */
export function contentId(value: Json | Uint8Array, options?: ContentIdOptions): string {
  const given = takeOptions(options, "the content id's options", ["secret", "omit"]);
  const secret = readSecret(given.secret);
  const omit = readOmitted(given.omit);
  instance();
  if (!isBytes(value)) {
    if (omit.length > 0 && (typeof value !== "object" || value === null)) {
      throw invalidEvent(`only an object has fields to omit, not ${kindOf(value)}`);
    }
    return run(() => glue.idOfJson(value, omit, secret));
  }
  if (omit.length > 0) {
    throw invalidEvent("bytes have no fields to omit");
  }
  // Which refuses bytes that were transferred away: they would all have the id of none.
  const bytes = readKept(value, "the value")?.bytes ?? value;
  return run(() => glue.idOfBytes(bytes, secret));
}

function readOmitted(value: unknown): string[] {
  const names: unknown[] = value === undefined ? [] : Array.isArray(value) ? value : [value];
  return names.map((name) => {
    if (typeof name !== "string" || !Array.isArray(value)) {
      throw invalidOption("omit must be an array of strings");
    }
    asOption(() => requireWellFormed(name, "omit"));
    return name;
  });
}
