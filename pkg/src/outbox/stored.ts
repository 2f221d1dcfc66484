/**
 * The items of an outbox in any store of this package that keeps bytes.
 *
 * Everything is in memory as well. What is asked for while a write is under way is written together
 * with what else is by then, in one write.
 * @module
 */

import { OncewardError } from "../errors.js";
import { isDueForSnapshot, storeError } from "../persistence.js";
import type { Store } from "../store.js";
import { Draught, Ledger } from "./draught.js";
import type { Draft, Item } from "./item.js";
import { Line } from "./lead.js";
import { decodeRecord, encodeRecord } from "./record.js";
import type { BodyOf, Change, GiveBack, Items, News, OutboxStorage } from "./storage.js";

/** Something that is to be done in the next write. */
interface Task {
  /** Puts what it changes into the draught. */
  readonly run: (draught: Draught) => void;
  readonly done: () => void;
  readonly failed: (error: unknown) => void;
}

/** What the store holds. */
interface Loaded {
  readonly ledger: Ledger;
  version: bigint;
  sizes: { readonly snapshot: number; readonly changes: number };
}

/** The one writer of a name, whom all copies of this process share. */
class Book {
  readonly line = new Line();
  readonly copies = new Set<Copy>();
  readonly #store: Store;
  readonly #name: string;
  readonly #tasks: Task[] = [];
  #loaded: Loaded | undefined;
  /** What is under way, or was the last. */
  #turn: Promise<unknown> = Promise.resolve();

  constructor(store: Store, name: string) {
    this.#store = store;
    this.#name = name;
  }

  /** Runs a task in the next write, and resolves when that is confirmed. */
  write(run: (draught: Draught) => void): Promise<void> {
    return new Promise((done, failed) => {
      this.#tasks.push({ run, done, failed });
      if (this.#tasks.length === 1) {
        // Whoever asked hears of what goes wrong.
        this.#inTurn(() => this.#writeAll()).catch(failed);
      }
    });
  }

  /** What was confirmed by now, and by the writes before. */
  read<T>(look: (ledger: Ledger) => T): Promise<T> {
    return this.#inTurn(async () => look((await this.#load()).ledger));
  }

  /** Gives the name back when no copy is left. */
  release(): Promise<void> {
    return this.#inTurn(async () => {
      if (this.copies.size === 0) {
        this.#loaded = undefined;
        await this.#call("be released", async () => await this.#store.release?.(this.#name));
      }
    });
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#turn.then(work);
    this.#turn = turn.catch(() => {});
    return turn;
  }

  async #call<T>(what: string, call: () => Promise<T>): Promise<T> {
    try {
      return await call();
    } catch (thrown) {
      throw storeError(thrown, what);
    }
  }

  async #load(): Promise<Loaded> {
    if (this.#loaded === undefined) {
      const state = await this.#call("be read", () => this.#store.load(this.#name));
      const ledger = new Ledger();
      const { snapshot, changes = [], version = 0n } = state ?? {};
      for (const bytes of snapshot === undefined ? changes : [snapshot, ...changes]) {
        ledger.apply(decodeRecord(bytes));
      }
      const length = changes.reduce((sum, bytes) => sum + bytes.length, 0);
      const sizes = { snapshot: snapshot?.length ?? 0, changes: length };
      this.#loaded = { ledger, version, sizes };
    }
    return this.#loaded;
  }

  async #writeAll(): Promise<void> {
    const tasks: Task[] = [];
    try {
      const loaded = await this.#load();
      tasks.push(...this.#tasks.splice(0));
      const draught = new Draught(loaded.ledger);
      const ran = tasks.filter((task) => this.#runTask(task, draught));
      if (!draught.isEmpty) {
        await this.#append(loaded, draught);
      }
      for (const { done } of ran) {
        done();
      }
    } catch (error) {
      // Only the store knows now whether it has happened; the next one who asks reads it anew.
      this.#loaded = undefined;
      for (const { failed } of tasks.length > 0 ? tasks : this.#tasks.splice(0)) {
        failed(error);
      }
    }
  }

  /** A task that throws has changed nothing, and stands in nobody's way. */
  #runTask({ run, failed }: Task, draught: Draught): boolean {
    try {
      run(draught);
      return true;
    } catch (error) {
      failed(error);
      return false;
    }
  }

  async #append(loaded: Loaded, draught: Draught): Promise<void> {
    const { ledger, version, sizes } = loaded;
    const record = draught.record();
    const bytes = encodeRecord(record);
    loaded.version = await this.#call("write", () =>
      this.#store.append(this.#name, bytes, version),
    );
    ledger.apply(record);
    loaded.sizes = { ...sizes, changes: sizes.changes + bytes.length };
    if (isDueForSnapshot(loaded.sizes)) {
      await this.#compact(loaded);
    }
  }

  /** Puts everything together. What was asked for is written already, so that it may fail. */
  async #compact(loaded: Loaded): Promise<void> {
    const bytes = encodeRecord(loaded.ledger.whole());
    try {
      loaded.version = await this.#store.replace(this.#name, bytes, loaded.version);
      loaded.sizes = { snapshot: bytes.length, changes: 0 };
    } catch {
      this.#loaded = undefined;
    }
  }
}

