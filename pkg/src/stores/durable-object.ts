/**
 * A gate's state in the SQLite database of a Cloudflare Durable Object.
 * @module onceward/durable-object
 */

import { invalidOption, OncewardError } from "../errors.js";
import type { Store, StoredState } from "../store.js";

/** What SQLite gives back, and takes. */
type SqlValue = ArrayBuffer | string | number | null;

type SqlRow = Readonly<Record<string, SqlValue>>;

/**
 * The part of `ctx.storage` that is used. The storage of every SQLite-backed Durable Object fits.
 *
 * @example
 * ```ts
 * const storage: DurableObjectStorageLike = ctx.storage;
 * ```
 */
export interface DurableObjectStorageLike {
  /** The database of the object. A class that is not SQLite-backed has none. */
  readonly sql: {
    /** Runs a statement, with values for its question marks, and returns its rows. */
    exec(query: string, ...bindings: (SqlValue | Uint8Array)[]): Iterable<SqlRow>;
  };
  /** Runs a function in one transaction, which is rolled back when it throws. */
  transactionSync<T>(run: () => T): T;
  /** Resolves once all earlier writes are confirmed. */
  sync?(): Promise<void>;
}

/** Where in the database the state is kept, and in which pieces. */
export interface DurableObjectOptions {
  /**
   * What the names of the two tables begin with: 1 to 32 of the characters `a` to `z` and `_`.
   * @default "onceward"
   */
  table?: string | undefined;
  /**
   * The most bytes in one row, 1 to 1048576. The platform allows 2 MB a row, its name included.
   * What was written with another limit can still be read. @default 524288
   */
  chunkBytes?: number | undefined;
}

/** What the database says of a name besides its bytes. */
interface Head {
  /** The number of the last record, and the version that the next write has to expect. */
  readonly version: number;
  /** The number of the first record that is kept; the others follow without a gap. */
  readonly first: number;
  /** Whether the first record is a snapshot; all others are changes. */
  readonly whole: boolean;
}

const TABLE_DEFAULT = "onceward";
const CHUNK_BYTES_DEFAULT = 512 * 1024;
const CHUNK_BYTES_MAX = 1024 * 1024;
const NAME_LENGTH_SHOWN_MAX = 40;
const OPTION_NAMES: readonly string[] = ["table", "chunkBytes"];

/**
 * Keeps the state of gates in the SQLite database of a Durable Object, beside whatever else is in
 * it.
 *
 * - Every write is one transaction. The promise resolves once the platform has confirmed it; what
 *   the object answers is held back until then in any case.
 * - Several gates can share an object under different names, and several stores under different
 *   `table`s. A snapshot may be larger than a row: it is kept in pieces.
 * - Nothing is held open, so there is nothing to release or to close. `ctx.storage.deleteAll()`
 *   deletes the state of all gates; one that is still open then fails as `fenced`.
 * - A write inside `ctx.storage.transaction()` would be confirmed too early, since that can still be
 *   rolled back: let it end before awaiting the gate.
 *
 * @throws {OncewardError} `invalid_option` when the class of the object is not SQLite-backed, or an
 *   option is unknown or out of its range; `store` when the storage fails.
 *
 * @example
 * ```ts
 * import { DurableObject } from "cloudflare:workers";
 * import { durableObject } from "onceward/durable-object";
 *
 * export class Orders extends DurableObject {
 *   readonly store = durableObject(this.ctx.storage);
 * }
 * ```
 */
export function durableObject(
  storage: DurableObjectStorageLike,
  options: DurableObjectOptions = {},
): Store {
  requireSql(storage);
  requireOptions(options);
  const { table = TABLE_DEFAULT, chunkBytes = CHUNK_BYTES_DEFAULT } = options;
  return new DurableObjectStore(storage, readTable(table), readChunkBytes(chunkBytes));
}

function requireSql(storage: DurableObjectStorageLike | null | undefined): void {
  const noSql = (cause?: unknown): OncewardError =>
    new OncewardError(
      "invalid_option",
      "the storage has no SQL: the class must be among new_sqlite_classes in the migrations",
      { cause },
    );
  if (typeof storage?.sql?.exec !== "function" || typeof storage.transactionSync !== "function") {
    throw noSql();
  }
  try {
    storage.sql.exec("SELECT 1");
  } catch (error) {
    // Without a database the platform has `sql`, too, which then says so; but the object may also
    // be at its end.
    throw error instanceof Error && error.message.includes("SQL is not enabled")
      ? noSql(error)
      : failure("read", error);
  }
}

