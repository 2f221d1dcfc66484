/**
 * Idempotency-Key as a middleware of Hono: acts once, and answers every retry with the first
 * answer.
 * @module
 */

import type { Context, Env, MiddlewareHandler } from "hono";
import type { Gate } from "./gate.js";
import { guard } from "./http/guard.js";
import type { Idempotency } from "./http/idempotency.js";
import { type Awaitable, type IdempotentOptions, readSettings } from "./http/options.js";
import { type Scope, scopeText } from "./http/scope.js";

/** What the middleware sets in the context: nothing for requests that pass through. */
export interface IdempotencyVariables {
  /** What the handler may ask and say; undefined where the request is not guarded. */
  readonly idempotency: Idempotency | undefined;
}

/**
 * The options of `idempotent`, with functions of Hono's context instead of the request.
 *
 * @example
 * ```ts
 * const options: HonoIdempotencyOptions = {
 *   gate,
 *   scope: (c) => ({ tenant: c.get("user").id, operation: "charge", route: "/charges/:id" }),
 * };
 * ```
 */
export interface HonoIdempotencyOptions<E extends Env = Env>
  extends Omit<IdempotentOptions, "gate" | "scope"> {
  /** As in `idempotent`, or a function of the context, which knows the bindings. */
  readonly gate: Awaitable<Gate> | ((c: Context<E>) => Awaitable<Gate>);
  /** As in `idempotent`. Register what authenticates before this. */
  readonly scope: (c: Context<E>) => Awaitable<Scope | Response>;
}

/** Has the runtime wait for what was begun, where it has a context for that. */
function hold(c: Context, promise: Promise<unknown>): void {
  try {
    c.executionCtx.waitUntil(promise);
  } catch {
    // Only some runtimes have one, and the others need none.
  }
}

/**
 * Makes a middleware that acts once on a request with an Idempotency-Key, as `idempotent` of
 * `onceward/http` does.
 *
 * - Register it behind what authenticates and what sets CORS headers, and before validators.
 * - `c.get("idempotency")` has the fencing token, and `doubt()`.
 * - Errors that handlers throw are answered by `app.onError`; that answer is judged by `policy`,
 *   and where it is released, `onError` is asked what the error means.
 *
 * @throws {OncewardError} `invalid_option` for the options.
 *
 * @example
 * ```ts
 * const app = new Hono<{ Variables: IdempotencyVariables }>();
 * app.use("/charges/*", idempotency({
 *   gate,
 *   scope: (c) => ({ tenant: tenantOf(c), operation: "charge" }),
 * }));
 * app.post("/charges", async (c) => c.json(await charge(await c.req.json()), 201));
 * ```
 */
export function idempotency<E extends Env = Env>(
  options: HonoIdempotencyOptions<E>,
): MiddlewareHandler<E> {
  const { gate, scope } = Object(options) as HonoIdempotencyOptions<E>;
  const settings = readSettings<[Context<E>]>({
    ...options,
    gate: typeof gate === "function" ? (_: Request, c: Context<E>) => gate(c) : gate,
    scope: typeof scope === "function" ? (_: Request, c: Context<E>) => scope(c) : scope,
  });
  return async (c, next) => {
    const raw = c.req.raw;
    let hasRun = false;
    const response = await guard(
      { settings, scopeText },
      {
        request: raw,
        args: [c],
        act: async (request, known) => {
          hasRun = true;
          c.req.raw = request;
          // Which variables there are is for the application to say.
          (c as Context).set("idempotency", known);
          await next();
          return { response: c.res, error: c.error };
        },
        // A validator may have read it; what it has read Hono keeps.
        ...(raw.bodyUsed ? { body: () => c.req.arrayBuffer() } : {}),
        hold: (promise) => hold(c, promise),
      },
    );
    if (!hasRun) {
      // Hono adds the headers that others have set for whatever comes.
      return response;
    }
    if (c.res !== response) {
      // What is set over another answer takes on its headers; over none, it stays as it is.
      c.res = undefined;
      c.res = response;
    }
    return undefined;
  };
}
