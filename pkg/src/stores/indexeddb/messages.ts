/**
 * What copies of one gate say to each other: on a channel of their own for each database and name.
 * @module
 */

import { type ErrorCode, isErrorCode, OncewardError } from "../../errors.js";
import type { Asked, StoredRecord, Write } from "./storage.js";

/** Copies that do not speak the same language do not hear each other. */
const LANGUAGE = 1;

/** One message. */
export type Message =
  /** A follower asks whoever is the writer, if that one writes in the same life of the name. */
  | { readonly type: "write"; readonly life: string | undefined; readonly write: Write }
  /** These records are in the database: they are complete, and in the order of their numbers. */
  | { readonly type: "written"; readonly term: number; readonly records: readonly StoredRecord[] }
  /** What was asked for is in the database; the record itself may be gone again. */
  | { readonly type: "confirmed"; readonly asked: Asked; readonly number: number }
  /** What was asked for could not be written. */
  | { readonly type: "refused"; readonly asked: Asked; readonly failure: Failure }
  /** The sender has become the writer. */
  | { readonly type: "leads"; readonly term: number };

/** An error on its way to another tab. */
export interface Failure {
  readonly code: ErrorCode;
  readonly message: string;
  readonly cause?: { readonly name: string; readonly message: string } | undefined;
}

/** Where copies meet. What is sent is heard by all others, in the order in which it was sent. */
export interface Channel {
  send(message: unknown): void;
  close(): void;
}

const TYPES: readonly string[] = ["write", "written", "confirmed", "refused", "leads"];

/** Wraps a message, so that later releases can tell what they may read. */
export function envelope(message: Message): unknown {
  return { language: LANGUAGE, message };
}

/** Reads what was heard; undefined when it is of another language. */
export function readMessage(data: unknown): Message | undefined {
  const { language, message } = Object(data) as { language?: unknown; message?: unknown };
  const { type } = Object(message) as { type?: unknown };
  const isKnown = language === LANGUAGE && typeof type === "string" && TYPES.includes(type);
  return isKnown ? (message as Message) : undefined;
}

/** Takes an error apart: not every browser can send one as it is. */
function toFailure(error: OncewardError): Failure {
  const { code, message, cause } = error;
  const { name, message: reason } = Object(cause) as { name?: unknown; message?: unknown };
  return {
    code,
    message,
    cause: cause === undefined ? undefined : { name: String(name), message: String(reason) },
  };
}

/** Tells who asked for a write that it could not be written. */
export function refusal({ origin, id }: Asked, error: OncewardError): Message {
  return { type: "refused", asked: { origin, id }, failure: toFailure(error) };
}

/** Puts an error of another tab together again. */
export function fromFailure({ code, message, cause }: Failure): OncewardError {
  const known = isErrorCode(code) ? code : "store";
  if (cause === undefined) {
    return new OncewardError(known, message);
  }
  const error = new Error(cause.message);
  error.name = cause.name;
  return new OncewardError(known, message, { cause: error });
}
