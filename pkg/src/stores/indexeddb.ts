/**
 * State in the browser's IndexedDB, shared by the tabs and workers of an origin.
 *
 * Needs the package `idb`. Works in pages, dedicated and shared workers, and service workers.
 * @module onceward/indexeddb
 */

import { unwrap } from "idb";
import { invalidOption, OncewardError } from "../errors.js";
import { isBytes, kindOf } from "../event.js";
import { readFlag, readOneOf, takeOptions } from "../options.js";
import type { Store, StoredState } from "../store.js";
import { Copy } from "./indexeddb/copy.js";
import {
  createStores,
  DATA,
  Database,
  type Durability,
  GATES,
  META,
} from "./indexeddb/database.js";
import { fenced } from "./indexeddb/failures.js";
import type { Locks } from "./indexeddb/locks.js";
import type { Channel } from "./indexeddb/messages.js";
import { drawName, Records } from "./indexeddb/records.js";
import type { Ports } from "./indexeddb/seat.js";

/** Where state is kept, and who may write it. */
export interface IndexedDbOptions {
  /**
   * The name of the database, or a connection of your own to one for which `createObjectStores` was
   * called. Your own is used as it is and never closed; close it on `versionchange`, as ever. When
   * the browser loses it, the database is opened again by its name.
   *
   * @default "onceward"
   */
  database?: string | IDBDatabase | undefined;
  /**
   * Whether a write counts when it was flushed to disk, or when the operating system has it, which
   * is faster, and is lost when the machine loses power.
   *
   * @default "strict"
   */
  durability?: "strict" | "relaxed" | undefined;
  /**
   * Whether gates in several tabs and workers may be open on one name at the same time. One of them
   * writes for all, and each gets what the others have recorded. Else there is one gate at a time,
   * and the next one waits for it. Has no effect where there are no Web Locks, as in pages that were
   * not loaded securely: there, whoever loads last is the writer.
   *
   * @default true
   */
  share?: boolean | undefined;
  /**
   * For how many whole milliseconds to wait for others: for the answer of the tab that writes, for
   * its lock where nothing is shared, and for a database that another tab upgrades or deletes. From
   * 1 to 2^31 - 1.
   *
   * @default 10_000
   */
  wait?: number | undefined;
}

/** A store in IndexedDB. */
export interface IndexedDbStore extends Store {
  /**
   * Records changes in a transaction of your own: both happen, or neither does.
   *
   * The transaction must be `readwrite`, in the same database, and include `onceward-meta` and
   * `onceward-data`; the name must be loaded. How durable it is, is up to the transaction. Where this
   * copy is not the writer any more, or the state was deleted, the transaction is aborted.
   *
   * @throws {OncewardError} `invalid_option` for a transaction that does not fit; `fenced`; `closed`;
   * `store` when the transaction is over.
   * @example
   * ```ts
   * const stage = gate.stage(events);
   * const tx = db.transaction(["accounts", "onceward-meta", "onceward-data"], "readwrite");
   * tx.objectStore("accounts").put(account);
   * store.join(tx, "bank", stage.changes);
   * ```
   */
  join(transaction: IDBTransaction, name: string, changes: Uint8Array): void;
}

const WAIT_MS_DEFAULT = 10_000;
const WAIT_MS_MAX = 2 ** 31 - 1;

/**
 * Makes the object stores of this package in a database of your own. Call it from your upgrade; it
 * leaves alone what is there.
 *
 * @example
 * ```ts
 * request.onupgradeneeded = () => createObjectStores(request.result);
 * ```
 */
export function createObjectStores(db: IDBDatabase): void {
  createStores(unwrapped(db));
}

/**
 * Returns a store that keeps state in IndexedDB. Nothing is opened before the first `load`.
 *
 * Browsers may delete what is in IndexedDB: all of an origin at once when the disk is full, and after
 * seven days without a visit in Safari. A page can ask for better with `navigator.storage.persist()`.
 *
 * A page that is put aside for going back to it gives its lock to another tab, and takes what it has
 * missed when it is shown again. With `share: false` it keeps the lock, and is not put aside.
 *
 * @throws {OncewardError} `invalid_option`.
 * @example
 * ```ts
 * const gate = await Gate.open({ store: indexedDb(), name: "bank" });
 * ```
 */
export function indexedDb(options?: IndexedDbOptions): IndexedDbStore {
  return new BrowserStore(readOptions(options));
}

interface Options {
  readonly database: string;
  readonly given: IDBDatabase | undefined;
  readonly durability: Durability;
  readonly isShared: boolean;
  readonly wait: number;
}

function readOptions(options: unknown): Options {
  const names = ["database", "durability", "share", "wait"] as const;
  const given = takeOptions(options, "the options of indexedDb", names);
  const { database = "onceward", wait = WAIT_MS_DEFAULT } = given;
  const inRange = Number.isSafeInteger(wait) && Number(wait) >= 1 && Number(wait) <= WAIT_MS_MAX;
  if (!inRange) {
    throw invalidOption("wait must be whole milliseconds from 1 to 2^31 - 1");
  }
  const db = typeof database === "string" ? undefined : readConnection(database);
  return {
    database: db?.name ?? String(database),
    given: db,
    durability: readOneOf(given.durability, "durability", ["strict", "relaxed"]),
    isShared: readFlag(given.share, "share", true) && environment().canShare,
    wait: Number(wait),
  };
}

