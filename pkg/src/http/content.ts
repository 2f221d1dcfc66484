/**
 * What a key must always stand for: the method, the target, and the body of a request.
 *
 * JSON is compared by its meaning, so that neither the order of members nor white space counts.
 * Everything else, and JSON that would lose something by being parsed, is compared byte for byte.
 * @module
 */

import { isOncewardError } from "../errors.js";
import { isBytes } from "../event.js";
import { canonical } from "../instance.js";

/** Digits that every double can tell apart. */
const EXACT_DIGITS_MAX = 15;

const JSON_TYPE = /^(?:application|text)\/(?:[\w.!#$&^+-]+\+)?json$/;

/** A text in JSON, or a number. */
const TEXT_OR_NUMBER = /"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*/g;

/** The parts of a request that its key stands for. */
export interface ContentParts {
  readonly method: string;
  readonly url: string;
  readonly contentType: string | null;
  readonly body: Uint8Array;
  /** What is compared instead of the body. */
  readonly chosen?: unknown;
  /** The revision that the request asks for. */
  readonly revision?: string | undefined;
}

/** Returns the type of a body without its parameters, in lower case. */
export function essence(contentType: string | null): string {
  return (contentType ?? "").split(";", 1).join("").trim().toLowerCase();
}

/** Whether a body of that type is JSON. */
export function isJsonType(contentType: string | null): boolean {
  return JSON_TYPE.test(essence(contentType));
}

/** Whether a number in JSON is told from all others once it was parsed. */
function isExact(number: string): boolean {
  const [mantissa = ""] = number.split(/[eE]/);
  const digits = mantissa.replace(/[-.]/g, "").replace(/^0+/, "");
  const value = Number(number);
  return (
    digits.length <= EXACT_DIGITS_MAX && Number.isFinite(value) && (value !== 0) === (digits !== "")
  );
}

/**
 * Returns the canonical text of JSON; undefined when it is none, or two different texts share it.
 */
function canonicalText(body: Uint8Array): Uint8Array | undefined {
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(body);
    for (const [token] of text.matchAll(TEXT_OR_NUMBER)) {
      if (!token.startsWith('"') && !isExact(token)) {
        return undefined;
      }
    }
    return canonical(JSON.parse(text));
  } catch (error) {
    // Not UTF-8, not JSON, a lone surrogate, or too deep; but a core that has failed has failed.
    if (error instanceof SyntaxError || error instanceof TypeError) {
      return undefined;
    }
    if (isOncewardError(error) && error.code === "invalid_event") {
      return undefined;
    }
    throw error;
  }
}

/** Puts parts together so that no two lists of parts give the same bytes. */
function prefixed(parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, { length }) => sum + 4 + length, 0));
  const view = new DataView(bytes.buffer);
  let offset = 0;
  for (const part of parts) {
    view.setUint32(offset, part.length);
    bytes.set(part, offset + 4);
    offset += 4 + part.length;
  }
  return bytes;
}

/**
 * Returns what the key of a request stands for, as bytes.
 *
 * @throws {OncewardError} `invalid_event` when what was chosen is neither JSON nor bytes.
 */
export function contentOf(parts: ContentParts): Uint8Array {
  const { method, url, contentType, body, chosen, revision } = parts;
  const { pathname, search } = new URL(url);
  const encoder = new TextEncoder();
  const text = (value: string): Uint8Array => encoder.encode(value);
  const head = [text(method), text(pathname + search), text(revision ?? "")];
  if (chosen !== undefined) {
    return isBytes(chosen)
      ? prefixed([...head, text("chosen bytes"), chosen])
      : prefixed([...head, text("chosen"), canonical(chosen)]);
  }
  const meaning = isJsonType(contentType) ? canonicalText(body) : undefined;
  const form = meaning === undefined ? "bytes" : "json";
  return prefixed([...head, text(form), text(essence(contentType)), meaning ?? body]);
}
