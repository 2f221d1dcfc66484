/**
 * What a client is told when its request was not acted on: problem details (RFC 9457), by one
 * table.
 * @module
 */

/** One kind of problem. */
interface Kind {
  readonly status: number;
  readonly title: string;
  readonly detail: string;
}

const PROBLEMS = {
  missing_key: {
    status: 400,
    title: "The idempotency key is missing",
    detail: "This request must carry an idempotency key, so that it can be retried safely.",
  },
  invalid_key: {
    status: 400,
    title: "The idempotency key is malformed",
    detail: "A key is a string in quotes, of 1 to 255 printable ASCII characters.",
  },
  too_large: {
    status: 413,
    title: "The request is too large",
    detail: "The body is larger than this operation takes. Nothing was done.",
  },
  conflict: {
    status: 422,
    title: "The idempotency key was used for another request",
    detail: "A key stands for one request. Send this one with a key of its own. Nothing was done.",
  },
  pending: {
    status: 409,
    title: "The same request is being processed",
    detail: "Send it again, unchanged, after the time in Retry-After.",
  },
  "in-doubt": {
    status: 409,
    title: "It is not known whether the request took effect",
    detail: "It has to be reconciled first, and is not tried again before. Ask the operator.",
  },
  expired: {
    status: 410,
    title: "The idempotency key is too old",
    detail: "What was done with keys of that age is no longer known. Nothing was done now.",
  },
  omitted: {
    status: 410,
    title: "The request took effect, but its answer is not kept",
    detail: "It is not done again. Look up what it has changed.",
  },
  missing_revision: {
    status: 400,
    title: "The revision is missing",
    detail: "An update must say which revision it is.",
  },
  missing_precondition: {
    status: 428,
    title: "A precondition is missing",
    detail: "An update must say in If-Match which revision it is based on, or If-None-Match: *.",
  },
  invalid_revision: {
    status: 400,
    title: "The revision is malformed",
    detail:
      "A revision is a whole number, not negative, and in If-Match it is one strong entity tag.",
  },
  stale: {
    status: 409,
    title: "The update is out of date",
    detail: "A later revision was applied before. Nothing was done.",
  },
  revision_conflict: {
    status: 409,
    title: "The revision was taken by another update",
    detail: "Another content has this revision. Read what is current, and base the update on that.",
  },
  early: {
    status: 409,
    title: "The update comes too early",
    detail: "A revision before this one is missing. Send it again when that was applied.",
  },
  jump: {
    status: 422,
    title: "The revision is too far ahead",
    detail: "It lies further above the last one than is allowed. Nothing was done.",
  },
  failed: {
    status: 500,
    title: "The request failed",
    detail: "Something went wrong while it was processed.",
  },
  unavailable: {
    status: 503,
    title: "The request cannot be recorded now",
    detail: "Nothing was done. Send it again, unchanged, after the time in Retry-After.",
  },
} as const satisfies Readonly<Record<string, Kind>>;

/** What kind of problem it is. Codes, statuses and types are stable; titles and details are not. */
export type ProblemCode = keyof typeof PROBLEMS;

export const PROBLEM_CODES = Object.keys(PROBLEMS) as readonly ProblemCode[];

/** Where each type of problem is described, at its code. */
const TYPES = "https://github.com/onceward/onceward/blob/main/docs/problems.md#";

const RETRY_SECONDS_MIN = 1;

/**
 * The longest that a client is told to wait. A lease says when others may take over, and that is
 * mostly long after the answer is there.
 */
const RETRY_SECONDS_MAX = 5;

/** What a problem says besides its kind. */
export interface ProblemParts {
  /** Instead of the one in the table. */
  readonly status?: number | undefined;
  readonly detail?: string | undefined;
  /** After how many milliseconds it is worth trying again. */
  readonly retryAfter?: number | undefined;
  /** Members of their own, and headers. */
  readonly members?: Readonly<Record<string, string | undefined>> | undefined;
  readonly headers?: Readonly<Record<string, string | undefined>> | undefined;
  /** Where the service describes its use of keys. */
  readonly documentation?: string | undefined;
}

/** Returns the type of a problem: the address at which it is described. */
export function problemType(code: ProblemCode): string {
  return `${TYPES}${code}`;
}

/** Writes a whole number of seconds for Retry-After: never 0, which would be "at once". */
function retrySeconds(ms: number): string {
  const seconds = Math.ceil(Number.isFinite(ms) ? ms / 1000 : RETRY_SECONDS_MAX);
  return `${Math.min(Math.max(seconds, RETRY_SECONDS_MIN), RETRY_SECONDS_MAX)}`;
}

/** Makes the answer that tells a client of a problem. */
export function problem(code: ProblemCode, parts: ProblemParts = {}): Response {
  const { title, ...kind } = PROBLEMS[code];
  const { status = kind.status, detail = kind.detail, retryAfter, documentation } = parts;
  const headers = new Headers({
    "Content-Type": "application/problem+json",
    "Content-Language": "en",
    "Cache-Control": "no-store",
  });
  if (retryAfter !== undefined) {
    headers.set("Retry-After", retrySeconds(retryAfter));
  }
  if (documentation !== undefined) {
    headers.set("Link", `<${documentation}>; rel="describedby"`);
  }
  for (const [name, value] of Object.entries(parts.headers ?? {})) {
    if (value !== undefined) {
      headers.set(name, value);
    }
  }
  // What is undefined is left out of the text.
  const body = { type: problemType(code), title, status, detail, code, ...parts.members };
  return new Response(JSON.stringify(body), { status, headers });
}

/** Ends the handling of a request with an answer of ours. */
export class Answered extends Error {
  readonly response: Response;

  constructor(response: Response) {
    super("the request was answered");
    this.response = response;
  }
}
