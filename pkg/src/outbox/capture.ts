/**
 * A request as it is kept, and made again from that; and an answer likewise.
 * @module
 */

import { invalidEvent } from "../errors.js";
import { kindOf } from "../event.js";
import type { StoredAnswer, StoredRequest } from "./item.js";

/**
 * What proves who the caller is: it does not belong on a disk, and is out of date by the next try.
 */
const SECRET_HEADERS: readonly string[] = ["authorization", "cookie", "proxy-authorization"];

/** What belongs to one exchange, or would give away a session. */
const PASSING_HEADERS: readonly string[] = [
  ...[
    "set-cookie",
    "set-cookie2",
    "connection",
    "keep-alive",
    "transfer-encoding",
    "te",
    "trailer",
  ],
  ...["upgrade", "proxy-authenticate", "proxy-authorization", "proxy-connection"],
  // The body is kept as it was after decoding.
  ...["content-encoding", "content-length"],
];

/** What a request is made with, if nobody says otherwise. */
const DEFAULTS: Readonly<Record<string, string>> = {
  mode: "cors",
  credentials: "same-origin",
  redirect: "follow",
};

/** Statuses whose answers have no body, not even an empty one. */
const BODILESS: readonly number[] = [101, 204, 205, 304];

/** A request that was read. */
export interface Captured {
  readonly request: StoredRequest;
  readonly body: Uint8Array | undefined;
}

function requireRequest(request: unknown): asserts request is Request {
  const { url, method, headers, arrayBuffer } = Object(request) as Partial<Request>;
  const isRequest =
    typeof url === "string" &&
    typeof method === "string" &&
    typeof headers?.entries === "function" &&
    typeof arrayBuffer === "function";
  if (!isRequest) {
    throw invalidEvent(`what is enqueued must be a Request, not ${kindOf(request)}`);
  }
}

function requireSendable({ url, mode, redirect, bodyUsed }: Request): void {
  if (!/^https?:/.test(url)) {
    throw invalidEvent("the request must be one for http or https");
  }
  if (bodyUsed) {
    throw invalidEvent("the body of the request was read already");
  }
  if (mode === "no-cors" || mode === "navigate") {
    throw invalidEvent(`the answer to a request of mode "${mode}" cannot be read: make a new one`);
  }
  if (redirect === "manual") {
    throw invalidEvent('a request with redirect "manual" cannot be kept: make a new one');
  }
}

/** What differs from the default, where the runtime has it at all. */
function special(request: Request, name: "mode" | "credentials" | "redirect"): string | undefined {
  const value: unknown = Reflect.get(request, name);
  return typeof value === "string" && value !== DEFAULTS[name] ? value : undefined;
}

/**
 * Reads a request whole, its body too, but without the headers that prove who the caller is.
 *
 * @throws {OncewardError} `invalid_event` when it cannot be kept, or has too long a body.
 */
export async function capture(request: unknown, bodyBytesMax: number): Promise<Captured> {
  requireRequest(request);
  requireSendable(request);
  const { method, url } = request;
  const headers = [...request.headers].filter(([name]) => !SECRET_HEADERS.includes(name));
  const modes = {
    mode: special(request, "mode"),
    credentials: special(request, "credentials"),
    redirect: special(request, "redirect"),
  };
  const body = await readBody(request, bodyBytesMax);
  return { request: { method, url, headers, bodyBytes: body?.length, ...modes }, body };
}

async function readBody(request: Request, bodyBytesMax: number): Promise<Uint8Array | undefined> {
  if (request.method === "GET" || request.method === "HEAD" || request.body === null) {
    return undefined;
  }
  let body: Uint8Array;
  try {
    body = new Uint8Array(await request.arrayBuffer());
  } catch (cause) {
    throw Object.assign(invalidEvent("the body of the request could not be read"), { cause });
  }
  if (body.length > bodyBytesMax) {
    throw invalidEvent(`the request has ${body.length} bytes, and maxBodyBytes is ${bodyBytesMax}`);
  }
  return body;
}

/** Makes the request again, with its key. */
export function restore(
  stored: StoredRequest,
  body: Uint8Array | undefined,
  { header, key, signal }: { header: string; key: string; signal: AbortSignal },
): Request {
  const { method, url, mode, credentials, redirect } = stored;
  const headers = new Headers(
    stored.headers.map(([name, value]): [string, string] => [name, value]),
  );
  // A string of RFC 9651 in quotes; keys have neither quotes nor backslashes.
  headers.set(header, `"${key}"`);
  return new Request(url, {
    method,
    headers,
    signal,
    ...(body === undefined ? {} : { body: new Uint8Array(body) }),
    // Not every runtime knows these, so they are left out where they say nothing new.
    ...(mode === undefined ? {} : { mode: mode as RequestMode }),
    ...(credentials === undefined ? {} : { credentials: credentials as RequestCredentials }),
    ...(redirect === undefined ? {} : { redirect: redirect as RequestRedirect }),
  });
}

/** Reads an answer as it is kept. */
export function captureAnswer(
  { status, statusText, headers }: Response,
  bytes: Uint8Array,
  bytesMax: number,
): { answer: StoredAnswer; body: Uint8Array } {
  const kept = [...headers].filter(([name]) => !PASSING_HEADERS.includes(name));
  const omitted = bytes.length > bytesMax;
  const body = omitted ? new Uint8Array() : bytes;
  return {
    answer: { status, statusText, headers: kept, bodyBytes: body.length, omitted },
    body,
  };
}

/** Makes an answer again. */
export function restoreAnswer(stored: StoredAnswer, body: Uint8Array | undefined): Response {
  const { status, statusText, headers } = stored;
  const bytes = BODILESS.includes(status) ? null : new Uint8Array(body ?? new Uint8Array());
  return new Response(bytes, {
    status,
    statusText,
    headers: headers.map(([name, value]): [string, string] => [name, value]),
  });
}
