/**
 * How outboxes lie in a database.
 * @module
 */

import type { DBSchema } from "idb";
import type { Layout, Transaction } from "../../stores/indexeddb/database.js";
import type { Item } from "../item.js";
import type { BodyOf } from "../storage.js";

/** What is known of each name. */
export const NAMES = "onceward-outbox-names";
/** The items of all names, without their bodies. */
export const ITEMS = "onceward-outbox-items";
export const BODIES = "onceward-outbox-bodies";
/** The index of the items that finds them by their keys. */
export const BY_KEY = "key";

/** Whose turn it is to send, where there are no locks. */
export interface Lease {
  readonly owner: string;
  /** Milliseconds since 1970. */
  readonly until: number;
}

/** What is known of a name. */
export interface Name {
  /** The number of the next item. */
  readonly next: number;
  readonly lease?: Lease | undefined;
}

/** A database of outboxes. */
export interface Schema extends DBSchema {
  [NAMES]: { key: string; value: Name };
  [ITEMS]: {
    key: [string, number];
    value: { readonly name: string; readonly item: Item };
    indexes: { [BY_KEY]: [string, string] };
  };
  [BODIES]: { key: [string, number, BodyOf]; value: Uint8Array };
}

/** A transaction over all of it. */
export type OutboxTransaction<Mode extends "readonly" | "readwrite"> = Transaction<Mode, Schema>;

export const OUTBOXES: Layout<Schema> = {
  version: 1,
  stores: [NAMES, ITEMS, BODIES],
  create(db) {
    db.createObjectStore(NAMES);
    db.createObjectStore(ITEMS).createIndex(BY_KEY, ["name", "item.key"], { unique: true });
    db.createObjectStore(BODIES);
  },
};
