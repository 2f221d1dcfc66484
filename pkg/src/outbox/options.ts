/**
 * The options of an outbox: what they mean, their defaults, and their reading.
 * @module
 */

import { invalidOption } from "../errors.js";
import { kindOf } from "../event.js";
import { type Duration, readDuration, readFlag, readOneOf, takeOptions } from "../options.js";
import type { Store } from "../store.js";
import type { Backoff } from "./backoff.js";
import { newKey } from "./newkey.js";
import type { Decision } from "./policy.js";
import type { OutboxStorage } from "./storage.js";
import { storedIn } from "./stored.js";
import type { SubmissionView } from "./submission.js";

/** What waits for later. Tests put another one there. */
export interface Timers {
  /** Has a function called after so many milliseconds; returns what stands for that. */
  set(callback: () => void, ms: number): unknown;
  /** Has it not called after all. */
  clear(timer: unknown): void;
}

/**
 * How an outbox sends, and for how long it tries. An option with another name is an error.
 *
 * @example
 * ```ts
 * const outbox = await Outbox.open({
 *   name: "orders",
 *   storage: indexedDbStorage(),
 *   prepare: async (request) => {
 *     request.headers.set("authorization", `Bearer ${await token()}`);
 *     return request;
 *   },
 * });
 * ```
 */
export interface OutboxOptions {
  /** What the items are called in the storage. @default "default" */
  name?: string | undefined;
  /**
   * Where the items are kept: `indexedDbStorage()` of `onceward/outbox/indexeddb`, or a store of
   * this package that is one process's own, such as `file("outbox")`, `memory()` or
   * `durableObject(…)`.
   */
  storage: OutboxStorage | Store;
  /** Sends a request. A circuit breaker goes here. @default the global fetch */
  fetch?: ((request: Request) => Promise<Response>) | undefined;
  /**
   * Is given each request right before it is sent, and returns the one to send. What proves who the
   * caller is, is added here: it is never stored. It must leave method, target and body alone,
   * which the server holds the key for. When it rejects, nothing was sent, and it is tried again
   * like a failed send.
   */
  prepare?:
    | ((request: Request, submission: SubmissionView) => Request | Promise<Request>)
    | undefined;
  /**
   * Says what an answer means, where the policy of docs/outbox.md should not: undefined where it
   * should.
   */
  decide?: ((response: Response, submission: SubmissionView) => Decision | undefined) | undefined;
  /**
   * The header that carries the key, as a string in quotes (RFC 9651). @default "Idempotency-Key"
   */
  header?: string | undefined;
  /** How many scopes are sent from at the same time, 1 to 256. @default 4 */
  concurrency?: number | undefined;
  /**
   * Whether what comes after a parked item in its scope waits until someone has decided about that,
   * or is sent.
   *
   * @default "stop"
   */
  onParked?: "stop" | "continue" | undefined;
  /** The bound of the wait after the first failure, which doubles with each. @default "1s" */
  backoff?: Duration | undefined;
  /** Where the doubling ends. @default "5m" */
  maxBackoff?: Duration | undefined;
  /** How long one try may take, the answer's body included. @default "60s" */
  timeout?: Duration | undefined;
  /**
   * For how long after it was first sent an item is sent again. It must be less than the time for
   * which the server remembers keys, or a retry may be acted on a second time. Whoever serves with
   * `onceward/http` can raise it to less than the gate's `retention`, 7 days; from
   * `resultRetention`, 24 hours, on the answer may be gone.
   *
   * @default "23h"
   */
  maxAge?: Duration | undefined;
  /** After how many failures in a row an item is parked, 1 to 2^31. @default never */
  maxAttempts?: number | undefined;
  /** How many items that have no answer, or are parked, there may be. @default 10_000 */
  maxItems?: number | undefined;
  /** How many bytes a request may have. @default 16 MiB */
  maxBodyBytes?: number | undefined;
  /** How many answers that nobody has taken are kept; then the oldest go. @default 1_000 */
  maxAnswers?: number | undefined;
  /** How many bytes of an answer are kept; the body of a longer one is omitted. @default 1 MiB */
  maxAnswerBytes?: number | undefined;
  /** Whether to ask for Background Sync, where there is a service worker. @default true */
  backgroundSync?: boolean | undefined;
  /** Whether to begin without sending. @default false */
  paused?: boolean | undefined;
  /** Returns a key that was never used, for those that are not given. @default a UUIDv7 */
  newKey?: (() => string) | undefined;
  /** Returns milliseconds since 1970. @default Date.now */
  clock?: (() => number) | undefined;
  /** Returns a number from 0 up to 1. @default Math.random */
  random?: (() => number) | undefined;
  /** @default setTimeout and clearTimeout */
  timers?: Timers | undefined;
}

/** Options that were read. */
export interface ReadOptions {
  readonly name: string;
  readonly storage: OutboxStorage;
  readonly fetch: (request: Request) => Promise<Response>;
  readonly prepare: (request: Request, submission: SubmissionView) => Request | Promise<Request>;
  readonly decide: (response: Response, submission: SubmissionView) => Decision | undefined;
  readonly header: string;
  readonly concurrency: number;
  readonly stopsAtParked: boolean;
  readonly backoff: Backoff;
  readonly timeout: number;
  readonly maxAge: number;
  readonly maxAttempts: number;
  readonly maxItems: number;
  readonly maxBodyBytes: number;
  readonly maxAnswers: number;
  readonly maxAnswerBytes: number;
  readonly backgroundSync: boolean;
  readonly paused: boolean;
  readonly newKey: () => string;
  readonly clock: () => number;
  readonly random: () => number;
  readonly timers: Timers;
}

