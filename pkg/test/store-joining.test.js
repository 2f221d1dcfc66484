/**
 * Recording in a transaction of the user's own, in a database of the user's own, in real Chromium:
 * what the transaction does and what is recorded happen together, or not at all.
 * @module
 */
import assert from "node:assert/strict";
import test, { after } from "node:test";
import { startChromium, until } from "./helpers/chromium.js";

const chromium = await startChromium(
  { after },
  { lab: new URL("helpers/lab.js", import.meta.url) },
);

/** A tab with the user's own database, and a store in it. */
async function openBank(profile, options = {}) {
  const tab = await profile.open("/lab");
  await tab.call("openOwn", "bank");
  await tab.call("open", { own: "bank", ...options });
  return tab;
}

const stored = (tab) => tab.call("stored", { database: "bank" });

test("what is joined is recorded together with the user's own record", async (t) => {
  const profile = await chromium.profile(t);
  const tab = await openBank(profile);
  await tab.call("append", "one");
  assert.equal(await tab.call("putAndJoin", "bank", 100, ["two"]), "complete");
  assert.equal(await tab.call("account", "bank"), 100);
  assert.equal(await tab.call("append", "three"), "3");
  assert.equal(await tab.call("putAndJoin", "bank", 200, ["four", "five"]), "complete");
  assert.equal(await tab.call("append", "six"), "6");
  const { records, version, term } = await stored(tab);
  assert.deepEqual(
    records.map(({ text, joined }) => [text, joined]),
    [
      ["one", false],
      ["two", true],
      ["three", false],
      ["four", true],
      ["five", true],
      ["six", false],
    ],
  );
  assert.deepEqual([version, term], [6, 1]);
  // The copy that has joined is told as well, so that its next snapshot has it in any case.
  assert.deepEqual((await tab.call("report")).delivered, ["two", "four", "five"]);
  await tab.reload();
  await tab.call("openOwn", "bank");
  const { changes } = await tab.call("open", { own: "bank" });
  assert.deepEqual(changes, ["one", "two", "three", "four", "five", "six"]);
});

test("a transaction that is told to commit at once is recorded all the same", async (t) => {
  const profile = await chromium.profile(t);
  const tab = await openBank(profile);
  await tab.call("putAndJoin", "bank", 100, ["one", "two"], { commit: true });
  assert.equal(await tab.call("account", "bank"), 100);
  const { records } = await stored(tab);
  assert.deepEqual(
    records.map(({ text }) => text),
    ["one", "two"],
  );
  assert.deepEqual(tab.errors, []);
});

test("what is joined to a transaction that is aborted is not recorded", async (t) => {
  const profile = await chromium.profile(t);
  const tab = await openBank(profile);
  await tab.call("append", "one");
  await tab.call("putAndJoin", "bank", 100, ["two"]);
  const before = await stored(tab);
  await assert.rejects(tab.call("putAndJoin", "bank", 200, ["lost"], { abort: true }));
  assert.equal(await tab.call("account", "bank"), 100);
  assert.deepEqual(await stored(tab), before);
  await tab.call("append", "three");
  assert.deepEqual((await tab.call("report")).delivered, ["two"]);
});

test("other tabs are told of it, whoever writes", async (t) => {
  const profile = await chromium.profile(t);
  const writer = await openBank(profile);
  const follower = await openBank(profile);
  assert.equal(await writer.call("holdsLock", "test", "bank"), true);
  await follower.call("putAndJoin", "bank", 1, ["from the follower"]);
  await writer.call("putAndJoin", "bank", 2, ["from the writer"]);
  await writer.call("append", "three");
  await follower.call("append", "four");
  const told = async (tab, expected) => {
    const { delivered } = await until(
      () => tab.call("report"),
      ({ delivered }) => delivered.length === expected.length,
    );
    assert.deepEqual(delivered, expected);
  };
  await told(writer, ["from the follower", "from the writer", "four"]);
  await told(follower, ["from the follower", "from the writer", "three"]);
});