/** One outbox's view of a book. */
class Copy implements Items {
  readonly #book: Book;
  #listener: ((news: readonly News[]) => void) | undefined;

  constructor(book: Book) {
    this.#book = book;
    book.copies.add(this);
  }

  read(numbers?: readonly number[]): Promise<readonly Item[]> {
    return this.#book.read((ledger) => {
      const found = numbers?.map((number) => ledger.at(number)) ?? ledger.all();
      return found.flatMap((kept) => (kept === undefined ? [] : [kept.item]));
    });
  }

  async add(draft: Draft, body: Uint8Array | undefined): Promise<{ item: Item; isNew: boolean }> {
    let added: { item: Item; isNew: boolean } | undefined;
    await this.#book.write((draught) => {
      const item = draught.find(draft.key);
      added = item ? { item, isNew: false } : { item: draught.add(draft, body), isNew: true };
    });
    if (added === undefined) {
      throw new OncewardError("internal", "nothing was added");
    }
    if (added.isNew) {
      this.#tell([{ number: added.item.number }]);
    }
    return added;
  }

  async change(
    number: number,
    step: (item: Item) => Change | undefined,
  ): Promise<Item | undefined> {
    let change: Change | undefined;
    try {
      await this.#book.write((draught) => {
        const item = draught.at(number)?.item;
        change = item && step(item);
        if (change !== undefined) {
          draught.put(toEntry(number, change));
        }
      });
    } catch (error) {
      // It may have happened all the same.
      this.#tell([{ number }]);
      throw error;
    }
    if (change === undefined) {
      return undefined;
    }
    this.#tell([{ number, removal: "remove" in change ? change.remove : undefined }]);
    return "put" in change ? change.put : undefined;
  }

  body(number: number, of: BodyOf): Promise<Uint8Array | undefined> {
    return this.#book.read((ledger) => {
      const bytes = ledger.at(number)?.[of];
      return bytes && new Uint8Array(bytes);
    });
  }

  subscribe(listener: (news: readonly News[]) => void): void {
    this.#listener = listener;
  }

  lead(signal: AbortSignal): Promise<GiveBack> {
    return this.#book.line.wait(signal);
  }

  async close(): Promise<void> {
    this.#listener = undefined;
    if (this.#book.copies.delete(this)) {
      await this.#book.release();
    }
  }

  #tell(news: readonly News[]): void {
    for (const copy of this.#book.copies) {
      if (copy !== this) {
        copy.#listener?.(news);
      }
    }
  }
}

function toEntry(number: number, change: Change): Parameters<Draught["put"]>[0] {
  if ("remove" in change) {
    return { number };
  }
  const { put, answerBody, dropRequestBody } = change;
  return { number, item: put, answer: answerBody, request: dropRequestBody ? null : undefined };
}

const storages = new WeakMap<Store, OutboxStorage>();

/** Returns the storage in a store; always the same one, so that all copies know of each other. */
export function storedIn(store: Store): OutboxStorage {
  const known = storages.get(store);
  if (known !== undefined) {
    return known;
  }
  const books = new Map<string, Book>();
  const storage: OutboxStorage = {
    async items(name) {
      const book = books.get(name) ?? new Book(store, name);
      books.set(name, book);
      const copy = new Copy(book);
      try {
        await copy.read();
      } catch (error) {
        await copy.close().catch(() => {});
        throw error;
      }
      return copy;
    },
  };
  storages.set(store, storage);
  return storage;
}
