/**
 * The store in IndexedDB, in one page or worker of real Chromium: the contract of a store, its
 * options, and joining other transactions. What several tabs do together is in store-tabs.test.js.
 * @module
 */
import assert from "node:assert/strict";
import test, { after } from "node:test";
import { OncewardError } from "onceward";
import { indexedDb } from "onceward/indexeddb";
import { startChromium, until } from "./helpers/chromium.js";

const chromium = await startChromium(
  { after },
  { lab: new URL("helpers/lab-contract.js", import.meta.url) },
);

/** A tab of a profile of its own. */
async function openTab(t, path = "/lab") {
  const profile = await chromium.profile(t);
  return await profile.open(path);
}

for (const share of [true, false]) {
  for (const where of ["page", "worker"]) {
    test(`in a ${where} with share ${share} it fulfils the contract of a store`, async (t) => {
      const tab = await openTab(t);
      if (where === "worker") {
        await tab.call("startWorker", "w");
      }
      const call = (...args) =>
        where === "worker" ? tab.call("inWorker", "w", ...args) : tab.call(...args);
      const results = await call("contract", { share }, "contract");
      for (const { name, error } of results) {
        await t.test(name, () => assert.equal(error, undefined));
      }
      assert.ok(results.length >= 19, `${results.length} rules`);
      assert.deepEqual(tab.errors, []);
    });
  }
}

/** Asserts that a call rejects with that code; returns the error. */
async function refuses(code, promise) {
  let thrown;
  await assert.rejects(promise, (error) => {
    thrown = error;
    assert.equal(error.code, code, `${error.message}\n${error.stack}`);
    return true;
  });
  return thrown;
}

/** The texts of the records that are stored. */
const textsOf = ({ records }) => records.map(({ text }) => text);

test("where there is no IndexedDB, loading is an error", async () => {
  const store = indexedDb();
  const error = await refuses("store", store.load("test"));
  assert.ok(error instanceof OncewardError);
  await refuses("fenced", store.append("test", new Uint8Array(1), 0n));
  await store.release("test");
  await store.close();
});

test("options that are unknown or out of range are refused", async (t) => {
  const tab = await openTab(t);
  for (const options of [
    { wait: 0 },
    { wait: -1 },
    { wait: 1.5 },
    { wait: 2 ** 31 },
    { wait: "1s" },
    { durability: "default" },
    { share: 1 },
    { database: 5 },
    { database: {} },
    { shared: true },
  ]) {
    await refuses("invalid_option", tab.call("open", options));
  }
});

test("records lie in the two object stores, and a snapshot takes the place of those before", async (t) => {
  const tab = await openTab(t);
  assert.equal(await tab.call("open"), undefined);
  assert.equal(await tab.call("append", "one"), "1");
  assert.equal(await tab.call("append", "two"), "2");
  const { life, ...before } = await tab.call("stored");
  assert.match(life, /^[0-9a-f]{32}$/);
  const record = (number, text) => ({ number, text, joined: false });
  assert.deepEqual(before, {
    term: 1,
    version: 2,
    base: 0,
    records: [record(1, "one"), record(2, "two")],
  });
  assert.equal(await tab.call("replace", "all"), "3");
  assert.equal(await tab.call("append", "four"), "4");
  await tab.reload();
  assert.deepEqual(await tab.call("open"), { snapshot: "all", changes: ["four"], version: "4" });
  assert.deepEqual(await tab.call("stored"), {
    life,
    term: 2,
    version: 4,
    base: 3,
    records: [record(3, "all"), record(4, "four")],
  });
});

test("writes are as durable as was asked for", async (t) => {
  for (const [options, durability] of [
    [{}, "strict"],
    [{ durability: "strict" }, "strict"],
    [{ durability: "relaxed" }, "relaxed"],
  ]) {
    const tab = await openTab(t);
    await tab.call("watchDurability");
    await tab.call("open", options);
    await tab.call("append", "text");
    await tab.call("replace", "text");
    const expected = `readwrite ${durability}`;
    assert.deepEqual(await tab.call("durabilities"), [expected, expected, expected]);
  }
});

