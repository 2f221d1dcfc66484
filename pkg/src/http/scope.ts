/**
 * Whose request it is, and what it asks for: the part of a key's name that the server gives.
 * @module
 */

import { invalidOption } from "../errors.js";
import { type GateEvent, kindOf } from "../event.js";
import { requireWellFormed } from "../frame.js";

/**
 * What a key is unique within, besides the method. The server says it, from what it knows of the
 * client, never from what the client can choose freely.
 *
 * @example
 * ```ts
 * const scope: Scope = { tenant: session.accountId, operation: "charge" };
 * ```
 */
export interface Scope {
  /** Whose keys they are: an account, a user, an API key. What all share is to be called so. */
  readonly tenant: string;
  /** What is done: `"charge"`. */
  readonly operation: string;
  /**
   * The route, such as `"/accounts/:id/charges"`. A key that comes again for another path of the
   * same route is refused as used; for another route it is another key. @default the path of the
   * request
   */
  readonly route?: string | undefined;
}

/** The parts of a request that say which operation it is. */
export interface Target {
  /** The method of the request. */
  readonly method: string;
  /** Its absolute address. */
  readonly url: string;
}

function readPart(value: unknown, name: string): string {
  if (typeof value !== "string" || value === "") {
    const kind = value === "" ? "an empty text" : kindOf(value);
    throw invalidOption(`the ${name} of a scope must be a text, not ${kind}`);
  }
  requireWellFormed(value, `the ${name}`);
  return value;
}

/** Puts parts together, each with its length, so that no two lists of parts give the same text. */
function prefixed(parts: readonly string[]): string {
  return parts.map((part) => `${part.length}:${part}`).join("");
}

/**
 * Returns whose entities they are, as one text: what all methods and routes share that change them.
 *
 * @throws {OncewardError} `invalid_option` when the tenant or the operation is not given.
 */
export function ownerText(scope: unknown): string {
  const { tenant, operation } = Object(scope) as Scope;
  return prefixed([readPart(tenant, "tenant"), readPart(operation, "operation")]);
}

/**
 * Returns the scope of a request as one text, its method and route included.
 *
 * @throws {OncewardError} `invalid_option` when the tenant or the operation is not given.
 */
export function scopeText({ method, url }: Target, scope: unknown): string {
  const { route = new URL(url).pathname } = Object(scope) as Scope;
  return ownerText(scope) + prefixed([method, readPart(route, "route")]);
}

/**
 * Returns the event that a request with a key is, as far as its name goes: for `Gate.inspect`,
 * `Gate.resolve` and `Gate.forget`.
 *
 * @throws {OncewardError} `invalid_option` for the scope.
 *
 * @example
 * ```ts
 * const event = keyEvent({ method: "POST", url: "https://api.example/charges" }, scope, key);
 * gate.resolve(event, "released");
 * ```
 */
export function keyEvent(
  target: Target,
  scope: Scope,
  key: string,
): Required<Pick<GateEvent, "scope" | "id">> {
  return { scope: scopeText(target, scope), id: key };
}
