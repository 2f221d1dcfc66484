/**
 * The options of a gate: what they mean, their defaults, and their reading.
 *
 * Here names and types are checked; the core checks the ranges.
 * @module
 */

import type { CoreOptions } from "./coretypes.js";
import { invalidOption, isOncewardError } from "./errors.js";
import { isBytes, kindOf, type Ordinal, readOrdinal } from "./event.js";
import { requireWellFormed } from "./frame.js";
import type { MergeReport } from "./merging.js";
import type { Store } from "./store.js";

/** A span of time: `"250ms"`, `"30s"`, `"15m"`, `"24h"`, `"7d"`, or whole milliseconds. */
export type Duration = number | `${number}${"ms" | "s" | "m" | "h" | "d"}`;

/** A window in which positions may come in any order. */
export interface PositionWindow {
  /** How far behind the highest position another may be, from 1 to 65536. */
  readonly window: number;
}

/**
 * How a gate judges, and how much it remembers. An option with another name is an error.
 *
 * @example
 * ```ts
 * const gate = await Gate.open({ retention: "24h", maxBytes: 64 * 1024 * 1024 });
 * ```
 */
export interface GateOptions {
  /** What the state is called in the store. @default "default" */
  name?: string | undefined;
  /** Where the state is kept. @default in memory alone */
  store?: Store | undefined;
  /**
   * The state to start from, as `snapshot()` or `changes()` returned it. Its secret is adopted. With a
   * store it is merged into what the store has.
   */
  snapshot?: Uint8Array | undefined;
  /**
   * Is told when another copy of the gate wrote to the store, such as another tab, and what that has
   * changed here.
   */
  onMerge?: ((report: MergeReport) => void) | undefined;
  /** How long a key is remembered. @default "7d" */
  retention?: Duration | undefined;
  /** How long a result is kept after its commit, but never longer than its key. @default "24h" */
  resultRetention?: Duration | undefined;
  /** The most bytes that the state may take; then the oldest keys go first. @default 33554432 */
  maxBytes?: number | undefined;
  /** The most bytes of a result that is kept; a larger one is omitted. @default 65536 */
  maxResultBytes?: number | undefined;
  /** How long a claim is valid, unless it says otherwise. @default "60s" */
  lease?: Duration | undefined;
  /** Whether a claim that lapsed may be taken over, or is held in doubt. @default "retry" */
  afterCrash?: "retry" | "hold" | undefined;
  /** Whether a revision must be greater than the last, or exactly the next. @default "newer" */
  revisions?: "newer" | "next" | undefined;
  /** Whether a position must be greater, exactly the next, or within a window. @default "newer" */
  positions?: "newer" | "next" | PositionWindow | undefined;
  /** Where every entity starts under `revisions: "next"`. @default any */
  firstRevision?: Ordinal | undefined;
  /** Where every source starts under `positions: "next"`. @default any */
  firstPosition?: Ordinal | undefined;
  /** How far above the last one a revision may be. @default no limit */
  maxJump?: Ordinal | undefined;
  /** Whether a UUIDv7 or ULID id tells when the event was issued. @default false */
  timeFromId?: boolean | undefined;
  /** How far ahead of the clock an event's time may be. @default "5m" */
  maxSkew?: Duration | undefined;
  /** How far ahead a reading of the clock may be and still be believed at once. @default "1d" */
  maxClockJump?: Duration | undefined;
  /**
   * The key of the fingerprints and checksums. One that is given is not kept in the state, and must be
   * given again. @default 16 random bytes, kept in the state
   */
  secret?: string | Uint8Array | undefined;
  /** Returns whole milliseconds since 1970. It is called once a call or batch. @default Date.now */
  clock?: (() => number) | undefined;
}

/** Options that were read. */
export interface ReadOptions {
  readonly core: CoreOptions;
  /** None when it is drawn, or in the state. */
  readonly secret: Uint8Array | undefined;
  readonly clock: () => number;
  readonly name: string;
  readonly store: Store | undefined;
  readonly snapshot: Uint8Array | undefined;
  readonly onMerge: ((report: MergeReport) => void) | undefined;
}

