/**
 * The items of outboxes in the browser's IndexedDB, shared by the tabs and workers of an origin.
 *
 * Needs the package `idb`. Works in pages, dedicated and shared workers, and service workers.
 * @module
 */

import { invalidOption } from "../errors.js";
import { kindOf } from "../event.js";
import { type Duration, readDuration, readOneOf, takeOptions } from "../options.js";
import { Database } from "../stores/indexeddb/database.js";
import type { Locks } from "../stores/indexeddb/locks.js";
import { BrowserItems } from "./indexeddb/items.js";
import { OUTBOXES, type Schema } from "./indexeddb/layout.js";
import type { OutboxStorage } from "./storage.js";

/** Where items are kept, and how safely. */
export interface IndexedDbStorageOptions {
  /** The name of the database. No gate may be in it. @default "onceward-outbox" */
  database?: string | undefined;
  /**
   * Whether a write counts when it was flushed to disk, or when the operating system has it, which
   * is faster, and is lost when the machine loses power.
   *
   * @default "strict"
   */
  durability?: "strict" | "relaxed" | undefined;
  /** How long to wait for a database that another tab upgrades or deletes. @default "10s" */
  wait?: Duration | undefined;
}

const WAIT_MS_DEFAULT = 10_000;

function readDatabase(value: unknown = "onceward-outbox"): string {
  if (typeof value !== "string") {
    throw invalidOption(`database must be a string, not ${kindOf(value)}`);
  }
  return value;
}

/**
 * Returns a storage for outboxes in IndexedDB. Nothing is opened before the first outbox.
 *
 * All outboxes of one name in the tabs and workers of an origin are copies of one. The one that has
 * the Web Lock sends; it is free when its tab is gone. Where there are no Web Locks, as in pages
 * that were not loaded securely, a lease of 10 seconds in the database takes their place.
 *
 * Browsers may delete what is in IndexedDB: all of an origin at once when the disk is full, and
 * after seven days without a visit in Safari. A page can ask for better with
 * `navigator.storage.persist()`.
 *
 * @throws {OncewardError} `invalid_option`.
 * @example
 * ```ts
 * import { Outbox } from "onceward/outbox";
 * import { indexedDbStorage } from "onceward/outbox/indexeddb";
 *
 * const outbox = await Outbox.open({ name: "orders", storage: indexedDbStorage() });
 * ```
 */
export function indexedDbStorage(options?: IndexedDbStorageOptions): OutboxStorage {
  const names = ["database", "durability", "wait"] as const;
  const given = takeOptions(options, "the options of indexedDbStorage", names);
  const name = readDatabase(given.database);
  const connection = {
    name,
    layout: OUTBOXES,
    durability: readOneOf(given.durability, "durability", ["strict", "relaxed"]),
    wait: readDuration(given.wait, "wait", WAIT_MS_DEFAULT),
  };
  const database = new Database<Schema>(connection);
  let copies = 0;
  return {
    async items(outbox) {
      const { locks } = Object(globalThis.navigator) as { readonly locks?: Locks };
      const shared = `onceward outbox ${JSON.stringify([name, outbox])}`;
      copies += 1;
      const items = new BrowserItems({ database, name: outbox, shared, locks }, () => {
        copies -= 1;
        if (copies === 0) {
          database.close();
        }
      });
      return items;
    },
  };
}
