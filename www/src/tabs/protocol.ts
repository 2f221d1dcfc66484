/**
 * What a tab and its worker say to each other.
 * @module
 */

import type { Verdict } from "onceward";

/** What there is to be done: messages are accepted, jobs are worked on. */
export type Kind = "message" | "job";

/** What the worker is asked for. */
export type Request =
  | {
      readonly does: "watch";
      readonly tab: string;
      readonly messages: readonly string[];
      readonly jobs: readonly string[];
    }
  | { readonly does: "check"; readonly id: string }
  | { readonly does: "work"; readonly id: string; readonly ms: number };

/** Who did a job. */
export interface Receipt {
  readonly by: string;
  readonly attempt: number;
  readonly takeover: boolean;
}

/** How it is with one of them, as this tab's gate knows it. */
export interface ItemState {
  readonly kind: Kind;
  readonly id: string;
  readonly verdict: Verdict;
  /** After how many milliseconds the claim on it is over. */
  readonly retryAfter?: number;
  readonly receipt?: Receipt;
  /** How much of the work is done here, from 0 to 1. */
  readonly share?: number;
  /** Whether this tab waits for whoever works on it. */
  readonly isWaiting: boolean;
}

/** What the worker tells. */
export type Answer =
  | { readonly is: "states"; readonly states: readonly ItemState[] }
  | { readonly is: "note"; readonly text: string; readonly verdict?: Verdict }
  | { readonly is: "failure"; readonly message: string };
