/**
 * The notes of this device, and the gate that knows which changes it has applied, in one database.
 * @module
 */
import { openDB } from "idb";
import { Gate } from "onceward";
import { createObjectStores, indexedDb } from "onceward/indexeddb";

const GATE = "changes";

/** All that a transaction touches which applies changes: the last two are the gate's. */
const STORES = ["notes", "cursor", "onceward-meta", "onceward-data"];

export class Notes {
  #db;
  #store;
  #gate;

  constructor(db, store, gate) {
    this.#db = db;
    this.#store = store;
    this.#gate = gate;
  }

  static async open() {
    const db = await openDB("notes", 1, {
      upgrade(upgraded) {
        upgraded.createObjectStore("notes", { keyPath: "id" });
        upgraded.createObjectStore("cursor");
        createObjectStores(upgraded);
      },
      // Another version of the application wants to upgrade the database.
      blocking: (_current, _blocked, { target }) => target.close(),
    });
    const store = indexedDb({ database: db });
    return new Notes(db, store, await Gate.open({ store, name: GATE }));
  }

  /** All notes. */
  async all() {
    return await this.#db.getAll("notes");
  }

  /** How far the feed was read. */
  async cursor() {
    return (await this.#db.get("cursor", "feed")) ?? 0;
  }

  /** Applies changes, in whatever order they come; returns those that were news. */
  async apply(changes, cursor) {
    const stage = this.#gate.stage(
      changes.map(({ id, revision }) => ({ scope: "notes", entity: id, revision })),
    );
    const news = changes.filter((_, index) => stage.verdicts.at(index) === "fresh");
    const transaction = this.#db.transaction(STORES, "readwrite");
    try {
      this.#store.join(transaction, GATE, stage.changes);
      const notes = transaction.objectStore("notes");
      const writes = news.map(({ id, revision, text }) =>
        text === undefined ? notes.delete(id) : notes.put({ id, revision, text }),
      );
      writes.push(transaction.objectStore("cursor").put(cursor, "feed"));
      await Promise.all([...writes, transaction.done]);
    } catch (error) {
      stage.drop();
      throw error;
    }
    stage.keep();
    return news;
  }

  async close() {
    await this.#gate.close();
    this.#db.close();
  }
}
