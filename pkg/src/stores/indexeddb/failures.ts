/**
 * The errors of this store.
 * @module
 */

import { OncewardError } from "../../errors.js";

/** Makes the error for a write of someone who is not, or no longer, the writer. */
export function fenced(message: string): OncewardError {
  return new OncewardError("fenced", message);
}

/** Whether an error says that its receiver is not the writer. */
export function isFenced(error: unknown): boolean {
  return error instanceof OncewardError && error.code === "fenced";
}

/** Makes the error for calls that come too late. */
export function closed(): OncewardError {
  return new OncewardError("closed", "the store was closed, or the name released");
}

/** Wraps what a browser reported, and lets through what was said already. */
export function asStoreError(error: unknown, what: string): OncewardError {
  return error instanceof OncewardError
    ? error
    : new OncewardError("store", `${what} failed`, { cause: error });
}
