/**
 * What an event is known by, and the one reading of its fields.
 *
 * All fields are read before any byte is written, and each only once: a getter may call back into
 * the gate, and a value that was looked at must be the value that is judged.
 * @module
 */

import { invalidEvent, OncewardError } from "./errors.js";
import type { ContentBytes, Fields } from "./frame.js";
import { canonical } from "./instance.js";

/**
 * A non-negative integer: bigint, safe integer, or canonical decimal string of up to 129 digits.
 */
export type Ordinal = bigint | number | string;

/** A value that JSON can express. */
export type Json =
  | null
  | boolean
  | number
  | string
  | readonly Json[]
  | { readonly [key: string]: Json };

/**
 * What an event is known by: a key (`id`), a revision (`entity` and `revision`), a position
 * (`source` and `position`), or several of them. At least one of them must be whole.
 *
 * @example
 * ```ts
 * const deposit: GateEvent = { scope: "bank/deposit", id: request.headers.get("idempotency-key") };
 * const update: GateEvent = { entity: "sensor-7", revision: 42n };
 * const record: GateEvent = { source: "orders/3", position: offset };
 * ```
 */
export interface GateEvent {
  /** The tenant plus operation. Absent means the default scope. */
  scope?: string | undefined;
  /** The idempotency key, message id or transaction id. */
  id?: string | undefined;
  /** What the event is about, together with `revision`. */
  entity?: string | undefined;
  /** The number that grows with every change of the entity. */
  revision?: Ordinal | undefined;
  /** The log that the event comes from, together with `position`. */
  source?: string | undefined;
  /** The place in that log. */
  position?: Ordinal | undefined;
  /** Which life of the source this is. @default 0 */
  epoch?: Ordinal | undefined;
  /** What the identity must always stand for. It is hashed, never kept. */
  content?: Json | Uint8Array | undefined;
  /** When the event was issued: milliseconds, a Date, or ISO-8601 with a zone. */
  time?: number | Date | string | undefined;
}

/** The first integer with more digits than an ordinal may have. */
const ORDINAL_END = 10n ** 129n;

/** An event's own fields, of any type. */
export type RawFields = { readonly [Name in keyof GateEvent]?: unknown };

const hasOwn = Object.hasOwn;

/** Says what kind of value it is, never which. */
export function kindOf(value: unknown): string {
  return value === null ? "null" : Array.isArray(value) ? "array" : typeof value;
}

/** Returns the name of a typed array's class, of any realm; undefined for everything else. */
function typedArrayName(value: unknown): unknown {
  // The getter that all typed arrays inherit looks at what the value is, not at what it says it is.
  const typedArray: object = Object.getPrototypeOf(Uint8Array.prototype);
  return Reflect.get(typedArray, Symbol.toStringTag, value);
}

/** Whether the value is a Uint8Array, of any realm. */
export function isBytes(value: unknown): value is Uint8Array {
  return typedArrayName(value) === "Uint8Array";
}

/** Whether the value is a BigUint64Array, of any realm. */
export function isBigUint64Array(value: unknown): value is BigUint64Array {
  return typedArrayName(value) === "BigUint64Array";
}

/** Whether the value is a Float64Array, of any realm. */
export function isFloat64Array(value: unknown): value is Float64Array {
  return typedArrayName(value) === "Float64Array";
}

/** Checks that a field is a text or absent. */
export function readText(value: unknown, name: string): string | undefined {
  if (value === undefined || typeof value === "string") {
    return value;
  }
  throw invalidEvent(`${name} must be a string, not ${kindOf(value)}`);
}

/** Checks that a value could be an ordinal; the core judges the digits of a text. */
export function readOrdinal(value: unknown, name: string): number | bigint | string | undefined {
  if (value === undefined || typeof value === "string") {
    return value;
  }
  if (typeof value === "number") {
    if (Number.isSafeInteger(value) && value >= 0) {
      return value;
    }
    throw invalidEvent(
      `${name} must be a whole number from 0 to 2^53 - 1; give larger ones as bigint or decimal text`,
    );
  }
  if (typeof value === "bigint") {
    if (value >= 0n && value < ORDINAL_END) {
      return value;
    }
    throw invalidEvent(`${name} must not be negative, nor have more than 129 digits`);
  }
  throw invalidEvent(
    `${name} must be a bigint, a number or a decimal string, not ${kindOf(value)}`,
  );
}

