/**
 * The items of one name in a database, and what a transaction does to them.
 * @module
 */

import { OncewardError } from "../../errors.js";
import { isBytes } from "../../event.js";
import type { Database } from "../../stores/indexeddb/database.js";
import { acquire, type Locks } from "../../stores/indexeddb/locks.js";
import { type Draft, type Item, readItem } from "../item.js";
import type { BodyOf, Change, GiveBack, Items, News } from "../storage.js";
import { BODIES, BY_KEY, ITEMS, NAMES, type OutboxTransaction, type Schema } from "./layout.js";
import { Leasing } from "./lease.js";

/** Copies that do not speak the same language do not hear each other. */
const LANGUAGE = 1;

/** What one copy needs. */
export interface Ports {
  readonly database: Database<Schema>;
  readonly name: string;
  /** What the lock and the channel are called. */
  readonly shared: string;
  readonly locks: Locks | undefined;
}

/** Reads what another copy has said; nothing when it is of another language. */
function readNews(data: unknown): readonly News[] {
  const { language, news } = Object(data) as { language?: unknown; news?: unknown };
  return language === LANGUAGE && Array.isArray(news) ? (news as readonly News[]) : [];
}

/** One copy's view of a name. */
export class BrowserItems implements Items {
  readonly #ports: Ports;
  readonly #leasing: Leasing;
  readonly #closed: () => void;
  #channel: BroadcastChannel | undefined;
  #listener: ((news: readonly News[]) => void) | undefined;
  #isClosed = false;

  /** @param closed is called when this copy is done. */
  constructor(ports: Ports, closed: () => void) {
    this.#ports = ports;
    this.#closed = closed;
    this.#leasing = new Leasing(ports.database, ports.name);
    this.resume();
  }

  async read(numbers?: readonly number[]): Promise<readonly Item[]> {
    const { database, name } = this.#ports;
    return await database.transact("readonly", async (transaction) => {
      const items = transaction.objectStore(ITEMS);
      const range = IDBKeyRange.bound([name, 0], [name, Infinity]);
      const found =
        numbers === undefined
          ? await items.getAll(range)
          : await Promise.all(numbers.map((number) => items.get([name, number])));
      return found.flatMap((record) => (record === undefined ? [] : [readItem(record.item)]));
    });
  }

  async add(draft: Draft, body: Uint8Array | undefined): Promise<{ item: Item; isNew: boolean }> {
    const { database, name } = this.#ports;
    const added = await database.transact("readwrite", async (transaction) => {
      const items = transaction.objectStore(ITEMS);
      const known = await items.index(BY_KEY).get([name, draft.key]);
      if (known !== undefined) {
        return { item: readItem(known.item), isNew: false };
      }
      const names = transaction.objectStore(NAMES);
      // Not from 1, so that a database that was deleted does not give numbers again.
      const found = (await names.get(name)) ?? { next: Date.now() };
      const item: Item = { number: found.next, ...draft };
      await Promise.all([
        names.put({ ...found, next: found.next + 1 }, name),
        items.put({ name, item }, [name, item.number]),
        body && transaction.objectStore(BODIES).put(body, [name, item.number, "request"]),
      ]);
      return { item, isNew: true };
    });
    if (added.isNew) {
      this.#tell({ number: added.item.number });
    }
    return added;
  }

  async change(
    number: number,
    step: (item: Item) => Change | undefined,
  ): Promise<Item | undefined> {
    const { database, name } = this.#ports;
    let change: Change | undefined;
    try {
      change = await database.transact("readwrite", async (transaction) => {
        const record = await transaction.objectStore(ITEMS).get([name, number]);
        const decided = record && step(readItem(record.item));
        await (decided && this.#apply(transaction, number, decided));
        return decided;
      });
    } catch (error) {
      // It may have happened all the same.
      this.#tell({ number });
      throw error;
    }
    if (change === undefined) {
      return undefined;
    }
    this.#tell({ number, removal: "remove" in change ? change.remove : undefined });
    return "put" in change ? change.put : undefined;
  }

  async body(number: number, of: BodyOf): Promise<Uint8Array | undefined> {
    const { database, name } = this.#ports;
    const bytes: unknown = await database.transact("readonly", (transaction) =>
      transaction.objectStore(BODIES).get([name, number, of]),
    );
    if (bytes !== undefined && !isBytes(bytes)) {
      throw new OncewardError("corrupt", "a body in the outbox cannot be read");
    }
    return bytes;
  }

  subscribe(listener: (news: readonly News[]) => void): void {
    this.#listener = listener;
  }

  suspend(): void {
    this.#channel?.close();
    this.#channel = undefined;
  }

  resume(): void {
    if (this.#channel === undefined && !this.#isClosed && "BroadcastChannel" in globalThis) {
      this.#channel = new BroadcastChannel(this.#ports.shared);
      this.#channel.addEventListener("message", ({ data }) => {
        const news = readNews(data);
        if (news.length > 0) {
          this.#listener?.(news);
        }
      });
    }
  }

  async lead(signal: AbortSignal, lost: () => void): Promise<GiveBack> {
    const { locks, shared } = this.#ports;
    if (locks === undefined) {
      return await this.#leasing.lead(signal, lost);
    }
    const held = await acquire(locks, { name: shared, signal, stolen: lost });
    return async () => held?.release();
  }

  async close(): Promise<void> {
    if (!this.#isClosed) {
      this.#isClosed = true;
      this.suspend();
      this.#closed();
    }
  }

  async #apply(
    transaction: OutboxTransaction<"readwrite">,
    number: number,
    change: Change,
  ): Promise<void> {
    const { name } = this.#ports;
    const items = transaction.objectStore(ITEMS);
    const bodies = transaction.objectStore(BODIES);
    if ("remove" in change) {
      await Promise.all([
        items.delete([name, number]),
        bodies.delete([name, number, "request"]),
        bodies.delete([name, number, "answer"]),
      ]);
      return;
    }
    const { put, answerBody, dropRequestBody } = change;
    await Promise.all([
      items.put({ name, item: put }, [name, number]),
      answerBody && bodies.put(answerBody, [name, number, "answer"]),
      dropRequestBody && bodies.delete([name, number, "request"]),
    ]);
  }

  #tell(news: News): void {
    this.#channel?.postMessage({ language: LANGUAGE, news: [news] });
  }
}
