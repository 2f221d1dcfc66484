/**
 * What runs in the browser for the tests of the IndexedDB store: stores with texts as bytes, driven
 * through `globalThis.lab`, in pages and in workers alike.
 * @module
 */
import { createObjectStores, indexedDb } from "onceward/indexeddb";
import * as faults from "./lab-faults.js";

const DATABASE = "onceward";

const encoder = new TextEncoder();
const decoder = new TextDecoder();
const bytesOf = (text) => encoder.encode(text);
const textOf = (bytes) => bytes && decoder.decode(bytes);

/** Stores with one loaded name each, by the id that the test gave them. */
const sessions = new Map();

/** The user's own databases. */
const databases = new Map();

function shown(state) {
  return (
    state && {
      snapshot: textOf(state.snapshot),
      changes: state.changes.map(textOf),
      version: String(state.version),
    }
  );
}

/** The texts that a record stands for: a snapshot lists all that its maker knew. */
const textsOf = (text) => (text.startsWith("[") ? JSON.parse(text) : [text]);

/** Loads, listens, and starts to note what comes. */
async function load(id = "a") {
  const session = sessions.get(id);
  session.stop?.();
  const state = await session.store.load(session.name);
  const found = shown(state);
  session.version = state?.version ?? 0n;
  session.delivered = [];
  session.known = new Set([found?.snapshot ?? "[]", ...(found?.changes ?? [])].flatMap(textsOf));
  if (session.listens) {
    listen(id);
  }
  return found;
}

function listen(id = "a") {
  const session = sessions.get(id);
  const { store, name } = session;
  session.stop = store.subscribe(name, (bytes) => {
    const text = textOf(bytes);
    session.delivered.push(text);
    for (const one of textsOf(text)) {
      session.known.add(one);
    }
  });
}

/** Opens a store and loads a name. */
async function open({ id = "a", name = "test", listens = true, own, ...options } = {}) {
  const database = own === undefined ? options.database : databases.get(own);
  const store = indexedDb({ ...options, database });
  sessions.set(id, { store, name, listens, confirmed: [], failures: [], delivered: [] });
  return await load(id);
}

async function write(how, text, id = "a") {
  const session = sessions.get(id);
  session.version = await session.store[how](session.name, bytesOf(text), session.version);
  session.confirmed.push({
    text,
    version: String(session.version),
    deliveredBefore: session.delivered.length,
  });
  return String(session.version);
}

const append = (text, id) => write("append", text, id);
const replace = (text, id) => write("replace", text, id);

/**
 * Writes one text after the other, and again what was refused as `store`. Every so many it is all
 * that is known, in the place of everything.
 */
async function appendMany(prefix, count, { id = "a", replaceEach = Infinity } = {}) {
  const session = sessions.get(id);
  session.isRunning = true;
  try {
    for (let index = 0; index < count; ) {
      const text = `${prefix}${index}`;
      session.known.add(text);
      const isSnapshot = index % replaceEach === replaceEach - 1;
      try {
        await (isSnapshot ? replace(JSON.stringify([...session.known]), id) : append(text, id));
        index += 1;
      } catch (error) {
        session.failures.push({ code: error.code, message: error.message });
        if (error.code !== "store") {
          throw error;
        }
      }
    }
  } finally {
    session.isRunning = false;
  }
}

/** The same, while the test goes on. */
function startAppending(prefix, count, options) {
  appendMany(prefix, count, options).catch(() => {});
}

/** What a session has seen so far. */
function report(id = "a") {
  const { delivered, confirmed, failures, known, isRunning = false } = sessions.get(id);
  return { delivered, confirmed, failures, known: [...known], isRunning };
}

/** Writes with a version of the test's choice. */
async function writeExpecting(how, text, expect, id = "a") {
  const { store, name } = sessions.get(id);
  return String(await store[how](name, bytesOf(text), BigInt(expect)));
}

function requested(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

/** Everything under a name, as it lies in the database. */
async function stored({ name = "test", database = DATABASE } = {}) {
  const db = await requested(indexedDB.open(database));
  try {
    const transaction = db.transaction(["onceward-meta", "onceward-data"]);
    const data = transaction.objectStore("onceward-data");
    const range = IDBKeyRange.bound([name, 0], [name, Infinity]);
    const [meta, keys, values] = await Promise.all([
      requested(transaction.objectStore("onceward-meta").get(name)),
      requested(data.getAllKeys(range)),
      requested(data.getAll(range)),
    ]);
    const records = values.map((value, index) => ({
      number: keys[index][1],
      text: textOf(value.bytes),
      joined: value.joined === true,
    }));
    return { ...meta, records };
  } finally {
    db.close();
  }
}

/** Opens a database of the user's own, with its own object store, and keeps the connection. */
async function openOwn(database, { version = 1, withStores = true } = {}) {
  const request = indexedDB.open(database, version);
  request.onupgradeneeded = () => {
    if (!request.result.objectStoreNames.contains("accounts")) {
      request.result.createObjectStore("accounts");
    }
    if (withStores) {
      createObjectStores(request.result);
    }
  };
  databases.set(database, await requested(request));
}

/** Puts an account and joins changes to it, in one transaction. */
async function putAndJoin(database, account, texts, { id = "a", abort, commit, stores } = {}) {
  const { store, name } = sessions.get(id);
  const names = stores ?? ["accounts", "onceward-meta", "onceward-data"];
  const transaction = databases.get(database).transaction(names, "readwrite");
  const done = new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve("complete");
    transaction.onabort = () => reject(transaction.error ?? new Error("aborted"));
  });
  done.catch(() => {});
  transaction.objectStore("accounts").put(account, "account");
  for (const text of texts) {
    store.join(transaction, name, bytesOf(text));
  }
  if (abort) {
    transaction.abort();
  }
  if (commit) {
    transaction.commit();
  }
  return await done;
}