const SECOND_MS = 1000;
const HOUR_MS = 3_600_000;
const MEBIBYTE = 1024 * 1024;
const COUNT_MAX = 2 ** 31;
const CONCURRENCY_MAX = 256;

const NAMES = [
  ...(["name", "storage", "fetch", "prepare", "decide", "header", "concurrency"] as const),
  ...(["onParked", "backoff", "maxBackoff", "timeout", "maxAge", "maxAttempts"] as const),
  ...(["maxItems", "maxBodyBytes", "maxAnswers", "maxAnswerBytes", "backgroundSync"] as const),
  ...(["paused", "newKey", "clock", "random", "timers"] as const),
] as const satisfies readonly (keyof OutboxOptions)[];

function readCount(value: unknown, name: string, otherwise: number, max = COUNT_MAX): number {
  if (value === undefined) {
    return otherwise;
  }
  if (typeof value === "number" && Number.isSafeInteger(value) && value >= 1 && value <= max) {
    return value;
  }
  throw invalidOption(`${name} must be a whole number from 1 to ${max}`);
}

function readSpan(value: unknown, name: string, otherwise: number): number {
  const ms = readDuration(value, name, otherwise);
  if (ms < 1) {
    throw invalidOption(`${name} must be longer than nothing`);
  }
  return ms;
}

function readFunction<T>(value: unknown, name: string, otherwise: T): T {
  if (value !== undefined && typeof value !== "function") {
    throw invalidOption(`${name} must be a function, not ${kindOf(value)}`);
  }
  return (value as T | undefined) ?? otherwise;
}

function readStorage(value: unknown): OutboxStorage {
  const given = Object(value) as Partial<Record<keyof OutboxStorage | keyof Store, unknown>>;
  if (typeof given.items === "function") {
    return value as OutboxStorage;
  }
  const { load, append, replace, subscribe } = given;
  if (![load, append, replace].every((method) => typeof method === "function")) {
    throw invalidOption("storage must be there, and be a storage for outboxes or a store");
  }
  if (subscribe !== undefined) {
    // In such a store every copy would have to hear of each other's writes in order.
    throw invalidOption(
      "an outbox needs a storage of its own here, as of onceward/outbox/indexeddb",
    );
  }
  return storedIn(value as Store);
}

function readName(value: unknown): string {
  if (value !== undefined && typeof value !== "string") {
    throw invalidOption(`name must be a string, not ${kindOf(value)}`);
  }
  return value ?? "default";
}

/** A token (RFC 9110, section 5.6.2). */
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;

function readHeader(value: unknown = "Idempotency-Key"): string {
  if (typeof value !== "string" || !TOKEN.test(value)) {
    throw invalidOption("header must be the name of a header");
  }
  return value;
}

/** Whatever is longer than a timer can be is waited for in parts. */
const TIMER_MS_MAX = 2 ** 31 - 1;

const TIMERS: Timers = {
  set: (callback, ms) => setTimeout(callback, Math.min(ms, TIMER_MS_MAX)),
  clear: (timer) => clearTimeout(timer as ReturnType<typeof setTimeout>),
};

function readTimers(value: unknown): Timers {
  const { set, clear } = Object(value ?? TIMERS) as Partial<Record<keyof Timers, unknown>>;
  if (typeof set !== "function" || typeof clear !== "function") {
    throw invalidOption("timers must have the methods set and clear");
  }
  return (value as Timers | undefined) ?? TIMERS;
}

/**
 * Reads the options of an outbox.
 *
 * @throws {OncewardError} `invalid_option`.
 */
export function readOptions(options: unknown): ReadOptions {
  const given = takeOptions(options, "the outbox's options", NAMES);
  const clock = readFunction(given.clock, "clock", () => Date.now());
  return {
    name: readName(given.name),
    storage: readStorage(given.storage),
    fetch: readFunction(given.fetch, "fetch", (request: Request) => globalThis.fetch(request)),
    prepare: readFunction(given.prepare, "prepare", (request: Request) => request),
    decide: readFunction(given.decide, "decide", () => undefined),
    header: readHeader(given.header),
    concurrency: readCount(given.concurrency, "concurrency", 4, CONCURRENCY_MAX),
    stopsAtParked: readOneOf(given.onParked, "onParked", ["stop", "continue"]) === "stop",
    backoff: {
      base: readSpan(given.backoff, "backoff", SECOND_MS),
      cap: readSpan(given.maxBackoff, "maxBackoff", 5 * 60 * SECOND_MS),
    },
    timeout: readSpan(given.timeout, "timeout", 60 * SECOND_MS),
    maxAge: readSpan(given.maxAge, "maxAge", 23 * HOUR_MS),
    maxAttempts: readCount(given.maxAttempts, "maxAttempts", Infinity),
    maxItems: readCount(given.maxItems, "maxItems", 10_000),
    maxBodyBytes: readCount(given.maxBodyBytes, "maxBodyBytes", 16 * MEBIBYTE),
    maxAnswers: readCount(given.maxAnswers, "maxAnswers", 1000),
    maxAnswerBytes: readCount(given.maxAnswerBytes, "maxAnswerBytes", MEBIBYTE),
    backgroundSync: readFlag(given.backgroundSync, "backgroundSync", true),
    paused: readFlag(given.paused, "paused", false),
    newKey: readFunction(given.newKey, "newKey", () => newKey(clock())),
    clock,
    random: readFunction(given.random, "random", () => Math.random()),
    timers: readTimers(given.timers),
  };
}