const DAY_MS = 86_400_000;
const UNIT_MS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: DAY_MS,
};

const MAX_BYTES_DEFAULT = 32 * 1024 * 1024;
const MAX_RESULT_BYTES_DEFAULT = 64 * 1024;
const NAME_LENGTH_SHOWN_MAX = 40;

/**
 * Takes the named options out of an object, each once, and refuses any other name.
 * Only the object's own are seen, so that a polluted prototype adds none.
 *
 * @throws {OncewardError} `invalid_option`.
 */
export function takeOptions<Name extends string>(
  options: unknown,
  what: string,
  names: readonly Name[],
): Readonly<Record<Name, unknown>> {
  const kind = kindOf(options);
  if (kind !== "object" && kind !== "undefined") {
    throw invalidOption(`${what} must be an object, not ${kind}`);
  }
  const given = new Map<string, unknown>(Object.entries(options ?? {}));
  for (const name of given.keys()) {
    if (!(names as readonly string[]).includes(name)) {
      const shown = JSON.stringify(name.slice(0, NAME_LENGTH_SHOWN_MAX));
      throw invalidOption(`there is no option ${shown} in ${what}`);
    }
  }
  return Object.fromEntries(names.map((name) => [name, given.get(name)])) as Record<Name, unknown>;
}

/** Reads a span of time as whole milliseconds; the core judges the range. */
export function readDuration(value: unknown, name: string, otherwise: number): number {
  if (value === undefined) {
    return otherwise;
  }
  const [, digits, unit] =
    typeof value === "string" ? (/^(0|[1-9]\d*)(ms|s|m|h|d)$/.exec(value) ?? []) : [];
  const ms =
    digits === undefined || unit === undefined ? value : Number(digits) * (UNIT_MS[unit] ?? NaN);
  if (typeof ms === "number" && Number.isSafeInteger(ms) && ms >= 0) {
    return ms;
  }
  throw invalidOption(
    `${name} must be whole milliseconds, or such as "250ms", "30s", "15m", "24h" or "7d"`,
  );
}

/** Runs a reading step of an event's field for an option: what is wrong is then the option. */
export function asOption<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw isOncewardError(error) ? invalidOption(error.message) : error;
  }
}

/** Reads an ordinal as decimal digits; the core judges them. */
export function readDecimal(value: unknown, name: string): string | undefined {
  const ordinal = asOption(() => readOrdinal(value, name));
  return ordinal === undefined ? undefined : String(ordinal);
}

/** Reads one of a few words; the first is the default. */
export function readOneOf<Choice extends string>(
  value: unknown,
  name: string,
  choices: readonly [Choice, ...Choice[]],
): Choice {
  const choice = value === undefined ? choices[0] : choices.find((known) => known === value);
  if (choice === undefined) {
    throw invalidOption(`${name} must be ${choices.map((known) => `"${known}"`).join(" or ")}`);
  }
  return choice;
}

function readPositions(value: unknown): CoreOptions["positions"] {
  if (typeof value !== "object") {
    return readOneOf(value, "positions", ["newer", "next"]);
  }
  const { window } = takeOptions(value, "positions", ["window"]);
  return { window: readNumber(window, "positions.window") };
}

/** Reads a number; the core judges its range. */
export function readNumber(value: unknown, name: string): number {
  if (typeof value !== "number") {
    throw invalidOption(`${name} must be a number, not ${kindOf(value)}`);
  }
  return value;
}

/** Reads a switch. */
export function readFlag(value: unknown, name: string, otherwise: boolean): boolean {
  if (value !== undefined && typeof value !== "boolean") {
    throw invalidOption(`${name} must be true or false, not ${kindOf(value)}`);
  }
  return value ?? otherwise;
}

/** Reads a secret, which is never empty. */
export function readSecret(value: unknown): Uint8Array | undefined {
  if (value === undefined) {
    return undefined;
  }
  if (typeof value === "string" && value !== "") {
    asOption(() => requireWellFormed(value, "secret"));
    return new TextEncoder().encode(value);
  }
  if (isBytes(value) && value.length > 0) {
    return value;
  }
  throw invalidOption("secret must be a string or a Uint8Array, and not be empty");
}

