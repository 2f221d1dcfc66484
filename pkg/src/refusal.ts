/**
 * What a gate tells about an event besides its verdict: what decided, and what was answered before.
 * @module
 */

import type { CoreInspection } from "./coretypes.js";
import type { Json } from "./event.js";
import type { ContentBytes } from "./frame.js";
import { FRESH, type Verdict, verdictOf } from "./verdicts.js";

/** Why an event may not be acted on, and what is known of the one that was. */
export interface Refusal {
  /** The verdict that a claim or effect was refused with. */
  readonly verdict: Exclude<Verdict, "fresh">;
  /** With `duplicate` by its key: the result that was committed, as a copy of its own. */
  readonly result?: Json | Uint8Array;
  /** There was a result, but it is no longer kept, or never fitted. */
  readonly omitted?: boolean;
  /** With `pending`: after how many milliseconds the claim lapses, unless it is extended. */
  readonly retryAfter?: number;
  /** With `early`: the predecessor that must come first. */
  readonly expected?: bigint;
  /** With `stale`: the last accepted revision, or the source's epoch. */
  readonly current?: bigint;
  /**
   * When it was claimed; or, where the key decided, when it was accepted, or issued if that is
   * later. In milliseconds.
   */
  readonly since?: number;
}

/** What a gate would say about an event, and what it knows that decided it. */
export interface Inspection extends Omit<Refusal, "verdict"> {
  /** What a check would say now. */
  readonly verdict: Verdict;
}

/** Reads what was stored as content: bytes as they were, or the JSON value. Each time it is new. */
export function decodeContent({ json, bytes }: ContentBytes): Json | Uint8Array {
  return json ? (JSON.parse(new TextDecoder().decode(bytes)) as Json) : new Uint8Array(bytes);
}

/** Says what the core found in the package's words; what is not known is left out. */
export function toInspection(found: CoreInspection): Inspection {
  const { verdict, result, isJson: json = false, retryAfter, expected, current, since } = found;
  return {
    verdict: verdictOf(verdict),
    ...(result === undefined ? {} : { result: decodeContent({ json, bytes: result }) }),
    ...(found.omitted === true ? { omitted: true } : {}),
    ...(retryAfter === undefined ? {} : { retryAfter }),
    ...(expected === undefined ? {} : { expected: BigInt(expected) }),
    ...(current === undefined ? {} : { current: BigInt(current) }),
    ...(since === undefined ? {} : { since }),
  };
}

/** The same for an event that was refused; undefined when it was not. */
export function toRefusal(found: CoreInspection): Refusal | undefined {
  return found.verdict === FRESH ? undefined : (toInspection(found) as Refusal);
}
