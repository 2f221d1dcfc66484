/**
 * What a gate holds, and what it has said.
 * @module
 */

import type { CoreStats } from "./coretypes.js";
import { VERDICTS, type Verdict } from "./verdicts.js";

/** What a gate holds, and what it has said. */
export interface Stats {
  /** How many keys are remembered. */
  readonly keys: number;
  /** How many entities have a last revision. */
  readonly entities: number;
  /** How many sources have a mark. */
  readonly sources: number;
  /** How many claims have not ended: live ones, lapsed ones and doubts. */
  readonly claims: number;
  /** The memory that the state takes. */
  readonly bytes: number;
  /** The most that it may take. */
  readonly maxBytes: number;
  /** Keys are remembered exactly while they are not older than this; 0 while none was forgotten. */
  readonly horizon: number;
  /** How often each verdict was given. */
  readonly verdicts: Readonly<Record<Verdict, number>>;
}

/** Gives the core's counters their names. */
export function toStats({ verdicts, ...figures }: CoreStats): Stats {
  const counts = Object.fromEntries(VERDICTS.map((name, code) => [name, verdicts[code] ?? 0]));
  return { ...figures, verdicts: counts as Record<Verdict, number> };
}