/** Not by options.js, which would bring the core along. */
function requireOptions(options: unknown): void {
  if (typeof options !== "object" || options === null) {
    throw invalidOption("the options of the store must be an object");
  }
  for (const name of Object.keys(options)) {
    if (!OPTION_NAMES.includes(name)) {
      const shown = JSON.stringify(name.slice(0, NAME_LENGTH_SHOWN_MAX));
      throw invalidOption(`there is no option ${shown} in the options of the store`);
    }
  }
}

/** Names of tables cannot be bound, so nothing but letters comes through here. */
function readTable(table: unknown): string {
  if (typeof table !== "string" || !/^[a-z_]{1,32}$/.test(table)) {
    throw invalidOption("table must be 1 to 32 of the characters a to z and _");
  }
  if (/^(_cf|sqlite)_/.test(`${table}_`)) {
    throw invalidOption("table must not begin with _cf or sqlite: such names are reserved");
  }
  return table;
}

function readChunkBytes(bytes: unknown): number {
  if (!Number.isInteger(bytes) || Number(bytes) < 1 || Number(bytes) > CHUNK_BYTES_MAX) {
    throw invalidOption(`chunkBytes must be a whole number from 1 to ${CHUNK_BYTES_MAX}`);
  }
  return Number(bytes);
}

/**
 * The statements. Each write makes one record, which is numbered with the version that it leads to,
 * and lies in one or more chunks; that of an empty record is empty, too.
 */
function statements(table: string) {
  const heads = `${table}_heads`;
  const chunks = `${table}_chunks`;
  return {
    // Without a row id, a row is one row in the bill, and not two.
    makeHeads: `CREATE TABLE IF NOT EXISTS ${heads} (
      name TEXT PRIMARY KEY, version INTEGER NOT NULL, first INTEGER NOT NULL,
      whole INTEGER NOT NULL) STRICT, WITHOUT ROWID`,
    makeChunks: `CREATE TABLE IF NOT EXISTS ${chunks} (
      name TEXT NOT NULL, record INTEGER NOT NULL, part INTEGER NOT NULL,
      size INTEGER NOT NULL, bytes BLOB NOT NULL,
      PRIMARY KEY (name, record, part)) STRICT, WITHOUT ROWID`,
    head: `SELECT version, first, whole FROM ${heads} WHERE name = ?`,
    putHead: `INSERT OR REPLACE INTO ${heads} (name, version, first, whole) VALUES (?, ?, ?, ?)`,
    anyChunk: `SELECT record FROM ${chunks} WHERE name = ? LIMIT 1`,
    dropChunks: `DELETE FROM ${chunks} WHERE name = ?`,
    // In case an empty array is bound as NULL.
    putChunk: `INSERT INTO ${chunks} (name, record, part, size, bytes)
      VALUES (?, ?, ?, ?, coalesce(?, x''))`,
    shapes: `SELECT record, count(*) AS parts, max(part) AS last, min(size) AS least,
      max(size) AS most, sum(length(bytes)) AS held
      FROM ${chunks} WHERE name = ? GROUP BY record ORDER BY record`,
    chunks: `SELECT record, bytes FROM ${chunks} WHERE name = ? ORDER BY record, part`,
  };
}

class DurableObjectStore implements Store {
  readonly #storage: DurableObjectStorageLike;
  readonly #chunkBytes: number;
  readonly #sql: ReturnType<typeof statements>;

  constructor(storage: DurableObjectStorageLike, table: string, chunkBytes: number) {
    this.#storage = storage;
    this.#chunkBytes = chunkBytes;
    this.#sql = statements(table);
  }