test("where there are no locks, whoever loads last is the writer", async (t) => {
  const profile = await chromium.profile(t);
  await profile.context.addInitScript(() => {
    Object.defineProperty(Navigator.prototype, "locks", { value: undefined });
  });
  const [one, other] = [await profile.open("/lab"), await profile.open("/lab")];
  await one.call("open");
  await one.call("append", "one");
  await other.call("open");
  await refuses("fenced", one.call("append", "lost"));
  await refuses("fenced", one.call("replace", "lost"));
  await other.call("append", "other");
  assert.deepEqual(textsOf(await other.call("stored")), ["one", "other"]);
  assert.deepEqual((await one.call("load")).changes, ["one", "other"]);
  await one.call("append", "again");
  await refuses("fenced", other.call("append", "lost"));
  assert.deepEqual(textsOf(await one.call("stored")), ["one", "other", "again"]);
});

test("a write that was not loaded for is fenced, and one after release too", async (t) => {
  const tab = await openTab(t);
  await tab.call("open");
  await tab.call("append", "one");
  await tab.call("release");
  await refuses("fenced", tab.call("append", "two"));
  await tab.call("load");
  await tab.call("append", "two");
  await tab.call("close");
  await refuses("fenced", tab.call("append", "three"));
  assert.deepEqual(textsOf(await tab.call("stored")), ["one", "two"]);
});

test("a connection that is found dead is replaced, once", async (t) => {
  const tab = await openTab(t);
  await tab.call("open");
  for (const name of ["InvalidStateError", "UnknownError"]) {
    await tab.call("failTransactions", 1, name);
    await tab.call("append", name);
    await tab.call("failTransactions", 2, name);
    const error = await refuses("store", tab.call("append", "lost"));
    assert.equal(error.because.name, name);
    await tab.call("append", `${name} again`);
  }
  assert.deepEqual(textsOf(await tab.call("stored")), [
    "InvalidStateError",
    "InvalidStateError again",
    "UnknownError",
    "UnknownError again",
  ]);
});

test("a transaction that is cut off is run again, and never counts twice", async (t) => {
  const tab = await openTab(t);
  await tab.call("loseTransactions", 1);
  assert.equal(await tab.call("open"), undefined);
  await tab.call("loseTransactions", 1, { afterwards: true });
  assert.equal(await tab.call("load"), undefined);
  await tab.call("append", "one");
  await tab.call("loseTransactions", 1);
  assert.equal(await tab.call("append", "two"), "2");
  // It was complete, but nobody said so.
  await tab.call("loseTransactions", 1, { afterwards: true });
  assert.equal(await tab.call("append", "three"), "3");
  await tab.call("loseTransactions", 2);
  await refuses("store", tab.call("append", "lost"));
  await tab.call("loseTransactions", 2, { afterwards: true });
  await refuses("store", tab.call("append", "four"));
  assert.equal(await tab.call("append", "four again"), "5");
  assert.equal(await tab.call("append", "six"), "6");
  assert.deepEqual(textsOf(await tab.call("stored")), [
    "one",
    "two",
    "three",
    "four",
    "four again",
    "six",
  ]);
});

test("when the browser closes its connections, writing goes on", async (t) => {
  const profile = await chromium.profile(t);
  const tab = await profile.open("/lab");
  await tab.call("open");
  await tab.call("append", "before");
  await profile.forceCloseDatabases();
  await tab.call("append", "after");
  await tab.call("startAppending", "during ", 300);
  for (let times = 0; times < 5; times += 1) {
    await profile.forceCloseDatabases();
  }
  const { confirmed } = await until(
    () => tab.call("report"),
    ({ isRunning }) => !isRunning,
  );
  const texts = textsOf(await tab.call("stored"));
  assert.deepEqual(
    confirmed.map(({ text }) => text),
    ["before", "after", ...Array.from({ length: 300 }, (_, index) => `during ${index}`)],
  );
  for (const { text } of confirmed) {
    assert.ok(texts.includes(text), text);
  }
});

