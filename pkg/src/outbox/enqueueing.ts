/**
 * How a request becomes an item.
 * @module
 */

import { invalidEvent, isOncewardError, OncewardError } from "../errors.js";
import { type Json, kindOf } from "../event.js";
import { requireWellFormed } from "../frame.js";
import { takeOptions } from "../options.js";
import { type Captured, capture } from "./capture.js";
import { changed, type Draft, type Item } from "./item.js";
import type { Learning } from "./learning.js";
import type { Mirror } from "./mirror.js";
import type { ReadOptions } from "./options.js";
import type { Change, Items } from "./storage.js";

/** What is said of one submission. */
export interface EnqueueOptions {
  /**
   * Submissions of one scope are sent one after the other, in the order in which they were
   * enqueued. All that do not say otherwise share one.
   *
   * @default ""
   */
  scope?: string | undefined;
  /**
   * The key, 1 to 255 printable ASCII characters without `"` and `\`. Enqueueing it again returns
   * the submission that is there, so a form that draws its key when it is shown can be sent twice.
   *
   * @default a new UUIDv7
   */
  key?: string | undefined;
  /** Whatever will tell what it was, after a reload. */
  note?: Json | undefined;
}

type Given = Pick<Item, "key" | "scope" | "note">;

const NAMES = ["scope", "key", "note"] as const satisfies readonly (keyof EnqueueOptions)[];

/** What RFC 9651 allows in a string, but for what would have to be escaped. */
const KEY = /^(?:(?!["\\])[\x20-\x7e]){1,255}$/;

function readScope(scope: unknown = ""): string {
  if (typeof scope !== "string") {
    throw invalidEvent(`scope must be a string, not ${kindOf(scope)}`);
  }
  requireWellFormed(scope, "scope");
  return scope;
}

function readKey(key: unknown): string {
  if (typeof key !== "string" || !KEY.test(key)) {
    throw invalidEvent('key must be 1 to 255 printable ASCII characters without " and \\');
  }
  return key;
}

/** Takes a copy, as it will be when it comes back from the storage. */
function readNote(note: unknown): Json | undefined {
  try {
    const text: unknown = JSON.stringify(note);
    return typeof text === "string" ? (JSON.parse(text) as Json) : undefined;
  } catch (cause) {
    throw Object.assign(invalidEvent("note must be JSON"), { cause });
  }
}

function isEqual(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && one.every((byte, index) => byte === other[index]);
}

/** Puts requests into a storage, in the order in which they came. */
export class Enqueueing {
  readonly #items: Items;
  readonly #options: ReadOptions;
  readonly #mirror: Mirror;
  readonly #learning: Learning;
  /** How many are on their way into the storage. */
  #reserved = 0;
  #last: Promise<unknown> = Promise.resolve();
  #adding = new Set<Promise<unknown>>();

  constructor(items: Items, options: ReadOptions, mirror: Mirror, learning: Learning) {
    this.#items = items;
    this.#options = options;
    this.#mirror = mirror;
    this.#learning = learning;
  }

  /** Resolves with the item when it is kept. */
  async add(request: unknown, options: unknown): Promise<Item> {
    const adding = this.#add(request, options);
    this.#adding.add(adding);
    try {
      return await adding;
    } finally {
      this.#adding.delete(adding);
    }
  }

  /** Resolves when all that came so far is kept, or is known not to be. */
  async settled(): Promise<void> {
    await Promise.allSettled([...this.#adding]);
  }

  async #add(request: unknown, options: unknown): Promise<Item> {
    const given = this.#read(options);
    const { maxBodyBytes, maxItems } = this.#options;
    const capturing = capture(request, maxBodyBytes);
    // Bodies are read side by side, but added one after the other.
    const ready = Promise.all([this.#last, capturing.catch(() => {})]);
    this.#last = ready;
    await ready;
    const captured = await capturing;
    const { pending, parked } = this.#mirror.counts;
    if (pending + parked + this.#reserved >= maxItems) {
      throw new OncewardError("capacity", `the outbox holds ${maxItems} items, which is maxItems`);
    }
    this.#reserved += 1;
    try {
      const { item, isNew } = await this.#put(given, captured);
      await this.#learning.added(item);
      if (!isNew) {
        await this.#requireSame(item, captured);
      }
      return item;
    } finally {
      this.#reserved -= 1;
    }
  }

  async #put(given: Given, { request, body }: Captured): Promise<{ item: Item; isNew: boolean }> {
    const now = this.#options.clock();
    const draft: Draft = {
      ...given,
      request,
      ...{ revision: 0, state: "waiting", attempts: 0, failures: 0 },
      ...{ enqueuedAt: now, changedAt: now, notBefore: now },
    };
    try {
      return await this.#items.add(draft, body);
    } catch (error) {
      // It may have happened all the same, and then it is sent: so it must not be reported as
      // failed.
      const found = await this.#items.read().catch(() => []);
      const item = found.find(({ key }) => key === given.key);
      if (item === undefined) {
        throw error;
      }
      // Other copies are told of a change, also of one that fails, but not of what was not added.
      const touch = (known: Item): Change => ({ put: changed(known, now, {}) });
      const put = await this.#items.change(item.number, touch).catch(() => undefined);
      return { item: put ?? item, isNew: false };
    }
  }

  #read(options: unknown): Given {
    try {
      const { scope, key, note } = takeOptions(options, "the options of enqueue", NAMES);
      return {
        scope: readScope(scope),
        key: readKey(key ?? this.#options.newKey()),
        note: readNote(note),
      };
    } catch (error) {
      throw isOncewardError(error) ? error : invalidEvent(String(error));
    }
  }

  /** A key stands for one request. */
  async #requireSame(item: Item, { request, body }: Captured): Promise<void> {
    const known = item.request;
    // The body of one that was answered is gone.
    const before = await this.#items.body(item.number, "request");
    const isSame =
      known.method === request.method &&
      known.url === request.url &&
      known.bodyBytes === request.bodyBytes &&
      (before === undefined || body === undefined || isEqual(before, body));
    if (!isSame) {
      throw invalidEvent("the key stands for another request");
    }
  }
}