function readName(value: unknown): string {
  if (value === undefined) {
    return "default";
  }
  if (typeof value !== "string") {
    throw invalidOption(`name must be a string, not ${kindOf(value)}`);
  }
  asOption(() => requireWellFormed(value, "name"));
  return value;
}

function readStore(value: unknown): Store | undefined {
  if (value === undefined) {
    return undefined;
  }
  const { load, append, replace } = Object(value) as Partial<Record<keyof Store, unknown>>;
  if (![load, append, replace].every((method) => typeof method === "function")) {
    throw invalidOption("store must have the methods load, append and replace");
  }
  return value as Store;
}

/** Reads state that was kept. */
export function readSnapshot(value: unknown): Uint8Array | undefined {
  if (value !== undefined && !isBytes(value)) {
    throw invalidOption(`snapshot must be a Uint8Array, not ${kindOf(value)}`);
  }
  return value;
}

/** Reads a function that may be absent. */
export function readCallback(value: unknown, name: string): unknown {
  if (value !== undefined && typeof value !== "function") {
    throw invalidOption(`${name} must be a function, not ${kindOf(value)}`);
  }
  return value;
}

/** Reads where the time comes from. */
export function readClock(value: unknown): () => number {
  if (value === undefined) {
    // Looked up at each call, so that a test's replaced Date is noticed.
    return () => Date.now();
  }
  if (typeof value !== "function") {
    throw invalidOption(`clock must be a function, not ${kindOf(value)}`);
  }
  return value as () => number;
}

/** Reads the clock, and refuses what is not a number; the core judges its range. */
export function readNow(clock: () => number): number {
  const now: unknown = clock();
  if (typeof now !== "number") {
    throw invalidOption(`clock must return a number, not ${kindOf(now)}`);
  }
  return now;
}

const NAMES = [
  "retention",
  "resultRetention",
  "maxBytes",
  "maxResultBytes",
  "lease",
  "afterCrash",
  "revisions",
  "positions",
  "firstRevision",
  "firstPosition",
  "maxJump",
  "timeFromId",
  "maxSkew",
  "maxClockJump",
  "secret",
  "clock",
  "name",
  "store",
  "snapshot",
  "onMerge",
] as const satisfies readonly (keyof GateOptions)[];

/**
 * Reads the options of a gate.
 *
 * @throws {OncewardError} `invalid_option`.
 */
export function readOptions(options: unknown): ReadOptions {
  const given = takeOptions(options, "the gate's options", NAMES);
  const { maxBytes = MAX_BYTES_DEFAULT, maxResultBytes = MAX_RESULT_BYTES_DEFAULT } = given;
  return {
    core: {
      retention: readDuration(given.retention, "retention", 7 * DAY_MS),
      resultRetention: readDuration(given.resultRetention, "resultRetention", DAY_MS),
      lease: readDuration(given.lease, "lease", 60_000),
      afterCrash: readOneOf(given.afterCrash, "afterCrash", ["retry", "hold"]),
      maxSkew: readDuration(given.maxSkew, "maxSkew", 5 * 60_000),
      maxClockJump: readDuration(given.maxClockJump, "maxClockJump", DAY_MS),
      maxBytes: readNumber(maxBytes, "maxBytes"),
      maxResultBytes: readNumber(maxResultBytes, "maxResultBytes"),
      revisions: readOneOf(given.revisions, "revisions", ["newer", "next"]),
      firstRevision: readDecimal(given.firstRevision, "firstRevision"),
      positions: readPositions(given.positions),
      firstPosition: readDecimal(given.firstPosition, "firstPosition"),
      maxJump: readDecimal(given.maxJump, "maxJump"),
      timeFromId: readFlag(given.timeFromId, "timeFromId", false),
    },
    secret: readSecret(given.secret),
    clock: readClock(given.clock),
    name: readName(given.name),
    store: readStore(given.store),
    snapshot: readSnapshot(given.snapshot),
    onMerge: readCallback(given.onMerge, "onMerge") as ReadOptions["onMerge"],
  };
}
