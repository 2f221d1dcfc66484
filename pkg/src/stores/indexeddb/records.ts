/**
 * The records of one name in the database, and what a transaction does to them.
 * @module
 */

import { OncewardError } from "../../errors.js";
import { isBytes } from "../../event.js";
import { DATA, type Data, type Database, META, type Meta, type Transaction } from "./database.js";
import { fenced } from "./failures.js";
import { inTurn } from "./joining.js";
import {
  type Asked,
  type Coverage,
  keyOf,
  type Reading,
  type Storage,
  type StoredRecord,
  type Write,
} from "./storage.js";

const ORIGIN_BYTES = 16;

/** Draws a name that nobody else has. */
export function drawName(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(ORIGIN_BYTES));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** The records of one name. */
export class Records implements Storage {
  readonly #database: Database;
  readonly #name: string;

  /** Which life of the name this copy follows: that of its first reading that found one. */
  #life: string | undefined;

  constructor(database: Database, name: string) {
    this.#database = database;
    this.#name = name;
  }

  async lead(after: number): Promise<Reading> {
    const reading = await this.#database.transact("readwrite", async (transaction) => {
      const found = (await this.#meta(transaction, after)) ?? newMeta();
      const meta: Meta = { ...found, term: found.term + 1 };
      const records = await this.#after(transaction, after, meta);
      await transaction.objectStore(META).put(meta, this.#name);
      return { ...meta, records };
    });
    this.#life = reading.life;
    return reading;
  }

  async read(after: number): Promise<Reading> {
    const reading = await this.#database.transact("readonly", async (transaction) => {
      const meta = (await this.#meta(transaction, after)) ?? { ...newMeta(), life: undefined };
      const records = await this.#after(transaction, after, meta);
      return { ...meta, records };
    });
    this.#life = reading.life;
    return reading;
  }

  async write(
    term: number,
    after: number,
    write: Write,
    mayStand: (record: StoredRecord) => boolean,
  ): Promise<readonly StoredRecord[]> {
    return await this.#database.transact("readwrite", async (transaction) => {
      const meta = await this.#meta(transaction, after);
      if (meta?.term !== term) {
        throw fenced("another writer has taken over");
      }
      const there = meta.version === after ? [] : await this.#after(transaction, after, meta);
      if (there.some((record) => keyOf(record) === keyOf(write))) {
        // The connection was lost before it could tell that the write was complete.
        return there;
      }
      if (!there.every(mayStand)) {
        throw fenced("there are records of another writer");
      }
      const { origin, id, bytes, covers } = write;
      const number = meta.version + 1;
      const base = covers === undefined ? meta.base : number;
      const data = transaction.objectStore(DATA);
      await Promise.all([
        covers && this.#remove(transaction, covers),
        data.put({ origin, id, bytes }, [this.#name, number]),
        transaction.objectStore(META).put({ ...meta, version: number, base }, this.#name),
      ]);
      return [...there, { origin, id, bytes, number, joined: false }];
    });
  }

  /**
   * Puts changes as the next record into a transaction of the user's own, which is aborted where
   * that is not right: what it does must not happen without being recorded.
   *
   * @param term the term that must be valid; undefined where any is.
   * @param done is told of the record when the transaction is complete.
   */
  join(
    transaction: IDBTransaction,
    asked: Asked & { readonly bytes: Uint8Array },
    term: number | undefined,
    done: (record: StoredRecord) => void,
  ): void {
    const { origin, id, bytes } = asked;
    const metas = transaction.objectStore(META);
    const data = transaction.objectStore(DATA);
    inTurn(transaction, (end) => {
      const request: IDBRequest<unknown> = metas.get(this.#name);
      request.onsuccess = () => {
        // An error that is thrown here aborts the transaction, too.
        const meta = toMeta(request.result);
        if (meta === undefined || meta.life !== this.#life || (term ?? meta.term) !== meta.term) {
          transaction.abort();
          return;
        }
        const number = meta.version + 1;
        const record: Data = { origin, id, bytes, joined: true };
        data.put(record, [this.#name, number]);
        metas.put({ ...meta, version: number }, this.#name);
        transaction.addEventListener("complete", () => done({ ...record, number, joined: true }));
        end();
      };
    });
  }

  /** Reads what is known of the name, and refuses to go on where that is not what it was. */
  async #meta(
    transaction: Transaction<"readonly" | "readwrite">,
    after: number,
  ): Promise<Meta | undefined> {
    const meta = toMeta(await transaction.objectStore(META).get(this.#name));
    const isOther = this.#life !== undefined && this.#life !== meta?.life;
    if (isOther || after > (meta?.version ?? 0)) {
      throw fenced("the database was deleted, or replaced by another one");
    }
    return meta;
  }

  /** Reads the records after one of them. */
  async #after(
    transaction: Transaction<"readonly" | "readwrite">,
    after: number,
    { version, base }: Pick<Meta, "version" | "base">,
  ): Promise<readonly StoredRecord[]> {
    const data = transaction.objectStore(DATA);
    const range = IDBKeyRange.bound([this.#name, after], [this.#name, Infinity], true);
    const [keys, values] = await Promise.all([data.getAllKeys(range), data.getAll(range)]);
    const records = values.map((value, index) => toRecord(keys[index]?.[1], value));
    // What lies before the snapshot may be gone, as the snapshot knows it; nothing else may.
    const last = records.at(-1)?.number ?? after;
    const from = Math.max(after + 1, base);
    const complete = records.filter(({ number }) => number >= from).length;
    if (last > version || complete !== Math.max(version + 1 - from, 0)) {
      throw corrupt("records are missing, or there are too many");
    }
    return records;
  }

  /** Removes what a snapshot makes superfluous. */
  async #remove(transaction: Transaction<"readwrite">, covers: Coverage): Promise<void> {
    const data = transaction.objectStore(DATA);
    const kept = new Set(covers.except);
    const range = IDBKeyRange.bound([this.#name, 0], [this.#name, covers.upTo]);
    if (kept.size === 0) {
      await data.delete(range);
      return;
    }
    const keys = await data.getAllKeys(range);
    const gone = keys.filter(([, number]) => !kept.has(number));
    await Promise.all(gone.map((key) => data.delete(key)));
  }
}

function newMeta(): Meta {
  return { life: drawName(), term: 0, version: 0, base: 0 };
}

function corrupt(message: string): OncewardError {
  return new OncewardError("corrupt", `the database is damaged: ${message}`);
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

/** Reads the record of a name. */
function toMeta(value: unknown): Meta | undefined {
  if (value === undefined) {
    return undefined;
  }
  const { life, term, version, base } = Object(value) as { [Name in keyof Meta]?: unknown };
  if (typeof life === "string" && isCount(term) && isCount(version) && isCount(base)) {
    if (base <= version) {
      return { life, term, version, base };
    }
  }
  throw corrupt("what is known of the name cannot be read");
}

/** Reads a record of changes or of a snapshot. */
function toRecord(number: number | undefined, value: unknown): StoredRecord {
  const { origin, id, bytes, joined } = Object(value) as { [Name in keyof Data]?: unknown };
  if (isCount(number) && typeof origin === "string" && isCount(id) && isBytes(bytes)) {
    return { number, origin, id, bytes, joined: joined === true };
  }
  throw corrupt("a record cannot be read");
}
