/**
 * How the requests to one handler are judged, and one request of them.
 * @module
 */

import type { GateEvent } from "../event.js";
import type { Gate } from "../gate.js";
import type { Idempotency } from "./idempotency.js";
import type { Awaitable, Settings } from "./options.js";

/** What else than its key a request is known by. */
export interface Identity {
  readonly entity: string;
  /** In decimal. */
  readonly revision: string;
  /** The name of a request that has no key. */
  readonly id: string;
  /** Answers a request that its revision has refused. */
  refuse(verdict: "conflict" | "early" | "stale", gate: Gate, event: GateEvent): Response;
  /** Adds to an answer what the client should know, before any of it is kept. */
  finish(response: Response): Response;
}

/** What a handler has answered, and the error behind it, if there was one. */
export interface Acted {
  readonly response: Response;
  readonly error?: unknown;
}

/** Runs the handler; `idempotency` is absent for requests that pass through. */
export type Act = (request: Request, idempotency: Idempotency | undefined) => Awaitable<Acted>;

/** How the requests to one handler are judged. */
export interface Plan<Args extends readonly unknown[]> {
  readonly settings: Settings<Args>;
  /** Writes the scope as one text. */
  readonly scopeText: (request: Request, scope: unknown) => string;
  /** Finds out what else names a request. */
  readonly identify?: (request: Request, body: Uint8Array, args: Args) => Awaitable<Identity>;
}

/** A request, and what is done with it. */
export interface Call<Args extends readonly unknown[]> {
  readonly request: Request;
  readonly args: Args;
  readonly act: Act;
  /** Reads the body, where somebody has read it before and kept it. */
  readonly body?: () => Promise<ArrayBuffer>;
  /** Keeps the runtime from ending what the client does not wait for any more. */
  readonly hold?: (promise: Promise<unknown>) => void;
}
