/**
 * The options of a sequencer: what they mean, their defaults, and their reading.
 * @module
 */

import { invalidOption } from "../errors.js";
import { isBytes, kindOf, type Ordinal } from "../event.js";
import {
  type Duration,
  readCallback,
  readClock,
  readDecimal,
  readDuration,
  readNumber,
  readOneOf,
  readSnapshot,
  takeOptions,
} from "../options.js";

/** What an item is put in order by. */
export interface Order {
  /** Within what it is ordered, such as an account or a feed. Absent means the default scope. */
  scope?: string | undefined;
  /** Its number in the sequence, or the event's time in milliseconds. */
  order: Ordinal;
}

/** Release by event time. */
export interface Lateness {
  /** How late an event may be without being dropped. */
  readonly lateness: Duration;
}

/** How a sequencer orders, and how much it holds. An option with another name is an error. */
export interface SequencerOptions<T> {
  /** Says what an item is put in order by. It is called once for each `push`. */
  by: (item: T) => Order;
  /**
   * `"next"`: a sequence without gaps; each item comes out after its predecessor. `{ lateness }`: by
   * event time; an item comes out when one later by `lateness` was seen, or when it has waited so long.
   */
  release: "next" | Lateness;
  /** Where every scope starts, under `"next"`. @default the first order that is seen */
  first?: Ordinal | undefined;
  /** What to do with a gap in which nothing came for `maxWait`, under `"next"`. @default "hold" */
  onGap?: "hold" | "skip" | undefined;
  /** How long an item waits for its predecessors until `onGap: "skip"` gives them up. @default "30s" */
  maxWait?: Duration | undefined;
  /** The most items that are held, over all scopes. @default 65536 */
  maxHeld?: number | undefined;
  /** The most bytes of items and scopes. @default 33554432 */
  maxBytes?: number | undefined;
  /**
   * Returns how many bytes an item takes, for `maxBytes`. @default what a Uint8Array or a string has, and
   * 0 for all else
   */
  sizeOf?: ((item: T) => number) | undefined;
  /** Is told of each item that is dropped: its order came out already or is held, or its turn is over. */
  onDrop?: ((item: T, why: "duplicate" | "late") => void) | undefined;
  /** Is told of each gap that is given up, with its first and its last order. */
  onSkip?: ((scope: string, from: bigint, to: bigint) => void) | undefined;
  /** Returns whole milliseconds since 1970, where a call is not given them. @default Date.now */
  clock?: (() => number) | undefined;
  /** How far ahead a reading of the clock may be and still be believed at once. @default "1d" */
  maxClockJump?: Duration | undefined;
  /** The state to go on from, as `snapshot()` returned it. */
  snapshot?: Uint8Array | undefined;
}

/** Options as the core takes them. */
export interface CoreOrder {
  readonly lateness: number | undefined;
  readonly first: string | undefined;
  readonly maxWait: number | undefined;
  readonly maxHeld: number;
  readonly maxBytes: number;
  readonly maxClockJump: number;
}

/** Options that were read. */
export interface ReadOrder<T> {
  readonly core: CoreOrder;
  readonly by: (item: T) => unknown;
  readonly sizeOf: (item: T) => unknown;
  readonly onDrop: SequencerOptions<T>["onDrop"];
  readonly onSkip: SequencerOptions<T>["onSkip"];
  readonly clock: () => number;
  readonly snapshot: Uint8Array | undefined;
}

const MAX_HELD_DEFAULT = 65_536;
const MAX_BYTES_DEFAULT = 32 * 1024 * 1024;
const MAX_WAIT_MS_DEFAULT = 30_000;
const DAY_MS = 86_400_000;

const NAMES = [
  "by",
  "release",
  "first",
  "onGap",
  "maxWait",
  "maxHeld",
  "maxBytes",
  "sizeOf",
  "onDrop",
  "onSkip",
  "clock",
  "maxClockJump",
  "snapshot",
] as const satisfies readonly (keyof SequencerOptions<unknown>)[];

/** How many bytes an item takes, as far as that can be told without looking into it. */
function ownSize(item: unknown): number {
  return isBytes(item) || typeof item === "string" ? item.length : 0;
}

function readLateness(value: unknown): number | undefined {
  if (value === "next") {
    return undefined;
  }
  if (typeof value !== "object") {
    throw invalidOption('release must be "next" or { lateness }');
  }
  const { lateness } = takeOptions(value, "release", ["lateness"]);
  if (lateness === undefined) {
    throw invalidOption("release must have a lateness");
  }
  return readDuration(lateness, "lateness", 0);
}

/** Reads what only a sequence without gaps has. */
function readGaps(
  lateness: number | undefined,
  given: Readonly<Record<"first" | "onGap" | "maxWait", unknown>>,
): Pick<CoreOrder, "first" | "maxWait"> {
  if (lateness !== undefined) {
    const foreign = Object.entries(given).find(([, value]) => value !== undefined);
    if (foreign !== undefined) {
      throw invalidOption(`${foreign[0]} goes with release: "next"`);
    }
  }
  const maxWait = readDuration(given.maxWait, "maxWait", MAX_WAIT_MS_DEFAULT);
  const onGap = readOneOf(given.onGap, "onGap", ["hold", "skip"]);
  return {
    first: readDecimal(given.first, "first"),
    maxWait: onGap === "skip" ? maxWait : undefined,
  };
}

/**
 * Reads the options of a sequencer.
 *
 * @throws {OncewardError} `invalid_option`.
 */
export function readOrder<T>(options: unknown): ReadOrder<T> {
  const given = takeOptions(options, "the sequencer's options", NAMES);
  const by = readCallback(given.by, "by");
  if (by === undefined) {
    throw invalidOption(`by must be a function, not ${kindOf(by)}`);
  }
  const lateness = readLateness(given.release);
  const { first, onGap, maxWait, maxHeld = MAX_HELD_DEFAULT, maxBytes = MAX_BYTES_DEFAULT } = given;
  return {
    core: {
      lateness,
      ...readGaps(lateness, { first, onGap, maxWait }),
      maxHeld: readNumber(maxHeld, "maxHeld"),
      maxBytes: readNumber(maxBytes, "maxBytes"),
      maxClockJump: readDuration(given.maxClockJump, "maxClockJump", DAY_MS),
    },
    by: by as ReadOrder<T>["by"],
    sizeOf: (readCallback(given.sizeOf, "sizeOf") ?? ownSize) as ReadOrder<T>["sizeOf"],
    onDrop: readCallback(given.onDrop, "onDrop") as ReadOrder<T>["onDrop"],
    onSkip: readCallback(given.onSkip, "onSkip") as ReadOrder<T>["onSkip"],
    clock: readClock(given.clock),
    snapshot: readSnapshot(given.snapshot),
  };
}
