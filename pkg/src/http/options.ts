/**
 * The options of `idempotent`: what they mean, their defaults, and their reading.
 * @module
 */

import { invalidOption } from "../errors.js";
import { type Json, kindOf } from "../event.js";
import type { Gate } from "../gate.js";
import { type Duration, readDuration, readFlag, readOneOf, takeOptions } from "../options.js";
import { KEY_HEADER } from "./header.js";
import { type AnswerChoice, defaultPolicy } from "./policy.js";
import { readKeptHeaders } from "./response.js";
import type { Scope } from "./scope.js";

/** A value, or a promise of it. */
export type Awaitable<T> = T | Promise<T>;

/**
 * How requests are judged, and what is kept of their answers. `Args` is what the handler is called
 * with besides the request.
 *
 * @example
 * ```ts
 * const options: IdempotentOptions = {
 *   gate: keepOpen(() => Gate.open({ store })),
 *   scope: (request) => ({ tenant: tenantOf(request), operation: "charge" }),
 *   pending: "wait",
 * };
 * ```
 */
export interface IdempotentOptions<Args extends readonly unknown[] = readonly unknown[]> {
  /**
   * The gate that judges: one, a promise of one, or a function of the request. See `keepOpen`.
   */
  readonly gate: Awaitable<Gate> | ((request: Request, ...args: Args) => Awaitable<Gate>);
  /**
   * Whose request it is, and which operation: keys of others are other keys. Authenticate first: a
   * client without leave is answered here, with the Response that this returns instead.
   *
   * There is no default, since any would let one client have the answer to another.
   */
  readonly scope: (request: Request, ...args: Args) => Awaitable<Scope | Response>;
  /**
   * Which requests must carry a key: all that are not safe, none, or those with one of these
   * methods. Others with a key are judged by it, too, but for safe ones, which always pass.
   * @default ["POST", "PATCH"]
   */
  readonly required?: boolean | readonly string[] | undefined;
  /** Whether the key must be in quotes, as the draft says. @default false */
  readonly strict?: boolean | undefined;
  /** The name of the header. @default "Idempotency-Key" */
  readonly header?: string | undefined;
  /**
   * What of a body must stay the same when its key comes again, where that is not all of it.
   * Method, target and revision always must. @default the meaning of JSON, the bytes of everything
   * else
   */
  readonly fingerprint?:
    | ((request: Request, body: Uint8Array) => Awaitable<Json | Uint8Array>)
    | undefined;
  /** The most bytes of a request's body; more is answered with 413. @default 1048576 */
  readonly maxBodyBytes?: number | undefined;
  /**
   * Whether a request is refused while the same one is being processed, or waits for its answer.
   * @default "refuse"
   */
  readonly pending?: "refuse" | "wait" | undefined;
  /** How long it waits before being refused after all. @default the lease */
  readonly maxWait?: Duration | undefined;
  /**
   * How long a claim is valid; it is renewed while the handler runs. @default the gate's `lease`
   */
  readonly lease?: Duration | undefined;
  /** What becomes of an answer. @default `defaultPolicy` */
  readonly policy?: ((response: Response) => AnswerChoice) | undefined;
  /** Names of further response headers that are kept. @default none */
  readonly headers?: readonly string[] | undefined;
  /**
   * What an error of the handler means: nothing has happened, or it may have. One that is `InDoubt`
   * always means the latter. @default () => "release"
   */
  readonly onError?: ((error: unknown) => "release" | "doubt") | undefined;
  /**
   * Whether an error of the handler is thrown on, or answered with 500. @default "rethrow"
   */
  readonly errors?: "rethrow" | "answer" | undefined;
  /** Where the service describes its use of keys: the link in every problem. @default none */
  readonly documentation?: string | undefined;
  /**
   * Is told that a request took effect, and that this could not be recorded, so that it may run
   * again when it is retried. The client gets the real answer.
   */
  readonly onUnconfirmed?: ((request: Request) => unknown) | undefined;
  /** Is told why a request was answered with 503; its handler did not run. */
  readonly onUnavailable?: ((error: unknown, request: Request) => unknown) | undefined;
}

/** Options that were read. */
export interface Settings<Args extends readonly unknown[]> {
  readonly gate: IdempotentOptions<Args>["gate"];
  readonly scope: IdempotentOptions<Args>["scope"];
  readonly strict: boolean;
  readonly header: string;
  readonly requires: (method: string) => boolean;
  readonly fingerprint: IdempotentOptions["fingerprint"];
  readonly maxBodyBytes: number;
  readonly once: {
    readonly onPending: "refuse" | "wait";
    readonly maxWait: number | undefined;
    readonly lease: number | undefined;
  };
  readonly policy: (response: Response) => AnswerChoice;
  readonly kept: readonly string[];
  readonly onError: (error: unknown) => "release" | "doubt";
  readonly errors: "rethrow" | "answer";
  readonly documentation: string | undefined;
  readonly onUnconfirmed: IdempotentOptions["onUnconfirmed"];
  readonly onUnavailable: IdempotentOptions["onUnavailable"];
}

