/**
 * Durable Objects that do with their store, or with a gate, what a test asks by HTTP.
 * @module
 */
import { DurableObject } from "cloudflare:workers";
import { Gate } from "onceward";
import { durableObject } from "onceward/durable-object";
import { storeContract } from "onceward/store-contract";

/** How an answer says that it is an error that was thrown, and not one of the way to the object. */
const THROWN = 422;

/** The storage of an object, of which something fails. */
const AILING = {
  /** The last statement of a write, when all its bytes are in. */
  sql: (storage) => ({
    sql: {
      exec(query, ...bindings) {
        if (query.startsWith("INSERT OR REPLACE")) {
          throw new Error("there is no room");
        }
        return storage.sql.exec(query, ...bindings);
      },
    },
    transactionSync: (run) => storage.transactionSync(run),
  }),
  /** The confirmation. */
  sync: (storage) => ({
    sql: storage.sql,
    transactionSync: (run) => storage.transactionSync(run),
    sync: () => Promise.reject(new Error("the disk is gone")),
  }),
};

async function digest(bytes) {
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  const hex = Array.from(hash, (byte) => byte.toString(16).padStart(2, "0"));
  return `${bytes.length} ${hex.join("")}`;
}

/** A store's cases, each with tables of its own. */
function contract(storage, chunkBytes) {
  let opened = 0;
  return storeContract(async () => {
    opened += 1;
    const table = "t".repeat(opened);
    const open = () => durableObject(storage, { table, chunkBytes });
    return { store: open(), reopen: async () => open() };
  });
}

/** An object with a store. What it is asked is the path, on what is in the query. */
export class Stored extends DurableObject {
  #born = crypto.randomUUID();

  async fetch(request) {
    const url = new URL(request.url);
    try {
      return await this[url.pathname.slice(1)](Object.fromEntries(url.searchParams), request);
    } catch (error) {
      const { code, message, cause } = error;
      const thrown = { code, message, cause: cause?.message, stack: error.stack };
      return Response.json(thrown, { status: THROWN });
    }
  }

  #open({ table, chunkBytes, fail }) {
    const storage = AILING[fail]?.(this.ctx.storage) ?? this.ctx.storage;
    const options =
      chunkBytes === undefined ? { table } : { table, chunkBytes: Number(chunkBytes) };
    return durableObject(storage, options);
  }

  /** Which object in memory answers. */
  async born() {
    return new Response(this.#born);
  }

  async load(query) {
    const state = await this.#open(query).load(query.name);
    if (state === undefined) {
      return Response.json(null);
    }
    const { snapshot, changes, version, tornBytes } = state;
    return Response.json({
      snapshot: snapshot && (await digest(snapshot)),
      changes: await Promise.all(changes.map(digest)),
      version: String(version),
      tornBytes,
    });
  }

  /** Appends or replaces, and answers with the version. */
  async write(query, request) {
    const bytes = new Uint8Array(await request.arrayBuffer());
    const store = this.#open(query);
    const version = await store[query.how](query.name, bytes, BigInt(query.expect));
    return new Response(String(version));
  }

  /** Whether a write resolves before, and after, the storage has confirmed it. */
  async confirmed({ name }) {
    let confirm;
    const sync = () => new Promise((resolve) => (confirm = resolve));
    const { sql } = this.ctx.storage;
    const transactionSync = (run) => this.ctx.storage.transactionSync(run);
    const store = durableObject({ sql, transactionSync, sync });
    const seen = [];
    const writing = store.append(name, new Uint8Array(1), 0n).then(() => seen.push("resolved"));
    await scheduler.wait(50);
    seen.push("confirmed");
    confirm();
    await writing;
    const bare = durableObject({ sql, transactionSync });
    seen.push((await bare.load(name)).changes.length);
    return Response.json(seen);
  }

  /** Writes while nothing else may reach the object, as a constructor would. */
  async blocked({ name }) {
    const version = await this.ctx.blockConcurrencyWhile(async () => {
      const store = durableObject(this.ctx.storage);
      await store.append(name, new Uint8Array(3), 0n);
      return (await store.load(name)).version;
    });
    return new Response(String(version));
  }

  async deleteAll() {
    await this.ctx.storage.deleteAll();
    return new Response();
  }

  async sql(_, request) {
    const { query, bindings = [] } = await request.json();
    return Response.json(this.ctx.storage.sql.exec(query, ...bindings).toArray());
  }

  /** Tells the names of the contract's cases, or runs one of them. */
  async contract({ only, chunkBytes }) {
    const cases = contract(this.ctx.storage, Number(chunkBytes));
    if (only === "names") {
      return Response.json(cases.map(({ name }) => name));
    }
    await cases.find(({ name }) => name === only).run();
    return new Response();
  }

  /** What a gate says of the same key twice. */
  async gate() {
    const gate = await Gate.open();
    return Response.json([gate.check({ id: "a" }), gate.check({ id: "a" })]);
  }
}

/** A class without a database. */
export class Legacy extends Stored {}
