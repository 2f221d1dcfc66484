/**
 * What an outbox keeps of one submission, besides its bodies.
 * @module
 */

import { OncewardError } from "../errors.js";
import type { Json } from "../event.js";

/**
 * Where an item stands: it waits for its turn or for its next try; a request is on its way; the
 * answer is there; or it is not sent again before someone has decided.
 */
export type State = "waiting" | "sending" | "answered" | "parked";

/**
 * Why an item is parked: the server has given a final answer that is not a success; it was sent so
 * long ago that the server may have forgotten its key, or has waited for too long; it was tried as
 * often as it may be; it cannot be sent at all.
 */
export type Reason = "refused" | "expired" | "exhausted" | "unsendable";

/** A request as it is kept. Its body is kept beside it. */
export interface StoredRequest {
  /** As in `Request`. */
  readonly method: string;
  /** Absolute. */
  readonly url: string;
  /** Names and values, without what only `prepare` adds. */
  readonly headers: readonly (readonly [string, string])[];
  /** How many bytes the body has; absent where there is none. */
  readonly bodyBytes?: number | undefined;
  /** Absent where it is what requests have by default, or the runtime does not know it. */
  readonly mode?: string | undefined;
  /** As `mode`. */
  readonly credentials?: string | undefined;
  /** As `mode`. */
  readonly redirect?: string | undefined;
}

/** An answer as it is kept. Its body is kept beside it. */
export interface StoredAnswer {
  /** As in `Response`. */
  readonly status: number;
  /** As in `Response`. */
  readonly statusText: string;
  /** Names and values. */
  readonly headers: readonly (readonly [string, string])[];
  /** How many bytes of the body are kept. */
  readonly bodyBytes: number;
  /** Whether the body was larger than what is kept, and is not. */
  readonly omitted: boolean;
}

/** One item as it is stored. It is never changed, only replaced. */
export interface Item {
  /** Its place among all items of the outbox; never given twice. */
  readonly number: number;
  /** How often it was replaced. */
  readonly revision: number;
  /** What is sent as its Idempotency-Key. */
  readonly key: string;
  /** Items of one scope are sent one after the other. */
  readonly scope: string;
  /** What the caller wanted to remember of it. */
  readonly note?: Json | undefined;
  /** What is sent. */
  readonly request: StoredRequest;
  /** Where it stands. */
  readonly state: State;
  /** Why it is parked. */
  readonly reason?: Reason | undefined;
  /** Times are milliseconds since 1970, by the clock of this device. */
  readonly enqueuedAt: number;
  /** When it was replaced for the last time. */
  readonly changedAt: number;
  /** When it was sent for the first time; absent when it has certainly never left. */
  readonly sentAt?: number | undefined;
  /** Before this it is not tried again. */
  readonly notBefore: number;
  /** How often it was sent. */
  readonly attempts: number;
  /** How many tries have failed in a row, whether they were sent or not. */
  readonly failures: number;
  /** What became of the last try that failed: a status, `"network"`, `"timeout"`, `"prepare"`. */
  readonly trouble?: string | undefined;
  /** The last answer, where there was one. */
  readonly answer?: StoredAnswer | undefined;
}

/** An item that has no number yet. */
export type Draft = Omit<Item, "number">;

/** Returns what an item is after some changes, at a time. */
export function changed(
  item: Item,
  now: number,
  changes: Partial<Omit<Item, "number" | "revision" | "key" | "changedAt">>,
): Item {
  return { ...item, ...changes, revision: item.revision + 1, changedAt: now };
}

const STATES: readonly unknown[] = ["waiting", "sending", "answered", "parked"];

function isTime(value: unknown): boolean {
  return typeof value === "number" && Number.isFinite(value);
}

function areHeaders(value: unknown): boolean {
  return (
    Array.isArray(value) &&
    value.every(
      (pair: unknown) =>
        Array.isArray(pair) && pair.length === 2 && pair.every((part) => typeof part === "string"),
    )
  );
}

function isRequest(value: unknown): boolean {
  const { method, url, headers } = Object(value) as { [Name in keyof StoredRequest]?: unknown };
  return typeof method === "string" && typeof url === "string" && areHeaders(headers);
}

function isAnswer(value: unknown): boolean {
  const { status, statusText, headers } = Object(value) as {
    [Name in keyof StoredAnswer]?: unknown;
  };
  return Number.isSafeInteger(status) && typeof statusText === "string" && areHeaders(headers);
}

/**
 * Reads what a storage has kept.
 *
 * @throws {OncewardError} `corrupt` when it is no item.
 */
export function readItem(value: unknown): Item {
  const item = Object(value) as { [Name in keyof Item]?: unknown };
  const texts = [item.key, item.scope];
  const times = [item.enqueuedAt, item.changedAt, item.notBefore, item.sentAt ?? 0];
  const counts = [item.number, item.revision, item.attempts, item.failures];
  const isWhole =
    texts.every((text) => typeof text === "string") &&
    times.every(isTime) &&
    counts.every((count) => Number.isSafeInteger(count)) &&
    STATES.includes(item.state) &&
    isRequest(item.request) &&
    (item.state !== "answered" || item.answer !== undefined) &&
    (item.answer === undefined || isAnswer(item.answer));
  if (!isWhole) {
    throw new OncewardError("corrupt", "an item of the outbox cannot be read");
  }
  return value as Item;
}
