/**
 * A handler of requests that acts once on each, and answers every retry with the first answer.
 * @module
 */

import { invalidOption } from "../errors.js";
import { kindOf } from "../event.js";
import { guard } from "./guard.js";
import { type Awaitable, type IdempotentOptions, readSettings } from "./options.js";
import type { Plan } from "./plan.js";
import { scopeText } from "./scope.js";

/** What answers requests: the `fetch` of a Worker, a route, or what `Deno.serve` takes. */
export type Handler<Args extends readonly unknown[]> = (
  request: Request,
  ...args: Args
) => Awaitable<Response>;

/** Checks that there is a handler. */
export function requireHandler(handler: unknown): void {
  if (typeof handler !== "function") {
    throw invalidOption(`the handler must be a function, not ${kindOf(handler)}`);
  }
}

/** Has the runtime wait for what was begun, if the handler is called with something that can. */
function holder(args: readonly unknown[]): (promise: Promise<unknown>) => void {
  return (promise) => {
    for (const arg of args) {
      const { waitUntil } = Object(arg) as { readonly waitUntil?: unknown };
      if (typeof waitUntil === "function") {
        Reflect.apply(waitUntil, arg, [promise]);
      }
    }
  };
}

/** Makes a handler whose requests are judged by a plan. */
export function guarded<Args extends readonly unknown[]>(
  plan: Plan<Args>,
  handler: Handler<Args>,
): (request: Request, ...args: Args) => Promise<Response> {
  requireHandler(handler);
  return (request, ...args) =>
    guard(plan, {
      request,
      args,
      act: async (given) => ({ response: await handler(given, ...args) }),
      hold: holder(args),
    });
}

/**
 * Wraps a handler so that a request with an Idempotency-Key is acted on once, and every retry gets
 * the first answer (draft-ietf-httpapi-idempotency-key-header-07).
 *
 * - The same key with another request is refused with 422, also while the first is in flight; the
 *   same request is refused with 409 then, or waits.
 * - GET and other safe methods pass through.
 * - The handler gets a request whose body is in memory, and that is not aborted when its client
 *   goes away. Its answer is recorded before the client sees any of it.
 * - Answers are kept by `policy`; a handler that throws lets a retry run again.
 *
 * docs/http.md has the order of the checks, and docs/problems.md what clients are told.
 *
 * @throws {OncewardError} `invalid_option` for the options, and, when it is called, for a scope
 * that is none. What the handler and the options' functions throw passes.
 *
 * @example
 * ```ts
 * const gate = keepOpen(() => Gate.open({ store: file("state") }));
 *
 * export default {
 *   fetch: idempotent(handler, {
 *     gate,
 *     scope: (request) => ({ tenant: tenantOf(request), operation: "charge" }),
 *   }),
 * };
 * ```
 */
export function idempotent<Args extends readonly unknown[] = []>(
  handler: Handler<Args>,
  options: IdempotentOptions<Args>,
): (request: Request, ...args: Args) => Promise<Response> {
  return guarded({ settings: readSettings<Args>(options), scopeText }, handler);
}
