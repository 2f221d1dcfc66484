/**
 * Answers as they are kept: status, the headers that may be kept, and the body byte for byte.
 *
 * A kept answer is a byte for the version, a u32 for the length of its head, the head as JSON, and
 * the body.
 * @module
 */

import { invalidOption } from "../errors.js";
import { isBytes, kindOf } from "../event.js";
import { joined, readStream, resumed } from "./body.js";

/** Tells that a request was answered before. */
export const REPLAYED_HEADER = "Idempotency-Replayed";

/** Tells for how long the key, and the answer, are known, in seconds. */
export const RETENTION_HEADER = "Idempotency-Retention";

const VERSION = 1;
const PREFIX_BYTES = 5;

/** Statuses whose answers have no body, not even an empty one. */
const BODILESS: ReadonlySet<number> = new Set([204, 205, 304]);

/** What describes the body, or says where the outcome is. */
const KEPT_HEADERS: readonly string[] = [
  "content-type",
  "content-language",
  "content-encoding",
  "content-disposition",
  "content-location",
  "content-digest",
  "repr-digest",
  "location",
  "etag",
  "last-modified",
  "link",
];

/** What belongs to one client, one connection or one moment. */
const NEVER_KEPT = new RegExp(
  `^(?:${[
    "set-cookie2?",
    "authorization",
    "authentication-info",
    "www-authenticate",
    "proxy-.*",
    "connection",
    "keep-alive",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "content-length",
    "date",
    "age",
    "expires",
    "cache-control",
    "access-control-.*",
    "idempotency-.*",
  ].join("|")})$`,
);

/** Whether a value is a Response, of any realm or library. */
export function isResponse(value: unknown): value is Response {
  const { status, headers } = Object(value) as Partial<Response>;
  return typeof status === "number" && typeof headers?.get === "function";
}

/** Stands for an answer that is not kept. No gate takes it for a result. */
export const OMITTED = Symbol("omitted");

/** What is kept of an answer besides its body. */
interface Head {
  readonly status: number;
  readonly headers: readonly [string, string][];
}

/** An answer to be sent, and what of it is kept. */
export interface Captured {
  readonly response: Response;
  readonly kept: Uint8Array | typeof OMITTED;
}

/**
 * Reads the names of further headers that are kept, and adds them to those that always are.
 *
 * @throws {OncewardError} `invalid_option` for one that is no name, or that must not be kept.
 */
export function readKeptHeaders(value: unknown): readonly string[] {
  if (value === undefined) {
    return KEPT_HEADERS;
  }
  if (!Array.isArray(value)) {
    throw invalidOption(`headers must be an array of names, not ${kindOf(value)}`);
  }
  const names = value.map((name: unknown) => {
    if (typeof name !== "string" || !/^[\w!#$%&'*+.^`|~-]+$/.test(name)) {
      throw invalidOption("headers must be names of HTTP headers");
    }
    if (NEVER_KEPT.test(name.toLowerCase())) {
      throw invalidOption(`the header ${name} must not be kept: it is not for whoever retries`);
    }
    return name.toLowerCase();
  });
  return [...new Set([...KEPT_HEADERS, ...names])];
}

/** Writes an answer down as it is kept. */
function encode(
  { status, headers }: Response,
  kept: readonly string[],
  body: Uint8Array,
): Uint8Array {
  const pairs = kept.flatMap((name) => {
    const value = headers.get(name);
    return value === null ? [] : [[name, value]];
  });
  const head = new TextEncoder().encode(JSON.stringify({ status, headers: pairs }));
  const bytes = new Uint8Array(PREFIX_BYTES + head.length + body.length);
  bytes[0] = VERSION;
  new DataView(bytes.buffer).setUint32(1, head.length);
  bytes.set(head, PREFIX_BYTES);
  bytes.set(body, PREFIX_BYTES + head.length);
  return bytes;
}

/** Makes an answer again from what was kept of it. */
function again(value: Uint8Array): Response {
  const view = new DataView(value.buffer, value.byteOffset, value.length);
  const end = PREFIX_BYTES + view.getUint32(1);
  if (value[0] !== VERSION || end > value.length) {
    throw new RangeError("these bytes are no answer");
  }
  const text = new TextDecoder("utf-8", { fatal: true }).decode(value.subarray(PREFIX_BYTES, end));
  const { status, headers } = JSON.parse(text) as Head;
  const body = BODILESS.has(status) ? null : new Uint8Array(value.subarray(end));
  const response = new Response(body, { status, headers: new Headers([...headers]) });
  response.headers.set(REPLAYED_HEADER, "true");
  response.headers.set("Cache-Control", "no-store");
  return response;
}

/** Makes an answer again; undefined for what is none, such as another result given by hand. */
export function replay(value: unknown): Response | undefined {
  try {
    return isBytes(value) ? again(value) : undefined;
  } catch {
    return undefined;
  }
}

/** Makes an answer that says the same, with headers that can be changed, and the body given. */
export function withBody(
  { status, statusText, headers }: Response,
  body: Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array> | null,
): Response {
  // No more than these three: what else belongs to a Response of some runtime is not for a copy.
  const given = new Headers(headers);
  return new Response(BODILESS.has(status) ? null : body, { status, statusText, headers: given });
}

/**
 * Reads an answer until it is known whether it can be kept in so many bytes. It is sent afterwards,
 * whole, or as a stream whose beginning was read.
 */
export async function capture(
  response: Response,
  names: readonly string[],
  maxBytes: number,
): Promise<Captured> {
  const head = encode(response, names, new Uint8Array());
  const read = await readStream(response.body, Math.max(maxBytes - head.length, 0));
  if (read.rest !== undefined) {
    return { response: withBody(response, resumed(read)), kept: OMITTED };
  }
  const body = response.body === null ? null : joined(read);
  const kept = body === null ? head : encode(response, names, body);
  return {
    response: withBody(response, body),
    kept: kept.length > maxBytes ? OMITTED : kept,
  };
}

/**
 * Writes an answer down as `idempotent` keeps it: what to give `Gate.resolve` when somebody has
 * found out that a request in doubt did take effect.
 *
 * @param headers further headers that are kept, as in the options of `idempotent`.
 * @throws {OncewardError} `invalid_option` for the headers.
 *
 * @example
 * ```ts
 * const answer = await keptAnswer(Response.json({ charge: "ch_1" }, { status: 201 }));
 * gate.resolve(keyEvent(request, scope, key), "committed", answer);
 * ```
 */
export async function keptAnswer(
  response: Response,
  headers?: readonly string[],
): Promise<Uint8Array> {
  const body = new Uint8Array(await response.arrayBuffer());
  return encode(response, readKeptHeaders(headers), body);
}
