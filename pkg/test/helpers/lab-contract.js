/**
 * The script of lab.js, and the contract of a store besides.
 * @module
 */
import { indexedDb } from "onceward/indexeddb";
import { storeContract } from "onceward/store-contract";
import { deleteDatabase, methods } from "./lab.js";

/** Runs the contract, each part on a database of its own; returns what became of each part. */
async function contract(options, prefix) {
  let opened = 0;
  const parts = storeContract(async () => {
    opened += 1;
    const database = `${prefix} ${opened}`;
    const stores = [];
    const make = () => {
      const store = indexedDb({ ...options, database });
      stores.push(store);
      return store;
    };
    const closeAll = () => Promise.all(stores.map((store) => store.close()));
    return {
      store: make(),
      reopen: async () => {
        await closeAll();
        return make();
      },
      dispose: async () => {
        await closeAll();
        await deleteDatabase(database);
      },
    };
  });
  const results = [];
  for (const { name, run } of parts) {
    try {
      await run();
      results.push({ name });
    } catch (error) {
      results.push({ name, error: `${error?.stack ?? error}` });
    }
  }
  return results;
}

methods.contract = contract;
