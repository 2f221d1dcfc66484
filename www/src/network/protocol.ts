/**
 * What the page and its worker say to each other.
 * @module
 */

import type { Verdict } from "onceward";
import type { Settings, Values } from "../sim/index.js";
import type { Totals } from "../sim/simulation.js";

/** What the worker is asked to do. It answers each with a frame. */
export type Request =
  | {
      readonly does: "start";
      readonly seed: number;
      readonly settings: Settings;
      /** Up to where to run before the first frame. */
      readonly until: number;
    }
  | { readonly does: "advance"; readonly until: number }
  /** From wherever it is by then: what was asked before may not be answered yet. */
  | { readonly does: "step"; readonly by: number }
  | { readonly does: "set"; readonly settings: Settings }
  | { readonly does: "crash" }
  | { readonly does: "end" };

/** How many numbers describe a flight: from, until, kind, lane, and what became of it. */
export const FLIGHT_FIELDS = 5;

/** What became of a flight, as bits. */
export const COPY = 1;
export const LOST = 2;

/** How many numbers describe a landing: when, kind, verdict, and whether it was applied naively. */
export const LANDING_FIELDS = 4;

/** The verdicts that a picture tells apart, in the order of their codes there. */
export const SHOWN_VERDICTS = ["fresh", "duplicate", "stale", "conflict"] as const;

/** How long the stretch is for which the chart shows one point. */
export const POINT_MS = 500;

/** One point of the chart: verdicts a second. */
export interface Point {
  readonly at: number;
  readonly fresh: number;
  readonly duplicate: number;
  readonly stale: number;
}

/** One side of the comparison. */
export interface Side extends Values {
  /** The sum of what balances are off by, in cents. */
  readonly cents: number;
  /** How many values are wrong. */
  readonly wrong: number;
}

/** How everything is at one moment, and what has happened since the frame before. */
export interface Frame {
  readonly now: number;
  readonly isDown: boolean;
  readonly isOver: boolean;
  readonly totals: Totals;
  readonly truth: Values;
  readonly naive: Side;
  readonly gated: Side;
  /** The memory of the gate. */
  readonly bytes: number;
  readonly lastTransfer: string;
  readonly lastPrice: string;
  readonly flights: Float64Array;
  readonly landings: Float64Array;
  readonly points: readonly Point[];
}

/** An answer: a frame, or why there is none. */
export type Answer =
  | { readonly is: "frame"; readonly frame: Frame }
  | { readonly is: "failure"; readonly message: string };

/** The code of a verdict in a landing. */
export function codeOf(verdict: Verdict): number {
  const code = SHOWN_VERDICTS.indexOf(verdict as (typeof SHOWN_VERDICTS)[number]);
  return code < 0 ? SHOWN_VERDICTS.length - 1 : code;
}
