/**
 * What a merge of another copy's state has changed.
 * @module
 */

import type { CoreMerge } from "./coretypes.js";
import { OncewardError } from "./errors.js";
import { isBytes, kindOf } from "./event.js";

/** A key that two copies have acted on: its effect has happened twice. */
export interface DoubleRun {
  /** How the key is named in reports, as by `fingerprint`. */
  readonly key: string;
  /**
   * The run whose result counts from now on, in every copy: the token of its claim and, after a dash, a
   * digest of its result if it had one.
   */
  readonly winner: string;
  /** The other run. */
  readonly loser: string;
}

/** What a merge has changed. */
export interface MergeReport {
  /** How many keys were not known before, or known otherwise. */
  readonly keys: number;
  /** How many entities moved on. */
  readonly entities: number;
  /** How many sources moved on. */
  readonly sources: number;
  /** Which keys were acted on twice. It is told each time that both runs are seen. */
  readonly doubleRuns: readonly DoubleRun[];
}

/** Turns the core's report into the caller's. */
export function toMergeReport({ keys, entities, sources, doubleRuns }: CoreMerge): MergeReport {
  const runs = doubleRuns.map(({ key, winner, loser }) => ({ key, winner, loser }));
  return { keys, entities, sources, doubleRuns: runs };
}

/** Reads bytes of state. */
export function readState(value: unknown): Uint8Array {
  if (!isBytes(value)) {
    throw new OncewardError("corrupt", `state must be a Uint8Array, not ${kindOf(value)}`);
  }
  return value;
}
