/**
 * What an answer means for an item: the table in docs/outbox.md.
 * @module
 */

import { problemType } from "../http/problems.js";
import { readRetryAfter } from "./retry-after.js";

/**
 * What is done after an answer: it is kept as the success that it is; the item is parked with it;
 * or the item is sent again, after a failure, or because the first request is still being worked
 * on.
 */
export type Decision = "answered" | "parked" | "retry" | "wait";

/** Statuses below 500 that tell to come again. */
const PASSING: readonly number[] = [408, 425, 429];

const CONFLICT = 409;
const GONE = 410;

/** Which problem an answer tells of (RFC 9457); undefined where it is none. */
function typeOf(headers: Headers, body: Uint8Array): string | undefined {
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

/** What a conflict means: whether it is one that passes. */
function ofConflict(headers: Headers, body: Uint8Array, now: number): Decision {
  const type = typeOf(headers, body);
  if (type === problemType("pending")) {
    return "wait";
  }
  if (type === problemType("early")) {
    // Another client has to come first.
    return "retry";
  }
  // What other servers say while they are at it.
  return readRetryAfter(headers, now) === undefined ? "parked" : "wait";
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
    return ofConflict(headers, body, now);
  }
  // It was acted on; only what was answered is not known any more.
  const isDone = status === GONE && typeOf(headers, body) === problemType("omitted");
  return isDone ? "answered" : "parked";
}