test("while two tabs join and append as fast as they can, nothing is lost or fenced", async (t) => {
  const profile = await chromium.profile(t);
  const tabs = [await openBank(profile), await openBank(profile)];
  const joins = 40;
  const work = async (tab, index) => {
    await tab.call("startAppending", `append ${index} `, 60, { replaceEach: 20 });
    for (let count = 0; count < joins; count += 1) {
      await tab.call("putAndJoin", "bank", count, [`join ${index} ${count}`]);
    }
    return await until(
      () => tab.call("report"),
      ({ isRunning }) => !isRunning,
    );
  };
  const reports = await Promise.all(tabs.map(work));
  const all = [0, 1].flatMap((index) => [
    ...Array.from({ length: 60 }, (_, count) => `append ${index} ${count}`),
    ...Array.from({ length: joins }, (_, count) => `join ${index} ${count}`),
  ]);
  for (const [index, { failures, confirmed }] of reports.entries()) {
    assert.deepEqual(failures, []);
    assert.equal(confirmed.length, 60);
    const known = await until(
      async () => new Set((await tabs[index].call("report")).known),
      (texts) => texts.size === all.length,
    );
    assert.deepEqual(
      all.filter((text) => !known.has(text)),
      [],
    );
  }
  const { records } = await stored(tabs[0]);
  const found = new Set(
    records.flatMap(({ text }) => (text.startsWith("[") ? JSON.parse(text) : [text])),
  );
  assert.deepEqual(
    all.filter((text) => !found.has(text)),
    [],
  );
});

test("a transaction that does not fit is refused, and nothing is put into it", async (t) => {
  const profile = await chromium.profile(t);
  const tab = await openBank(profile);
  await tab.call("append", "one");
  const before = await stored(tab);
  const refused = async (code, ...args) => {
    await assert.rejects(tab.call("putAndJoin", ...args), { code });
    assert.deepEqual(await stored(tab), before);
  };
  await refused("invalid_option", "bank", 1, ["two"], { stores: ["accounts"] });
  await refused("invalid_option", "bank", 1, ["two"], { stores: ["accounts", "onceward-data"] });
  await tab.call("openOwn", "other");
  await refused("invalid_option", "other", 1, ["two"]);
  await tab.call("release");
  await refused("fenced", "bank", 1, ["two"]);
});

test("a writer that was replaced cannot join, and the user's own transaction is aborted", async (t) => {
  const profile = await chromium.profile(t);
  const tab = await openBank(profile, { share: false });
  await tab.call("append", "one");
  await tab.call("putAndJoin", "bank", 100, ["two"]);
  // As when someone without locks has loaded: the term is another one, and nobody was told.
  const meta = await stored(tab);
  const { records: _, ...raised } = { ...meta, term: meta.term + 1 };
  await tab.call("tamper", "onceward-meta", "test", raised, "bank");
  await assert.rejects(tab.call("putAndJoin", "bank", 200, ["lost"]));
  assert.equal(await tab.call("account", "bank"), 100);
  await tab.call("tamper", "onceward-meta", "test", undefined, "bank");
  await assert.rejects(tab.call("putAndJoin", "bank", 300, ["lost"]));
  assert.equal(await tab.call("account", "bank"), 100);
  assert.deepEqual(
    (await stored(tab)).records.map(({ text }) => text),
    ["one", "two"],
  );
});

test("a database without the object stores is refused", async (t) => {
  const profile = await chromium.profile(t);
  const tab = await profile.open("/lab");
  await tab.call("openOwn", "shop", { withStores: false });
  await assert.rejects(tab.call("open", { own: "shop" }), { code: "invalid_option" });
});

test("a connection of the user's own that is lost is replaced; a database that is gone is not", async (t) => {
  const profile = await chromium.profile(t);
  const tab = await openBank(profile);
  await tab.call("append", "one");
  await profile.forceCloseDatabases();
  assert.equal(await tab.call("append", "two"), "2");
  assert.equal(await tab.call("append", "three"), "3");
  await tab.call("close");
  assert.equal(await tab.call("deleteDatabase", "bank"), "deleted");
  await assert.rejects(tab.call("load"), { code: "store" });
  const names = await tab.evaluate(async () => {
    const databases = await indexedDB.databases();
    return databases.map(({ name }) => name);
  });
  assert.ok(!names.includes("bank"), `${names}`);
});
