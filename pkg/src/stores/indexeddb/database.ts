/**
 * The connection to the database: opened when it is needed, and anew when the browser has lost it.
 * @module
 */

import {
  type DBSchema,
  type IDBPDatabase,
  type IDBPTransaction,
  openDB,
  type StoreNames,
  unwrap,
  wrap,
} from "idb";
import { OncewardError } from "../../errors.js";
import { asStoreError } from "./failures.js";

/** The object store with one record for each name. */
export const META = "onceward-meta";

/** The object store with the snapshots and changes of all names. */
export const DATA = "onceward-data";

/** What is known of a name. */
export interface Meta {
  /** Drawn when the name was new: a name that was deleted and made again has another one. */
  readonly life: string;
  readonly term: number;
  readonly version: number;
  readonly base: number;
}

/** A record; its key is the name and its number. */
export interface Data {
  readonly origin: string;
  readonly id: number;
  readonly bytes: Uint8Array;
  /** Present and true when it was put by someone else's transaction. */
  readonly joined?: boolean;
}

/** What a database of gates holds. */
export interface Schema extends DBSchema {
  [META]: { key: string; value: Meta };
  [DATA]: { key: [string, number]; value: Data };
}

/** How durable a write is when it is complete: flushed to disk, or handed to the operating system. */
export type Durability = "strict" | "relaxed";

/** A transaction over all object stores of a layout. */
export type Transaction<
  Mode extends "readonly" | "readwrite",
  S extends DBSchema = Schema,
> = IDBPTransaction<S, StoreNames<S>[], Mode>;

/** What is in a database. */
export interface Layout<S extends DBSchema> {
  readonly version: number;
  readonly stores: readonly StoreNames<S>[];
  /** Makes what is missing. */
  readonly create: (db: IDBDatabase) => void;
}

/** Makes the object stores where they are missing. */
export function createStores(db: IDBDatabase): void {
  for (const name of [META, DATA]) {
    if (!db.objectStoreNames.contains(name)) {
      db.createObjectStore(name);
    }
  }
}

/** The layout of a database of gates. */
export const GATES: Layout<Schema> = { version: 1, stores: [META, DATA], create: createStores };

/** How a database is opened. */
interface DatabaseOptions<S extends DBSchema> {
  readonly name: string;
  readonly layout: Layout<S>;
  readonly durability: Durability;
  /** For how many milliseconds to wait until it is open. */
  readonly wait: number;
  /** A connection of the user's own, who also says what version the database has. */
  readonly given?: IDBDatabase | undefined;
}

/** A connection that is open, or on its way to be. */
interface Connection<S extends DBSchema> {
  readonly db: Promise<IDBPDatabase<S>>;
  /** Whether it is the one that the user gave. */
  readonly isGiven: boolean;
}

/** What the browser reports when a connection is dead, or dies in the middle of a transaction. */
const LOSSES = ["InvalidStateError", "UnknownError", "AbortError"];

/** One database, and the connection to it. */
export class Database<S extends DBSchema = Schema> {
  readonly #options: DatabaseOptions<S>;
  #connection: Connection<S> | undefined;

  constructor(options: DatabaseOptions<S>) {
    this.#options = options;
    if (options.given !== undefined) {
      const db = wrap(options.given) as unknown as IDBPDatabase<S>;
      this.#connection = { db: Promise.resolve(db), isGiven: true };
    }
  }

  /**
   * Runs a transaction, which may await nothing but its own requests, and resolves when it is
   * complete. When the connection turns out to be lost, it is run once more on a new one; so it has
   * to notice what its first run may have done.
   *
   * @throws {OncewardError} what `work` throws, and then nothing is changed; `store`;
   * `unsupported_version` where a later release has changed the layout.
   */
  async transact<Mode extends "readonly" | "readwrite", T>(
    mode: Mode,
    work: (transaction: Transaction<Mode, S>) => Promise<T>,
  ): Promise<T> {
    try {
      try {
        return await this.#run(mode, work);
      } catch (error) {
        if (!LOSSES.includes(nameOf(error))) {
          throw error;
        }
        this.#drop();
        return await this.#run(mode, work);
      }
    } catch (error) {
      const name = JSON.stringify(this.#options.name);
      throw asStoreError(error, `a transaction in the IndexedDB database ${name}`);
    }
  }

  /**
   * Closes the connection, when what is under way is done; the next transaction opens it again. The
   * user's own stays as it is, since others may be using it.
   */
  close(): void {
    if (this.#connection?.isGiven === false) {
      this.#drop();
    }
  }

  /** Turns to another connection from now on. */
  #drop(): void {
    const connection = this.#connection;
    this.#connection = undefined;
    if (connection?.isGiven === false) {
      closeWhenOpen(connection.db);
    }
  }

  async #run<Mode extends "readonly" | "readwrite", T>(
    mode: Mode,
    work: (transaction: Transaction<Mode, S>) => Promise<T>,
  ): Promise<T> {
    const db = await this.#open();
    const { durability, layout } = this.#options;
    const transaction = db.transaction([...layout.stores], mode, { durability });
    try {
      // What the requests report counts for nothing until the whole transaction is complete.
      const [result] = await Promise.all([work(transaction), transaction.done]);
      return result;
    } catch (error) {
      try {
        transaction.abort();
      } catch {
        // It is over already.
      }
      await transaction.done.catch(() => {});
      // Of a request that was cut short, the transaction knows the reason.
      throw nameOf(error) === "AbortError" ? (transaction.error ?? error) : error;
    }
  }

  #open(): Promise<IDBPDatabase<S>> {
    if (this.#connection === undefined) {
      const forget = (): void => {
        if (this.#connection === connection) {
          this.#connection = undefined;
        }
      };
      const connection: Connection<S> = { db: this.#connect(forget), isGiven: false };
      this.#connection = connection;
      connection.db.catch(forget);
    }
    return this.#connection.db;
  }

  async #connect(forget: () => void): Promise<IDBPDatabase<S>> {
    const { name, given, layout } = this.#options;
    try {
      // The version of the user's own database is the user's.
      const opening = openDB<S>(name, given === undefined ? layout.version : undefined, {
        upgrade: (db, _from, _to, transaction) => {
          if (given === undefined) {
            layout.create(unwrap(db));
          } else {
            // It was deleted, and only the user can make it again.
            transaction.abort();
          }
        },
        // Others want to upgrade it or to delete it, and can when nobody has it open.
        blocking: (_current, _wanted, event) => {
          (event.target as IDBDatabase).close();
          forget();
        },
        terminated: forget,
      });
      return await this.#inTime(opening);
    } catch (error) {
      if (nameOf(error) === "VersionError") {
        const message = "the database was written by a later release of this package";
        throw new OncewardError("unsupported_version", message, { cause: error });
      }
      throw error;
    }
  }

  /** Waits for a connection, which others may block. One that comes too late is closed again. */
  async #inTime(opening: Promise<IDBPDatabase<S>>): Promise<IDBPDatabase<S>> {
    const { wait } = this.#options;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const isLate = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        closeWhenOpen(opening);
        reject(new OncewardError("store", `the database could not be opened within ${wait} ms`));
      }, wait);
    });
    try {
      return await Promise.race([opening, isLate]);
    } finally {
      clearTimeout(timer);
    }
  }
}

function closeWhenOpen<S extends DBSchema>(db: Promise<IDBPDatabase<S>>): void {
  db.then(
    (open) => open.close(),
    () => {},
  );
}

/** The name of an error; browsers tell kinds of failure apart by it. */
function nameOf(error: unknown): string {
  const { name } = Object(error) as { name?: unknown };
  return String(name);
}