  async load(name: string): Promise<StoredState | undefined> {
    requireName(name);
    return this.#transaction("read", () => {
      const head = this.#head(name);
      return head === undefined ? undefined : this.#state(name, head);
    });
  }

  async append(name: string, changes: Uint8Array, expect: bigint): Promise<bigint> {
    return await this.#write(name, changes, expect, false);
  }

  async replace(name: string, snapshot: Uint8Array, expect: bigint): Promise<bigint> {
    return await this.#write(name, snapshot, expect, true);
  }

  /** Writes one record and waits for its confirmation; a snapshot drops all earlier records. */
  async #write(name: string, bytes: Uint8Array, expect: bigint, whole: boolean): Promise<bigint> {
    requireName(name);
    const version = this.#transaction("write", () => {
      const head = this.#head(name);
      if (expect !== BigInt(head?.version ?? 0)) {
        throw new OncewardError("fenced", "the stored state was changed by another writer");
      }
      const next = nextVersion(head);
      if (whole) {
        this.#exec(this.#sql.dropChunks, name);
      }
      this.#put(name, next, bytes);
      const kept = whole ? undefined : head;
      const wholeFirst = kept?.whole ?? whole;
      this.#exec(this.#sql.putHead, name, next, kept?.first ?? next, wholeFirst ? 1 : 0);
      return next;
    });
    try {
      await this.#storage.sync?.();
    } catch (error) {
      throw failure("confirm", error);
    }
    return BigInt(version);
  }

  /** Runs a function in a transaction, with the tables in place. */
  #transaction<T>(action: string, run: () => T): T {
    try {
      return this.#storage.transactionSync(() => {
        // Every time, since the object may have deleted all tables in between.
        this.#exec(this.#sql.makeHeads);
        this.#exec(this.#sql.makeChunks);
        return run();
      });
    } catch (error) {
      throw failure(action, error);
    }
  }

  #head(name: string): Head | undefined {
    const [row] = this.#exec(this.#sql.head, name);
    if (row === undefined) {
      if (this.#exec(this.#sql.anyChunk, name).length > 0) {
        throw corrupt("there are records without a version");
      }
      return undefined;
    }
    const { version, first, whole } = row;
    const known = whole === 0 || whole === 1;
    if (!isVersion(version) || !isVersion(first) || first > version || !known) {
      throw corrupt("the version makes no sense");
    }
    return { version, first, whole: whole === 1 };
  }

  #put(name: string, record: number, bytes: Uint8Array): void {
    const size = bytes.length;
    let part = 0;
    let start = 0;
    do {
      const end = Math.min(start + this.#chunkBytes, size);
      this.#exec(this.#sql.putChunk, name, record, part, size, bytes.subarray(start, end));
      part += 1;
      start = end;
    } while (start < size);
  }

  #state(name: string, head: Head): StoredState {
    const records = this.#sizes(name, head).map((size) => new Uint8Array(size));
    let filling = -1;
    let filled = 0;
    // Row by row, so that a large state is not held twice.
    for (const { record, bytes } of this.#storage.sql.exec(this.#sql.chunks, name)) {
      const index = Number(record) - head.first;
      if (index !== filling) {
        filling = index;
        filled = 0;
      }
      if (!(bytes instanceof ArrayBuffer)) {
        throw corrupt("a chunk is not bytes");
      }
      records[index]?.set(new Uint8Array(bytes), filled);
      filled += bytes.byteLength;
    }
    const version = BigInt(head.version);
    const [snapshot, ...changes] = records;
    return head.whole ? { snapshot, changes, version } : { changes: records, version };
  }

  /** Returns the sizes of all records, after it has made sure that each is there as a whole. */
  #sizes(name: string, head: Head): number[] {
    const shapes = this.#exec(this.#sql.shapes, name);
    if (shapes.length !== head.version - head.first + 1) {
      throw corrupt("there are not as many records as were written");
    }
    return shapes.map(({ record, parts, last, least, most, held }, index) => {
      if (record !== head.first + index) {
        throw corrupt("a record is missing");
      }
      // Parts are numbered from 0 and never twice, so the last one tells whether all are there.
      if (Number(last) + 1 !== parts || least !== most || held !== most) {
        throw corrupt("a record is incomplete");
      }
      return Number(held);
    });
  }

  #exec(query: string, ...bindings: (SqlValue | Uint8Array)[]): SqlRow[] {
    return [...this.#storage.sql.exec(query, ...bindings)];
  }
}

/** SQLite counts in 64 bits, but gives numbers; up to 2^53 they are exact. */
function isVersion(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) > 0;
}

/**
 * Versions of a name start at the time of day and rise by one. So the versions of a state that
 * was deleted do not come again, and whoever still writes to it is fenced.
 */
function nextVersion(head: Head | undefined): number {
  const version = head === undefined ? Math.max(1, Date.now()) : head.version + 1;
  if (!isVersion(version)) {
    throw corrupt("the version is at its end");
  }
  return version;
}

/** In UTF-8 all lone surrogates are the same, and so would be the names. */
function requireName(name: unknown): void {
  if (typeof name !== "string" || /[\uD800-\uDFFF]/u.test(name)) {
    throw invalidOption("the name of a stored state must be a well-formed string");
  }
}

function corrupt(message: string): OncewardError {
  return new OncewardError("corrupt", `the stored state is damaged: ${message}`);
}

function failure(action: string, cause: unknown): OncewardError {
  return cause instanceof OncewardError
    ? cause
    : new OncewardError("store", `the storage failed to ${action} the state`, { cause });
}