test("another tab may upgrade the database: what is newer is not touched", async (t) => {
  const profile = await chromium.profile(t);
  const [tab, newer] = [await profile.open("/lab"), await profile.open("/lab")];
  await tab.call("open");
  await tab.call("append", "one");
  await newer.call("upgrade", 2);
  await refuses("unsupported_version", tab.call("append", "two"));
  await tab.reload();
  await refuses("unsupported_version", tab.call("open"));
  assert.deepEqual(textsOf(await newer.call("stored")), ["one"]);
});

test("another tab may delete the database: then the writer is fenced until it loads again", async (t) => {
  const profile = await chromium.profile(t);
  const [tab, other] = [await profile.open("/lab"), await profile.open("/lab")];
  await tab.call("open");
  await tab.call("append", "one");
  assert.equal(await other.call("deleteDatabase"), "deleted");
  await refuses("fenced", tab.call("append", "two"));
  await refuses("fenced", tab.call("append", "two"));
  assert.equal(await tab.call("load"), undefined);
  await tab.call("append", "three");
  // Also where someone has filled it again up to the same version.
  assert.equal(await other.call("deleteDatabase"), "deleted");
  await other.call("open", { id: "b" });
  await other.call("close", "b");
  await refuses("fenced", tab.call("append", "four"));
});

test("a database that does not open in time is an error, and opens later", async (t) => {
  const profile = await chromium.profile(t);
  const [tab, other] = [await profile.open("/lab"), await profile.open("/lab")];
  await other.call("open", { id: "b" });
  await other.call("append", "one", "b");
  await other.call("close", "b");
  await other.call("standInTheWay");
  assert.equal(await other.call("deleteDatabase"), "blocked");
  await refuses("store", tab.call("open", { wait: 300 }));
  await other.call("getOutOfTheWay");
  assert.equal(await tab.call("open", { wait: 20_000 }), undefined);
  await tab.call("append", "two");
});

test("when the quota is used up, the state before stays, and a later write succeeds", async (t) => {
  const profile = await chromium.profile(t);
  const tab = await profile.open("/lab");
  // Before the first write: the browser does not ask for the limit each time.
  await profile.limitStorage(tab, 1_000_000);
  await tab.call("open");
  await tab.call("append", "one");
  const { term, version } = await tab.call("stored");
  const error = await refuses("store", tab.call("appendLarge", 5_000_000, 1));
  assert.equal(error.because.name, "QuotaExceededError");
  const after = await tab.call("stored");
  assert.deepEqual([after.term, after.version, textsOf(after)], [term, version, ["one"]]);
  await profile.limitStorage(tab);
  await tab.call("appendLarge", 5_000_000, 1);
  assert.equal(await tab.call("append", "three"), "3");
});

test("what cannot be read is corrupt, and stays as it is", async (t) => {
  const tab = await openTab(t);
  await tab.call("open");
  for (const text of ["one", "two", "three"]) {
    await tab.call("append", text);
  }
  await tab.call("close");
  const bytes = null;
  for (const [objectStore, key, value] of [
    ["onceward-data", ["test", 2], { origin: "o", id: 1, bytes: "text" }],
    ["onceward-data", ["test", 2], { origin: 7, id: 1, bytes }],
    ["onceward-data", ["test", 2], 5],
    ["onceward-data", ["test", 2], undefined],
    ["onceward-data", ["test", 7], { origin: "o", id: 1, bytes }],
    ["onceward-meta", "test", { life: "l", term: 1, version: 2, base: 3 }],
    ["onceward-meta", "test", { life: "l", term: -1, version: 3, base: 0 }],
    ["onceward-meta", "test", "text"],
  ]) {
    await tab.call("tamper", objectStore, key, value);
    await refuses("corrupt", tab.call("load"));
  }
  assert.equal(await tab.call("open", { name: "other" }), undefined);
});