const MAX_BODY_BYTES_DEFAULT = 1024 * 1024;
const MAX_BODY_BYTES_MAX = 512 * 1024 * 1024;
const REQUIRED_DEFAULT: readonly string[] = ["POST", "PATCH"];

export const OPTION_NAMES = [
  "gate",
  "scope",
  "required",
  "strict",
  "header",
  "fingerprint",
  "maxBodyBytes",
  "pending",
  "maxWait",
  "lease",
  "policy",
  "headers",
  "onError",
  "errors",
  "documentation",
  "onUnconfirmed",
  "onUnavailable",
] as const satisfies readonly (keyof IdempotentOptions)[];

function readRequired(
  value: unknown,
  otherwise: boolean | readonly string[],
): (method: string) => boolean {
  const given = value === undefined ? otherwise : value;
  if (typeof given === "boolean") {
    return () => given;
  }
  if (!Array.isArray(given) || !given.every((method) => typeof method === "string")) {
    throw invalidOption("required must be true, false, or an array of methods");
  }
  const methods = new Set(given.map((method) => method.toUpperCase()));
  return (method) => methods.has(method);
}

/** Reads a function that may be absent. */
export function readFunction<T>(value: unknown, name: string): T | undefined {
  if (value !== undefined && typeof value !== "function") {
    throw invalidOption(`${name} must be a function, not ${kindOf(value)}`);
  }
  return value as T | undefined;
}

function readHeader(value: unknown): string {
  if (value !== undefined && (typeof value !== "string" || !/^[\w-]+$/.test(value))) {
    throw invalidOption("header must be the name of an HTTP header");
  }
  return value === undefined ? KEY_HEADER : value;
}

function readMaxBodyBytes(bytes: unknown = MAX_BODY_BYTES_DEFAULT): number {
  if (typeof bytes !== "number" || !(bytes >= 0 && bytes <= MAX_BODY_BYTES_MAX)) {
    throw invalidOption(`maxBodyBytes must be a number from 0 to ${MAX_BODY_BYTES_MAX}`);
  }
  return bytes;
}

function readSpan(value: unknown, name: string): number | undefined {
  return value === undefined ? undefined : readDuration(value, name, 0);
}

function readDocumentation(value: unknown): string | undefined {
  if (value !== undefined && (typeof value !== "string" || !/^[!#-;=?-~]+$/.test(value))) {
    throw invalidOption("documentation must be an address, as it stands in a Link header");
  }
  return value;
}

function readGate<Args extends readonly unknown[]>(value: unknown): Settings<Args>["gate"] {
  const { once, then } = Object(value) as { readonly once?: unknown; readonly then?: unknown };
  if (![value, once, then].some((method) => typeof method === "function")) {
    throw invalidOption("gate must be a Gate, a promise of one, or a function that returns one");
  }
  return value as Settings<Args>["gate"];
}

/** What another wrapper has besides these options, and does otherwise. */
export interface Others {
  readonly names?: readonly string[];
  readonly required?: boolean;
}

/**
 * Reads the options.
 *
 * @throws {OncewardError} `invalid_option` for an unknown one or one out of range.
 */
export function readSettings<Args extends readonly unknown[]>(
  options: unknown,
  { names = [], required }: Others = {},
): Settings<Args> {
  const given: Readonly<Record<string, unknown>> = takeOptions(options, "the options", [
    ...OPTION_NAMES,
    ...names,
  ]);
  if (typeof given.scope !== "function") {
    throw invalidOption("scope must be a function: it says whose request it is, and what it does");
  }
  return {
    gate: readGate<Args>(given.gate),
    scope: given.scope as Settings<Args>["scope"],
    requires: readRequired(given.required, required ?? REQUIRED_DEFAULT),
    strict: readFlag(given.strict, "strict", false),
    header: readHeader(given.header),
    fingerprint: readFunction(given.fingerprint, "fingerprint"),
    maxBodyBytes: readMaxBodyBytes(given.maxBodyBytes),
    once: {
      onPending: readOneOf(given.pending, "pending", ["refuse", "wait"]),
      maxWait: readSpan(given.maxWait, "maxWait"),
      lease: readSpan(given.lease, "lease"),
    },
    policy: readFunction<Settings<Args>["policy"]>(given.policy, "policy") ?? defaultPolicy,
    kept: readKeptHeaders(given.headers),
    onError: readFunction<Settings<Args>["onError"]>(given.onError, "onError") ?? (() => "release"),
    errors: readOneOf(given.errors, "errors", ["rethrow", "answer"]),
    documentation: readDocumentation(given.documentation),
    onUnconfirmed: readFunction(given.onUnconfirmed, "onUnconfirmed"),
    onUnavailable: readFunction(given.onUnavailable, "onUnavailable"),
  };
}
