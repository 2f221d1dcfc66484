/**
 * What an answer means for an item: the table in docs/outbox.md.
 * @module
 */

import { readRetryAfter } from "./retry-after.js";

/**
 * What is done after an answer: it is kept as the success that it is; the item is parked with it;
 * or the item is sent again, after a failure, or because the first request is still being worked on.
 */
export type Decision = "answered" | "parked" | "retry" | "wait";

/** Statuses below 500 that tell to come again. */
const PASSING: readonly number[] = [408, 425, 429];

const CONFLICT = 409;
const GONE = 410;

/**
 * The ends of the problem types (RFC 9457) by which `onceward/http` tells that a request with this key is
 * being worked on, and that it was acted on but its answer is not kept any more.
 */
const IN_FLIGHT = "/in-flight";
const OMITTED = "/result-omitted";

/** The type of a problem; undefined where the answer is none. */
export function problemType(headers: Headers, body: Uint8Array): string | undefined {
  if (!/^application\/problem\+json\s*(?:;|$)/i.test(headers.get("content-type") ?? "")) {
    return undefined;
  }
  try {
    const { type } = Object(JSON.parse(new TextDecoder().decode(body))) as { type?: unknown };
    return typeof type === "string" ? type : undefined;
  } catch {
    return undefined;
  }
}

/** What the table says of an answer. */
export function decide(status: number, headers: Headers, body: Uint8Array, now: number): Decision {
  if (status >= 200 && status < 300) {
    return "answered";
  }
  if (status >= 500 || PASSING.includes(status)) {
    return "retry";
  }
  if (status === CONFLICT) {
    const isInFlight =
      readRetryAfter(headers, now) !== undefined ||
      problemType(headers, body)?.endsWith(IN_FLIGHT) === true;
    return isInFlight ? "wait" : "parked";
  }
  if (status === GONE && problemType(headers, body)?.endsWith(OMITTED) === true) {
    return "answered";
  }
  return "parked";
}
