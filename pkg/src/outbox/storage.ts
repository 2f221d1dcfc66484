/**
 * Where an outbox keeps its items: what a storage must do, and what may be relied on.
 * @module
 */

import type { Draft, Item } from "./item.js";

/** Which of the two bodies of an item is meant. */
export type BodyOf = "request" | "answer";

/** How an item was removed: by whom does not matter, what it means for those who wait does. */
export type Removal = "taken" | "cancelled" | "dropped";

/** What a step makes of an item. */
export type Change =
  /**
   * It is replaced; with the body of its answer, and without that of its request, where it says so.
   */
  | {
      /** What it is replaced by. */
      readonly put: Item;
      /** The body of the answer that it has now. */
      readonly answerBody?: Uint8Array | undefined;
      /** Whether the body of its request is not needed any more. */
      readonly dropRequestBody?: boolean | undefined;
    }
  /** It is removed, with its bodies. */
  | {
      /** How it is removed. */
      readonly remove: Removal;
    };

/** What others have changed. */
export interface News {
  /** Which item it is. */
  readonly number: number;
  /** Present when the item was removed. */
  readonly removal?: Removal | undefined;
}

/** What adding an item has found. */
export interface Added {
  /** The item, or the one of the same key that was there. */
  readonly item: Item;
  /** Whether it was added. */
  readonly isNew: boolean;
}

/** Gives back the lead. */
export type GiveBack = () => Promise<void>;

/**
 * The items under one name, as one copy of an outbox sees them.
 *
 * - Every write is a transaction: it resolves once it is as durable as the storage promises, and
 *   has happened as a whole, or rejects, and then a later call sees all of it or nothing.
 * - Numbers rise in the order of writing, and none is given twice, also after its item was removed.
 * - Copies in other tabs, or of the same storage object, see each other's changes with the next
 *   read. They are told of them, and of a change that has failed, since it may have happened.
 * - What goes wrong is an `OncewardError`: `store`, or `corrupt` for items that cannot be read.
 */
export interface Items {
  /** Returns all items in the order of their numbers, or those of the numbers that are there. */
  read(numbers?: readonly number[]): Promise<readonly Item[]>;

  /**
   * Adds an item with its body. Where there is one of the same key already, that one is returned,
   * and nothing is changed.
   */
  add(draft: Draft, body: Uint8Array | undefined): Promise<Added>;

  /**
   * Has a step look at an item and say what becomes of it, with nobody in between. Returns what it
   * has put; undefined when there is no such item, or the step removed it or left it as it is.
   * The step may be run twice, and must not do anything else.
   */
  change(number: number, step: (item: Item) => Change | undefined): Promise<Item | undefined>;

  /** Returns a body; undefined where there is none. */
  body(number: number, of: BodyOf): Promise<Uint8Array | undefined>;

  /** Has a listener told what other copies have changed. */
  subscribe(listener: (news: readonly News[]) => void): void;

  /**
   * Resolves when this copy is the one that sends, which it is until it gives that back.
   *
   * @param lost is called when another copy has taken it over.
   */
  lead(signal: AbortSignal, lost: () => void): Promise<GiveBack>;

  /** Stops hearing, while the page is put aside: else the browser could not keep it. */
  suspend?(): void;

  /** Hears again. What was said meanwhile is read by the caller. */
  resume?(): void;

  /** Says that this copy is done. The lead was given back before. */
  close(): Promise<void>;
}

/** A place for the items of outboxes, each under its name. */
export interface OutboxStorage {
  /**
   * Opens what is kept under a name; several copies may have it open.
   *
   * @throws {OncewardError} `store`, `corrupt`, `unsupported_version`.
   */
  items(name: string): Promise<Items>;
}
