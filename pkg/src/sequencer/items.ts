/**
 * The items that a sequencer holds, by the places that the core knows them by.
 * @module
 */

import { invalidEvent, OncewardError } from "../errors.js";
import { readKept } from "../event.js";
import type { ContentBytes } from "../frame.js";

const BYTES = 0;
const JSON_TEXT = 1;

/** Items one after the other as bytes, and where each ends. */
export interface Packed {
  readonly bytes: Uint8Array;
  readonly ends: Uint32Array;
}

/** Keeps items at numbered places, which are used again. */
export class Items<T> {
  readonly #places: (readonly [T] | undefined)[] = [];
  readonly #vacant: number[] = [];
  #changes = 0;

  /** Puts an item at a place, and returns its number. */
  put(item: T): number {
    const place = this.#vacant.pop() ?? this.#places.length;
    this.#places[place] = [item];
    this.#changes += 1;
    return place;
  }

  /** Takes the item at a place. */
  take(place: number): T {
    const found = this.#places[place];
    if (found === undefined) {
      throw new OncewardError("internal", "the sequencer has lost an item");
    }
    this.#places[place] = undefined;
    this.#vacant.push(place);
    this.#changes += 1;
    return found[0];
  }

  /**
   * Packs all items, each as a byte for its kind and then its bytes or its canonical JSON.
   *
   * @throws {OncewardError} `invalid_event` when one of them is neither.
   */
  pack(): Packed {
    const changes = this.#changes;
    const parts = this.#places.map((place) => place && packItem(place[0]));
    if (changes !== this.#changes) {
      // By a getter: the core would be asked to keep what it does not know any more.
      throw invalidEvent("an item changed the sequencer while it was read");
    }
    const ends = new Uint32Array(parts.length);
    let end = 0;
    for (const [place, part] of parts.entries()) {
      end += part === undefined ? 0 : 1 + part.bytes.length;
      ends[place] = end;
    }
    const bytes = new Uint8Array(end);
    for (const [place, part] of parts.entries()) {
      if (part !== undefined) {
        const start = ends[place - 1] ?? 0;
        bytes[start] = part.json ? JSON_TEXT : BYTES;
        bytes.set(part.bytes, start + 1);
      }
    }
    return { bytes, ends };
  }

  /**
   * Puts the packed items at places that count up from 0.
   *
   * @throws {OncewardError} `corrupt` when one of them is none.
   */
  unpack({ bytes, ends }: Packed): void {
    let start = 0;
    for (const end of ends) {
      this.put(unpackItem(bytes.subarray(start, end)) as T);
      start = end;
    }
  }
}

function packItem(item: unknown): ContentBytes {
  const kept = readKept(item, "an item");
  if (kept === undefined) {
    throw invalidEvent("an item is undefined, which is neither JSON nor bytes");
  }
  return kept;
}

function unpackItem(bytes: Uint8Array): unknown {
  const [kind] = bytes;
  if (kind === BYTES) {
    return bytes.slice(1);
  }
  try {
    if (kind === JSON_TEXT) {
      return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes.subarray(1)));
    }
  } catch {
    // Said below.
  }
  throw new OncewardError("corrupt", "the state of the sequencer holds a malformed item");
}
