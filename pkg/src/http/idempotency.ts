/**
 * What a handler can know of the claim that its request runs under, and say of it.
 * @module
 */

import type { Claim } from "../claim.js";

/**
 * Leaves the request in doubt when a handler throws it: it may have taken effect, and nobody knows.
 * The client is told so, and retries are refused until somebody resolves it.
 *
 * @example
 * ```ts
 * try {
 *   return await charge(order);
 * } catch (cause) {
 *   throw isTimeout(cause) ? new InDoubt("the bank did not answer", { cause }) : cause;
 * }
 * ```
 */
export class InDoubt extends Error {
  /** What kind of error it is. */
  override readonly name = "InDoubt";
}

/** What a handler is told of its request, and may say. */
export class Idempotency {
  /** The key that the client has sent; undefined where a revision alone names the request. */
  readonly key: string | undefined;

  /** The fencing token: hand it to the resource, which refuses a lower one. */
  readonly token: bigint;

  /** How many times the request was begun, this one included: from 1. */
  readonly attempt: number;

  /** Whether an earlier attempt ended without an answer, so that it may have taken effect. */
  readonly takeover: boolean;

  #isInDoubt = false;

  constructor(key: string | undefined, { token, attempt, takeover }: Claim) {
    this.key = key;
    this.token = token;
    this.attempt = attempt;
    this.takeover = takeover;
  }

  /** Whether the handler has said that it does not know. */
  get isInDoubt(): boolean {
    return this.#isInDoubt;
  }

  /**
   * Says that the request may have taken effect, and nobody knows. The handler's answer is sent,
   * and not kept; retries are refused until somebody resolves it.
   */
  doubt(): void {
    this.#isInDoubt = true;
  }
}

/** By the request that a handler was given. */
const known = new WeakMap<Request, Idempotency>();

/** Lets a handler find out about its request. */
export function tell(request: Request, idempotency: Idempotency): void {
  known.set(request, idempotency);
}

/**
 * Returns what is known of a request inside the handler that got it; undefined for one that passed
 * through, as a GET does.
 *
 * @example
 * ```ts
 * async function handler(request: Request): Promise<Response> {
 *   const { token } = idempotencyOf(request) ?? {};
 *   return Response.json(await charge(await request.json(), { fencingToken: token }));
 * }
 * ```
 */
export function idempotencyOf(request: Request): Idempotency | undefined {
  return known.get(request);
}
