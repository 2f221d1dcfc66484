/**
 * What runs in the browser for the tests of gates in IndexedDB: one gate, with a clock that stands
 * where the test puts it, driven through `globalThis.lab`, beside what lab.js has.
 * @module
 */
import { Gate } from "onceward";
import { createObjectStores, indexedDb } from "onceward/indexeddb";
import { methods } from "./lab.js";

/** The gate of this page, and what it told. */
let gate;
let now = 0;
let merges = [];
let onMerge = () => {};
const claims = new Map();

/** A database of the page's own, with orders in it, and the stage that joins its transactions. */
let db;
let store;
let stage;

/** Opens the gate, in the page's own database if that is open, and returns what it recovered. */
async function gateOpen(at, options = {}) {
  now = at;
  merges = [];
  store = indexedDb({ database: db });
  gate = await Gate.open({
    ...options,
    clock: () => now,
    store,
    onMerge: (report) => {
      merges.push(report);
      onMerge();
    },
  });
  return gate.recovery;
}

/** Tells the test something, by a binding that does not answer. */
function tell(...message) {
  globalThis.tell(JSON.stringify(message));
}

function setNow(at) {
  now = at;
}

const flush = () => gate.flush();
const check = (event) => gate.check(event);
const checkAll = (events) => [...gate.checkAll(events)];
const inspectAll = (events) => events.map((event) => gate.inspect(event).verdict);
const mergesSoFar = () => merges;

/** Resolves when the gate knows of an event, by what other copies tell it. */
async function known(event) {
  while (gate.inspect(event).verdict === "fresh") {
    await new Promise((resolve) => {
      onMerge = resolve;
    });
  }
}

/** Claims an event, and keeps the claim; tells what came of it. */
function claim(event, options) {
  const taken = gate.claim(event, options);
  const { verdict, attempt, takeover, retryAfter, result } = taken;
  if (verdict === "fresh") {
    claims.set(event.id, taken);
  }
  return { verdict, attempt, takeover, retryAfter, result };
}

function commit(event, result) {
  return claims.get(event.id).commit(result);
}

/** Acts on an event, unless someone else does; the effect's value tells of its claim. */
function once(event) {
  return gate.once(event, ({ attempt, takeover }) => ({ id: event.id, attempt, takeover }), {
    onPending: "refuse",
  });
}

/** The whole state, as a digest, and its length. */
async function digest() {
  const bytes = gate.snapshot();
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return `${bytes.length} ${hash.join(" ")}`;
}

/** Offers events in batches, each of which is flushed; returns those that were accepted. */
async function feed(events, size) {
  const accepted = [];
  for (let start = 0; start < events.length; start += size) {
    const batch = events.slice(start, start + size);
    const verdicts = gate.checkAll(batch);
    await gate.flush();
    accepted.push(...batch.filter((_, index) => verdicts[index] === "fresh"));
  }
  return accepted.map(({ number }) => number);
}

/**
 * Acts on an event as `once` does or, after the flush, as `check` says. The test is told so, as well
 * as when the store has confirmed it: what was told is told, even if the tab dies right afterwards.
 */
async function workOn(scope, id) {
  const acted = () => tell("acted", scope, id);
  tell("offered", scope, id);
  if (scope === "once") {
    const { status, unconfirmed } = await gate.once({ scope, id }, acted, { onPending: "refuse" });
    if (status === "refused" || unconfirmed) {
      return;
    }
  } else {
    const verdict = gate.check({ scope, id });
    await gate.flush();
    if (verdict === "fresh") {
      acted();
    }
  }
  tell("acknowledged", scope, id);
}

/** Acts on some events again and then on new ones, one after the other, while the test goes on. */
function work(scope, again, count, prefix) {
  const working = async () => {
    for (const id of again) {
      await workOn(scope, id);
    }
    for (let number = 0; number < count; number += 1) {
      await workOn(scope, `${prefix} ${number}`);
    }
  };
  working().then(
    () => tell("finished", scope),
    (error) => tell("failed", `${error.code} ${error.message}`),
  );
}