/** Reduces content to bytes: a Uint8Array's own, or the canonical text of a JSON value. */
function readContent(value: unknown): ContentBytes | undefined {
  if (value === undefined) {
    return undefined;
  }
  if (!isBytes(value)) {
    return { json: true, bytes: canonical(value) };
  }
  if (value.length === 0 && isDetached(value)) {
    throw invalidEvent("content is a Uint8Array whose buffer was transferred away");
  }
  return { json: false, bytes: value };
}

/**
 * Reads what is to be kept as bytes, as content is; it is called by that name when it is malformed.
 *
 * @throws {OncewardError} `invalid_event` when it is neither JSON nor bytes.
 */
export function readKept(value: unknown, name: string): ContentBytes | undefined {
  try {
    return readContent(value);
  } catch (error) {
    throw error instanceof OncewardError && error.code === "invalid_event"
      ? invalidEvent(error.message.replace(/^content/, name))
      : error;
  }
}

/** Whether the array's memory is gone, which would make all such content equal to empty content. */
function isDetached(bytes: Uint8Array): boolean {
  try {
    // Only a view of what is gone cannot be made.
    new Uint8Array(bytes.buffer);
    return false;
  } catch {
    return true;
  }
}

function readTime(value: unknown): number | string | undefined {
  if (value === undefined || typeof value === "number" || typeof value === "string") {
    return value;
  }
  const ms = dateMs(value);
  if (ms === undefined) {
    throw invalidEvent(`time must be milliseconds, a Date or a string, not ${kindOf(value)}`);
  }
  return ms;
}

/**
 * Returns the milliseconds of a Date of any realm; NaN for an invalid one, undefined for no Date.
 */
export function dateMs(value: unknown): number | undefined {
  try {
    return Date.prototype.getTime.call(value);
  } catch {
    return undefined;
  }
}

/** Reads the fields one by one, asking first whether each is the object's own. */
function takeOwn(event: object): RawFields {
  const own = (name: keyof GateEvent): unknown =>
    hasOwn(event, name) ? Reflect.get(event, name) : undefined;
  return {
    scope: own("scope"),
    id: own("id"),
    entity: own("entity"),
    revision: own("revision"),
    source: own("source"),
    position: own("position"),
    epoch: own("epoch"),
    content: own("content"),
    time: own("time"),
  };
}

/** Whether an object inherits nothing but what every object does. */
export function isPlain(event: object): boolean {
  const proto: unknown = Object.getPrototypeOf(event);
  return proto === null || proto === Object.prototype;
}

/**
 * Reads an event once and checks the JavaScript types of its fields.
 *
 * Only own fields count, so that a polluted prototype adds none. To read a field and only then ask
 * whether it is the object's own is three times as quick as to ask first, but would run a getter
 * that is inherited; so it is done for plain objects only.
 *
 * @throws {OncewardError} `invalid_event`, naming the field.
 */
export function readEvent(event: unknown): Fields {
  if (typeof event !== "object" || event === null) {
    throw invalidEvent(`an event must be an object, not ${kindOf(event)}`);
  }
  const raw = isPlain(event) ? (event as RawFields) : takeOwn(event);
  const { scope, id, entity, revision, source, position, epoch, content, time } = raw;
  return toFields(raw, scope, id, entity, revision, source, position, epoch, content, time);
}

/**
 * Checks the types of values that were read from an event, and drops those that are not its own.
 *
 * @throws {OncewardError} `invalid_event`, naming the field.
 */
export function toFields(
  owner: object,
  scope: unknown,
  id: unknown,
  entity: unknown,
  revision: unknown,
  source: unknown,
  position: unknown,
  epoch: unknown,
  content: unknown,
  time: unknown,
): Fields {
  const own = (name: keyof GateEvent): boolean => hasOwn(owner, name);
  return {
    scope: scope !== undefined && own("scope") ? readText(scope, "scope") : undefined,
    id: id !== undefined && own("id") ? readText(id, "id") : undefined,
    entity: entity !== undefined && own("entity") ? readText(entity, "entity") : undefined,
    source: source !== undefined && own("source") ? readText(source, "source") : undefined,
    revision:
      revision !== undefined && own("revision") ? readOrdinal(revision, "revision") : undefined,
    position:
      position !== undefined && own("position") ? readOrdinal(position, "position") : undefined,
    epoch: epoch !== undefined && own("epoch") ? readOrdinal(epoch, "epoch") : undefined,
    content: content !== undefined && own("content") ? readContent(content) : undefined,
    time: time !== undefined && own("time") ? readTime(time) : undefined,
  };
}