function readConnection(value: unknown): IDBDatabase {
  const db = unwrapped(Object(value) as IDBDatabase);
  const { objectStoreNames, transaction } = db as { [Name in keyof IDBDatabase]?: unknown };
  if (typeof transaction !== "function" || objectStoreNames === undefined) {
    throw invalidOption(`database must be a name or an IDBDatabase, not ${kindOf(value)}`);
  }
  if (!db.objectStoreNames.contains(META) || !db.objectStoreNames.contains(DATA)) {
    throw invalidOption(
      "the database lacks the object stores: its upgrade calls createObjectStores",
    );
  }
  return db;
}

/** Takes off what the package `idb` may have wrapped around the browser's object. */
function unwrapped<T extends IDBDatabase | IDBTransaction>(value: T): T {
  const inner: unknown = unwrap(value as never);
  return inner === undefined ? value : (inner as T);
}

/** A loaded name. */
interface Loaded {
  readonly copy: Copy;
  readonly records: Records;
}

class BrowserStore implements IndexedDbStore {
  readonly #options: Options;
  readonly #database: Database;
  readonly #loaded = new Map<string, Loaded>();
  #isListening = false;

  constructor(options: Options) {
    this.#options = options;
    const { database: name, given, durability, wait } = options;
    this.#database = new Database({ name, layout: GATES, given, durability, wait });
  }

  async load(name: string): Promise<StoredState | undefined> {
    const before = this.#loaded.get(name);
    const records = new Records(this.#database, name);
    const copy = new Copy(portsOf(this.#options, records, name));
    this.#loaded.set(name, { copy, records });
    this.#listen();
    await before?.copy.close();
    try {
      return await copy.open();
    } catch (error) {
      this.#forget(name, copy);
      throw error;
    }
  }

  async append(name: string, changes: Uint8Array, expect: bigint): Promise<bigint> {
    return await this.#copyOf(name).write(changes, false, expect);
  }

  async replace(name: string, snapshot: Uint8Array, expect: bigint): Promise<bigint> {
    return await this.#copyOf(name).write(snapshot, true, expect);
  }

  subscribe(name: string, listener: (changes: Uint8Array) => void): () => void {
    return this.#copyOf(name).subscribe(listener);
  }

  join(given: IDBTransaction, name: string, changes: Uint8Array): void {
    const { copy, records } = this.#loadedOf(name);
    const transaction = unwrapped(given);
    const { db, mode, objectStoreNames: names } = transaction;
    const fits = mode === "readwrite" && names.contains(META) && names.contains(DATA);
    if (!fits || db.name !== this.#options.database) {
      const { database } = this.#options;
      throw invalidOption(
        `the transaction must be readwrite, in the database ${JSON.stringify(database)}, and include ${META} and ${DATA}`,
      );
    }
    if (!isBytes(changes)) {
      throw invalidOption(`changes must be a Uint8Array, not ${kindOf(changes)}`);
    }
    const asked = { ...copy.nextAsked(), bytes: new Uint8Array(changes) };
    try {
      records.join(transaction, asked, copy.leadingTerm, (record) => copy.announce(record));
    } catch (error) {
      throw new OncewardError("store", "the transaction is over", { cause: error });
    }
  }

  async release(name: string): Promise<void> {
    const copy = this.#loaded.get(name)?.copy;
    if (copy !== undefined) {
      await copy.close();
      this.#forget(name, copy);
    }
  }

  async close(): Promise<void> {
    await Promise.all([...this.#loaded.keys()].map((name) => this.release(name)));
    this.#database.close();
  }

  #loadedOf(name: string): Loaded {
    const loaded = this.#loaded.get(name);
    if (loaded === undefined) {
      throw fenced("the name is not loaded");
    }
    return loaded;
  }

  #copyOf(name: string): Copy {
    return this.#loadedOf(name).copy;
  }

  #forget(name: string, copy: Copy): void {
    if (this.#loaded.get(name)?.copy === copy) {
      this.#loaded.delete(name);
    }
    if (this.#loaded.size === 0 && this.#isListening) {
      this.#isListening = false;
      removeEventListener("pagehide", this.#hidden);
      removeEventListener("pageshow", this.#shown);
    }
  }

  /** Notices when the page is put aside. Workers have no such events, and are not put aside. */
  #listen(): void {
    if (!this.#isListening && this.#options.isShared && "addEventListener" in globalThis) {
      this.#isListening = true;
      addEventListener("pagehide", this.#hidden);
      addEventListener("pageshow", this.#shown);
    }
  }

  readonly #hidden = (event: PageTransitionEvent): void => {
    if (event.persisted) {
      for (const { copy } of this.#loaded.values()) {
        copy.suspend();
      }
    }
  };

  readonly #shown = (): void => {
    for (const { copy } of this.#loaded.values()) {
      copy.resume();
    }
  };
}

/** What there is in this browser, page or worker. */
function environment(): { readonly locks: Locks | undefined; readonly canShare: boolean } {
  const { locks } = Object(globalThis.navigator) as { readonly locks?: Locks };
  return { locks, canShare: locks !== undefined && "BroadcastChannel" in globalThis };
}

/** What a copy needs of the browser. */
function portsOf(options: Options, storage: Records, name: string): Ports {
  const { database, isShared, wait } = options;
  const { locks } = environment();
  // As JSON, so that no two pairs give the same text; what begins with "-" is not a lock's name.
  const shared = `onceward ${JSON.stringify([database, name])}`;
  return {
    origin: drawName(),
    storage,
    wait,
    lock: locks && { manager: locks, name: shared },
    connect: isShared ? (hear) => connect(shared, hear) : undefined,
  };
}

function connect(name: string, hear: (data: unknown) => void): Channel {
  const channel = new BroadcastChannel(name);
  channel.addEventListener("message", ({ data }) => hear(data));
  return {
    send: (message) => channel.postMessage(message),
    close: () => channel.close(),
  };
}
