/**
 * Whose turn it is to send, where the browser has no locks: a lease in the database, which ends by
 * itself when its owner is gone.
 *
 * A tab that was asleep for longer than the lease may send beside the next owner, until it notices.
 * Both send under the same keys, so that is up to the server.
 * @module
 */

import type { Database } from "../../stores/indexeddb/database.js";
import { drawName } from "../../stores/indexeddb/records.js";
import type { GiveBack } from "../storage.js";
import { NAMES, type Schema } from "./layout.js";

/** For how long a lease is good, and how often it is asked for or renewed, in milliseconds. */
const LEASE_MS = 10_000;
const EACH_MS = 2000;

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = (): void => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener("abort", stop);
      resolve();
    }, ms);
    signal.addEventListener("abort", stop, { once: true });
  });
}

/** The lease of one name, as one copy sees it. */
export class Leasing {
  readonly #database: Database<Schema>;
  readonly #name: string;
  readonly #owner = drawName();

  constructor(database: Database<Schema>, name: string) {
    this.#database = database;
    this.#name = name;
  }

  /** As `Items.lead`. */
  async lead(signal: AbortSignal, lost: () => void): Promise<GiveBack> {
    signal.throwIfAborted();
    while (!(await this.#take(LEASE_MS))) {
      await pause(EACH_MS, signal);
    }
    const renewing = new AbortController();
    this.#renew(renewing.signal).then(lost, () => {});
    return async () => {
      renewing.abort();
      await this.#take(0);
    };
  }

  /** Prolongs it until it is someone else's. A database that fails for a while does not end it. */
  async #renew(signal: AbortSignal): Promise<void> {
    let isMine = true;
    while (isMine) {
      await pause(EACH_MS, signal);
      isMine = await this.#take(LEASE_MS).catch(() => true);
      signal.throwIfAborted();
    }
  }

  /**
   * Takes it, or prolongs it, for so many milliseconds from now; false where it is someone else's.
   */
  async #take(ms: number): Promise<boolean> {
    return await this.#database.transact("readwrite", async (transaction) => {
      const names = transaction.objectStore(NAMES);
      const found = (await names.get(this.#name)) ?? { next: Date.now() };
      const now = Date.now();
      const { owner, until = 0 } = found.lease ?? {};
      // One that is much longer than any was written before the clock was set back.
      const isOver = until <= now || until > now + 2 * LEASE_MS;
      if (owner !== this.#owner && !isOver) {
        return false;
      }
      await names.put({ ...found, lease: { owner: this.#owner, until: now + ms } }, this.#name);
      return true;
    });
  }
}
