/**
 * What the page and its worker say to each other about a stream.
 * @module
 */

import type { Plan } from "./fields.js";
import type { Summary } from "./tally.js";

/** What the worker is asked for. A new stream ends the one before. */
export type Request =
  | { readonly does: "judge"; readonly run: number; readonly file: Blob; readonly plan: Plan }
  | { readonly does: "cancel" };

/** How far it has come. */
export interface Progress {
  readonly run: number;
  readonly bytes: number;
  readonly total: number;
  readonly summary: Summary;
  /** The memory of the gate. */
  readonly gateBytes: number;
  /** How long it has taken so far, in milliseconds. */
  readonly ms: number;
}

/** What the worker answers. */
export type Answer =
  | ({ readonly is: "progress" } & Progress)
  | ({ readonly is: "done"; readonly fresh: Blob } & Progress)
  | ({ readonly is: "cancelled" } & Progress)
  | { readonly is: "failure"; readonly run: number; readonly message: string };
