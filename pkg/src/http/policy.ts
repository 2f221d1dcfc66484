/**
 * Which answers are kept for retries, and which let the request run again.
 * @module
 */

/**
 * What becomes of an answer.
 *
 * - `keep`: it is the answer, and every retry gets it
 * - `omit`: it was acted on, but the answer itself is not kept: retries are told so
 * - `release`: nothing has happened, and a retry runs again
 * - `doubt`: it may have happened: retries are refused until somebody has found out
 */
export type AnswerChoice = "keep" | "omit" | "release" | "doubt";

/** Refusals that say nothing of the request itself, so that the same one may succeed later. */
const PASSING: ReadonlySet<number> = new Set([401, 403, 407, 408, 409, 421, 423, 425, 429]);

const SERVER_ERROR = 500;
const ANSWER_MIN = 200;

/**
 * The policy unless there is another: what is decided by the request alone is kept, and what may go
 * better next time is released.
 *
 * - 2xx, 3xx and 4xx are kept, but for 401, 403, 407, 408, 409, 421, 423, 425 and 429
 * - those, and 5xx, are released
 * - an event stream is omitted, since it may never end
 *
 * @example
 * ```ts
 * const policy = (response: Response) =>
 *   response.status === 504 ? "doubt" : defaultPolicy(response);
 * ```
 */
export function defaultPolicy(response: Response): AnswerChoice {
  const { status, headers } = response;
  // 0 is the status of Response.error().
  if (PASSING.has(status) || status >= SERVER_ERROR || status < ANSWER_MIN) {
    return "release";
  }
  const type = headers.get("content-type") ?? "";
  return /^text\/event-stream\b/i.test(type) ? "omit" : "keep";
}
