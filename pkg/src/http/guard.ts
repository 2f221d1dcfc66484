/**
 * The one way of a request through a gate: named, judged, acted on once, and answered.
 *
 * The order of the checks is that of docs/http.md. What decides is the gate; here its verdicts
 * become answers.
 * @module
 */

import { isOncewardError, OncewardError } from "../errors.js";
import type { GateEvent } from "../event.js";
import type { Gate } from "../gate.js";
import { joined, readStream } from "./body.js";
import { contentOf } from "./content.js";
import { parseKey } from "./header.js";
import type { Settings } from "./options.js";
import type { Call, Plan } from "./plan.js";
import { Answered, problem } from "./problems.js";
import { isResponse } from "./response.js";
import { report, Turn } from "./turn.js";

/** Methods that change nothing, so that there is nothing to do once (RFC 9110, 9.2.1). */
const SAFE: ReadonlySet<string> = new Set(["GET", "HEAD", "OPTIONS", "TRACE", "QUERY"]);

/** What a gate says when it can judge no request at all. */
const UNAVAILABLE: ReadonlySet<string> = new Set([
  "store",
  "fenced",
  "closed",
  "capacity",
  "internal",
]);

/** How long a client is asked to leave a store alone. */
const UNAVAILABLE_MS = 5000;

/** Judges a request, and has it acted on at most once. */
export async function guard<Args extends readonly unknown[]>(
  plan: Plan<Args>,
  call: Call<Args>,
): Promise<Response> {
  const { request, act } = call;
  if (SAFE.has(request.method)) {
    return (await act(request, undefined)).response;
  }
  try {
    const key = keyOf(plan.settings, request);
    if (key === undefined && plan.identify === undefined) {
      return (await act(request, undefined)).response;
    }
    return await judged(plan, call, key);
  } catch (error) {
    if (error instanceof Answered) {
      return error.response;
    }
    throw error;
  }
}

/** Reads the key, which may only be absent where none is required. */
function keyOf<Args extends readonly unknown[]>(
  { header, strict, requires, documentation }: Settings<Args>,
  { headers, method }: Request,
): string | undefined {
  const field = headers.get(header);
  if (field === null) {
    if (requires(method)) {
      throw new Answered(problem("missing_key", { documentation }));
    }
    return undefined;
  }
  const key = parseKey(field, { strict });
  if (key === undefined) {
    throw new Answered(problem("invalid_key", { documentation }));
  }
  return key;
}

async function judged<Args extends readonly unknown[]>(
  plan: Plan<Args>,
  call: Call<Args>,
  key: string | undefined,
): Promise<Response> {
  const { settings, identify } = plan;
  const { request, args } = call;
  const scope = await settings.scope(request, ...args);
  if (isResponse(scope)) {
    return scope;
  }
  const scoped = plan.scopeText(request, scope);
  const body = await bodyOf(settings, call);
  const identity = await identify?.(request, body, args);
  const content = contentOf({
    method: request.method,
    url: request.url,
    contentType: request.headers.get("content-type"),
    body,
    chosen: await settings.fingerprint?.(request, body),
    revision: identity?.revision,
  });
  const event: GateEvent = {
    scope: scoped,
    id: key ?? identity?.id,
    content,
    entity: identity?.entity,
    revision: identity?.revision,
  };
  let turn: Turn<Args> | undefined;
  try {
    const gate = await gateOf(settings, call);
    turn = new Turn({ settings, call, body, key, event, identity, gate });
    return await turn.run();
  } catch (error) {
    throw turn?.hasBegun === true ? error : unjudged(settings, request, error);
  }
}

/** Reads the body up to the limit. */
async function bodyOf<Args extends readonly unknown[]>(
  { maxBodyBytes, documentation }: Settings<Args>,
  { request, body }: Call<Args>,
): Promise<Uint8Array<ArrayBuffer>> {
  const tooLarge = (): Answered => new Answered(problem("too_large", { documentation }));
  if (Number(request.headers.get("content-length") ?? 0) > maxBodyBytes) {
    throw tooLarge();
  }
  if (body !== undefined) {
    const bytes = new Uint8Array(await body());
    if (bytes.length > maxBodyBytes) {
      throw tooLarge();
    }
    return bytes;
  }
  if (request.bodyUsed) {
    throw new OncewardError("invalid_option", "the body of the request was read before");
  }
  const read = await readStream(request.body, maxBodyBytes);
  if (read.rest !== undefined) {
    // Nothing more of it is wanted, and whether that can be said makes no difference.
    read.rest.cancel().catch(() => {});
    throw tooLarge();
  }
  return joined(read);
}

async function gateOf<Args extends readonly unknown[]>(
  { gate }: Settings<Args>,
  { request, args }: Call<Args>,
): Promise<Gate> {
  return await (typeof gate === "function" ? gate(request, ...args) : gate);
}

/** Answers what could not be judged; the handler has not run. */
function unjudged<Args extends readonly unknown[]>(
  { documentation, onUnavailable }: Settings<Args>,
  request: Request,
  error: unknown,
): unknown {
  if (!isOncewardError(error)) {
    return error;
  }
  if (UNAVAILABLE.has(error.code)) {
    report(onUnavailable, error, request);
    return new Answered(problem("unavailable", { documentation, retryAfter: UNAVAILABLE_MS }));
  }
  if (error.code === "jump") {
    return new Answered(problem("jump", { documentation }));
  }
  if (error.code === "invalid_event") {
    // All else was checked, so it is the time in the key.
    const detail = "The time in the key is too far ahead of the clock.";
    return new Answered(problem("invalid_key", { documentation, detail }));
  }
  return error;
}