function requested(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

/** Opens the page's own database. */
async function openShop() {
  const request = indexedDB.open("shop", 1);
  request.onupgradeneeded = () => {
    request.result.createObjectStore("orders", { keyPath: "id" });
    createObjectStores(request.result);
  };
  db = await requested(request);
}

const orders = () => requested(db.transaction("orders").objectStore("orders").getAllKeys());

/** Makes a request after the other, so that the transaction does not end by itself. */
function keepAlive(transaction) {
  const request = transaction.objectStore("orders").count();
  request.onsuccess = () => {
    tell("alive");
    keepAlive(transaction);
  };
}

/**
 * Puts an order and joins its event, in one transaction, of which it tells how it ended; then keeps
 * or drops the stage as asked for.
 */
async function order(event, { abort = false, alive = false, end = true } = {}) {
  stage = gate.stage([event]);
  const [verdict] = stage.verdicts;
  const transaction = db.transaction(["orders", "onceward-meta", "onceward-data"], "readwrite");
  const ended = new Promise((resolve) => {
    transaction.oncomplete = () => resolve("complete");
    transaction.onabort = () => resolve("abort");
  });
  transaction.objectStore("orders").put({ id: event.id });
  store.join(transaction, "default", stage.changes);
  if (alive) {
    keepAlive(transaction);
  } else if (abort) {
    // Not before it is written that the event was acted on.
    transaction.objectStore("onceward-meta").get("default").onsuccess = () => transaction.abort();
  }
  const how = await ended;
  if (end) {
    how === "complete" ? stage.keep() : stage.drop();
  }
  return { verdict, how };
}

/** Records keys in batches, of which each is flushed. */
async function fill(prefix, count, size) {
  for (let start = 0; start < count; start += size) {
    gate.checkIds(Array.from({ length: size }, (_, index) => `${prefix} ${start + index}`));
    await gate.flush();
  }
}

const recovery = () => gate.recovery;

/** Does something, and counts how often other tasks and animation frames have their turn. */
async function watched(method, ...args) {
  let tasks = 0;
  let frames = 0;
  let longest = 0;
  let last = performance.now();
  let isOver = false;
  const { port1, port2 } = new MessageChannel();
  port1.onmessage = () => {
    const time = performance.now();
    longest = Math.max(longest, time - last);
    last = time;
    tasks += 1;
    isOver ? port1.close() : port2.postMessage(undefined);
  };
  port2.postMessage(undefined);
  const frame = () => {
    frames += 1;
    isOver || requestAnimationFrame(frame);
  };
  requestAnimationFrame(frame);
  const started = last;
  await methods[method](...args);
  isOver = true;
  longest = Math.max(longest, performance.now() - last);
  return { tasks, frames, longest, all: performance.now() - started };
}

const effects = [];

/** Has a service worker answer this page's requests, and notes the effects of it. */
async function serveBy(script) {
  new BroadcastChannel("effects").onmessage = ({ data }) => effects.push(data);
  const controlled = new Promise((resolve) => {
    navigator.serviceWorker.oncontrollerchange = resolve;
  });
  await navigator.serviceWorker.register(script);
  await controlled;
}

const effectsSoFar = () => effects;

/** Asks the service worker. */
async function ask(body) {
  const response = await fetch("/gate", { method: "POST", body: JSON.stringify(body) });
  return await response.json();
}

Object.assign(methods, {
  gateOpen,
  setNow,
  flush,
  check,
  checkAll,
  inspectAll,
  mergesSoFar,
  known,
  claim,
  commit,
  once,
  digest,
  feed,
  work,
  openShop,
  orders,
  order,
  fill,
  recovery,
  watched,
  serveBy,
  effectsSoFar,
  ask,
});