async function account(database) {
  const transaction = databases.get(database).transaction("accounts");
  return await requested(transaction.objectStore("accounts").get("account"));
}

/** Resolves when the database is gone; "blocked" when others keep it open. */
export function deleteDatabase(database = DATABASE) {
  return new Promise((resolve, reject) => {
    const request = indexedDB.deleteDatabase(database);
    request.onsuccess = () => resolve("deleted");
    request.onblocked = () => resolve("blocked");
    request.onerror = () => reject(request.error);
  });
}

/** Opens the database with a higher version, as a later release might, and closes it again. */
async function upgrade(version, database = DATABASE) {
  const db = await requested(indexedDB.open(database, version));
  db.close();
}

/** Opens a connection that stands in the way of whoever wants to upgrade or to delete. */
async function standInTheWay(database = DATABASE) {
  databases.set(database, await requested(indexedDB.open(database)));
}

function getOutOfTheWay(database = DATABASE) {
  databases.get(database).close();
}

/** Changes the database behind the store's back: `undefined` deletes a record. */
async function tamper(objectStore, key, value, database = DATABASE) {
  const db = await requested(indexedDB.open(database));
  const transaction = db.transaction(objectStore, "readwrite");
  const records = transaction.objectStore(objectStore);
  await requested(value === undefined ? records.delete(key) : records.put(value, key));
  db.close();
}

/** Appends many bytes, and tells the lengths of what was delivered instead of the bytes. */
async function appendLarge(length, fill, id = "a") {
  const session = sessions.get(id);
  const bytes = new Uint8Array(length).fill(fill);
  session.version = await session.store.append(session.name, bytes, session.version);
}

/** Takes the lock of a name away from whoever holds it, for as long as the tab lives. */
async function steal(name = "test", database = DATABASE) {
  const lock = `onceward ${JSON.stringify([database, name])}`;
  await new Promise((resolve) => {
    navigator.locks.request(lock, { steal: true }, () => {
      resolve();
      return new Promise(() => {});
    });
  });
}

/** Whether this very tab or worker holds the lock of a name. */
async function holdsLock(name = "test", database = DATABASE) {
  const { held } = await navigator.locks.query();
  const mine = await new Promise((resolve) => {
    navigator.locks.request(`me ${Math.random()}`, async (lock) => {
      const all = (await navigator.locks.query()).held;
      resolve(all.find((other) => other.name === lock.name).clientId);
    });
  });
  const lock = `onceward ${JSON.stringify([database, name])}`;
  return held.some((one) => one.name === lock && one.clientId === mine);
}

async function release(id = "a") {
  const { store, name } = sessions.get(id);
  await store.release(name);
}

async function close(id = "a") {
  await sessions.get(id).store.close();
}

const workers = new Map();

/** This very script, which workers run, too. */
const script = globalThis.document?.currentScript.src;

/** Starts a worker with this same script: dedicated, shared or for service. */
async function startWorker(id = "w", kind = "dedicated") {
  if (kind === "service") {
    await navigator.serviceWorker.register(script);
    const { active } = await navigator.serviceWorker.ready;
    workers.set(id, active);
  } else if (kind === "shared") {
    const { port } = new SharedWorker(script);
    workers.set(id, port);
  } else {
    workers.set(id, new Worker(script));
  }
}

/** Calls a function of this script in a worker. */
async function inWorker(id, method, ...args) {
  const { port1, port2 } = new MessageChannel();
  const { value, error } = await new Promise((resolve) => {
    port1.onmessage = ({ data }) => resolve(data);
    workers.get(id).postMessage({ method, args }, [port2]);
  });
  port1.close();
  if (error !== undefined) {
    throw Object.assign(new Error(error.message), error);
  }
  return value;
}

function endWorker(id = "w") {
  workers.get(id).terminate();
}

/** What tests may call. */
export const methods = {
  ...faults,
  open,
  load,
  listen,
  append,
  replace,
  appendMany,
  startAppending,
  report,
  writeExpecting,
  stored,
  openOwn,
  putAndJoin,
  account,
  deleteDatabase,
  upgrade,
  standInTheWay,
  getOutOfTheWay,
  tamper,
  appendLarge,
  steal,
  holdsLock,
  release,
  close,
  startWorker,
  inWorker,
  endWorker,
};

/** Calls one of the functions above; errors become values, since not all of them survive the way. */
async function call(method, ...args) {
  try {
    return { value: await methods[method](...args) };
  } catch (error) {
    const { name, code, message, cause, stack } = error;
    const because = cause && { name: cause.name, message: cause.message };
    return { error: { name, code, message, because, stack } };
  }
}

globalThis.lab = { call };

/** Answers a call from a page. */
async function answer({ data: { method, args }, ports: [port] }) {
  port.postMessage(await call(method, ...args));
}

if (typeof document === "undefined") {
  // A service worker is not stopped while it waits for its answer.
  globalThis.onmessage = (event) => {
    const answered = answer(event);
    event.waitUntil?.(answered);
  };
  globalThis.onconnect = ({ ports: [port] }) => {
    port.onmessage = answer;
  };
}
