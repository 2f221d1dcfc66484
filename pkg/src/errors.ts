/**
 * The one error class of the package, and its stable codes.
 * @module
 */

import type { Refusal } from "./refusal.js";

export const ERROR_CODES = [
  "invalid_event",
  "invalid_option",
  "capacity",
  "closed",
  "corrupt",
  "unsupported_version",
  "wrong_secret",
  "lost_claim",
  "not_in_doubt",
  "jump",
  "store",
  "fenced",
  "internal",
] as const;

/** What kind of mistake an error reports. The codes are stable; messages are not. */
export type ErrorCode = (typeof ERROR_CODES)[number];

/** Whether the value is one of the package's error codes. */
export function isErrorCode(value: unknown): value is ErrorCode {
  return (ERROR_CODES as readonly unknown[]).includes(value);
}

/**
 * Every error that this package throws.
 *
 * Messages name the field or option and its limit. They never repeat an id, an entity or content.
 *
 * @example
 * ```ts
 * try {
 *   gate.check({ entity: "sensor-7", revision });
 * } catch (error) {
 *   if (isOncewardError(error) && error.code === "invalid_event") return badRequest(error.message);
 *   throw error;
 * }
 * ```
 */
export class OncewardError extends Error {
  /** Always the same, also when code is minified. */
  override readonly name = "OncewardError";

  /** The stable code to branch on. */
  readonly code: ErrorCode;

  /** With `lost_claim`: what a gate now says of the event, the winner's result included. */
  declare readonly refusal?: Refusal;

  constructor(
    code: ErrorCode,
    message: string,
    options?: { readonly cause?: unknown; readonly refusal?: Refusal | undefined },
  ) {
    super(message, options);
    this.code = code;
    if (options?.refusal !== undefined) {
      this.refusal = options.refusal;
    }
  }
}

/**
 * Tells this package's errors from others by their code.
 *
 * Unlike `instanceof` it also knows the errors of a second copy of the package, or of another
 * realm.
 *
 * @example
 * ```ts
 * if (isOncewardError(error) && error.code === "closed") reopen();
 * ```
 */
export function isOncewardError(error: unknown): error is OncewardError {
  return typeof error === "object" && error !== null && "code" in error && isErrorCode(error.code);
}

/** Makes the error for a malformed event. */
export function invalidEvent(message: string): OncewardError {
  return new OncewardError("invalid_event", message);
}

/** Makes the error for an option that is unknown or out of range. */
export function invalidOption(message: string): OncewardError {
  return new OncewardError("invalid_option", message);
}

/** Says in a message which event of a batch is meant. */
export function ofEvent(index: number, message: string): string {
  return `events[${index}]: ${message}`;
}

/** Says in which event of a batch an error of ours is; others stay as they are. */
export function atEvent(error: unknown, index: number): unknown {
  return error instanceof OncewardError
    ? new OncewardError(error.code, ofEvent(index, error.message), { cause: error.cause })
    : error;
}
