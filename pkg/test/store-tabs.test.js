/**
 * The store in IndexedDB, shared by tabs and workers of real Chromium: one writes for all, and when
 * it is gone another one does. Nothing that was confirmed is lost, and all see the same order.
 * @module
 */
import assert from "node:assert/strict";
import test, { after } from "node:test";
import { startChromium, until } from "./helpers/chromium.js";

const chromium = await startChromium(
  { after },
  { lab: new URL("helpers/lab.js", import.meta.url) },
);

/** Tabs of one profile, each with a store that is open; the first is the writer. */
async function openTabs(profile, count, options = {}) {
  const tabs = [];
  for (let index = 0; index < count; index += 1) {
    const tab = await profile.open("/lab");
    await tab.call("open", options);
    tabs.push(tab);
  }
  return tabs;
}

/** The texts of the records, in the order of writing. */
const textsIn = ({ records }) => records.map(({ text }) => text);

/** Waits until a tab has written all it was told to. */
function finished(tab, ms) {
  return until(
    () => tab.call("report"),
    ({ isRunning }) => !isRunning,
    ms,
  );
}

/**
 * Checks what a tab has seen against the order in the database: it was told of all that others wrote
 * since it had loaded, in that order and each once, and before its own writes that came later.
 */
async function checkOrder(tab, texts, loaded) {
  const mine = new Set((await tab.call("report")).confirmed.map(({ text }) => text));
  const expected = texts.filter((text, index) => index >= loaded && !mine.has(text));
  const { delivered, confirmed } = await until(
    () => tab.call("report"),
    (report) => report.delivered.length >= expected.length,
  );
  assert.deepEqual(delivered, expected);
  const others = (end) => texts.slice(loaded, end).filter((text) => !mine.has(text)).length;
  let last = -1;
  for (const { text, version, deliveredBefore } of confirmed) {
    const place = texts.indexOf(text);
    assert.ok(place > last, `${text} is in its order`);
    assert.ok(deliveredBefore >= others(place), `${text} came before what was written before it`);
    assert.equal(Number(version), place + 1);
    last = place;
  }
}

/** Checks that each text was written once. */
function checkOnce(texts, expected) {
  assert.equal(new Set(texts).size, texts.length, "none is written twice");
  assert.deepEqual([...texts].sort(), [...expected].sort());
}

const numbered = (prefix, count) =>
  Array.from({ length: count }, (_, index) => `${prefix}${index}`);

for (const [count, writes] of [
  [2, 150],
  [4, 75],
]) {
  test(`${count} tabs that append ${writes} times each see the same order`, async (t) => {
    const profile = await chromium.profile(t);
    const tabs = await openTabs(profile, count);
    const leads = await Promise.all(tabs.map((tab) => tab.call("holdsLock")));
    assert.deepEqual(
      leads,
      tabs.map((_, index) => index === 0),
    );
    await Promise.all(tabs.map((tab, index) => tab.call("startAppending", `${index} `, writes)));
    for (const tab of tabs) {
      assert.deepEqual((await finished(tab)).failures, []);
    }
    const { term, ...stored } = await tabs[0].call("stored");
    assert.equal(term, 1);
    const texts = textsIn(stored);
    checkOnce(
      texts,
      tabs.flatMap((_, index) => numbered(`${index} `, writes)),
    );
    for (const tab of tabs) {
      await checkOrder(tab, texts, 0);
    }
  });
}

test("pages and workers of every kind share what they write", async (t) => {
  const profile = await chromium.profile(t);
  const tabs = await openTabs(profile, 2);
  const [tab] = tabs;
  const workers = [];
  for (const kind of ["dedicated", "shared", "service"]) {
    await tab.call("startWorker", kind, kind);
    const worker = { call: (...args) => tab.call("inWorker", kind, ...args) };
    await worker.call("open");
    workers.push(worker);
  }
  const writers = [...tabs, ...workers];
  await Promise.all(writers.map((one, index) => one.call("startAppending", `${index} `, 40)));
  for (const writer of writers) {
    assert.deepEqual((await finished(writer)).failures, []);
  }
  const texts = textsIn(await tab.call("stored"));
  checkOnce(
    texts,
    writers.flatMap((_, index) => numbered(`${index} `, 40)),
  );
  for (const writer of writers) {
    await checkOrder(writer, texts, 0);
  }
});

test("a service worker that is stopped while it is the writer gives way to a page", async (t) => {
  const profile = await chromium.profile(t);
  const tab = await profile.open("/lab");
  await tab.call("startWorker", "sw", "service");
  const inService = (...args) => tab.call("inWorker", "sw", ...args);
  const services = await profile.watchServiceWorkers(tab);
  for (let round = 0; round < 3; round += 1) {
    // A worker that was stopped has forgotten everything, and is started by the call.
    await inService("open");
    assert.equal(await inService("holdsLock"), true);
    await inService("append", `worker ${round}`);
    await tab.call("open");
    assert.equal(await tab.call("holdsLock"), false);
    await tab.call("append", `follower ${round}`);
    if (round === 0) {
      await profile.stopServiceWorkers(tab);
    } else {
      const [running] = await until(services.running, ({ length }) => length > 0);
      await services.stop(running);
    }
    await tab.call("append", `writer ${round}`);
    assert.equal(await tab.call("holdsLock"), true);
    await tab.call("release");
  }
  assert.deepEqual(
    textsIn(await tab.call("stored")),
    [0, 1, 2].flatMap((round) => ["worker", "follower", "writer"].map((who) => `${who} ${round}`)),
  );
});

for (const end of ["crash", "close"]) {
  test(`when writers ${end} one after the other, another one takes over each time`, async (t) => {
    const profile = await chromium.profile(t);
    const tabs = await openTabs(profile, 4);
    const writes = 150;
    await Promise.all(tabs.map((tab, index) => tab.call("startAppending", `${index} `, writes)));
    const confirmed = [];
    let left = tabs;
    for (const atLeast of [10, 25, 40]) {
      const held = await until(
        () => Promise.all(left.map((tab) => tab.call("holdsLock"))),
        (all) => all.includes(true),
      );
      const writer = left[held.indexOf(true)];
      const report = await until(
        () => writer.call("report"),
        (one) => one.confirmed.length >= atLeast,
      );
      confirmed.push(...report.confirmed.map(({ text }) => text));
      await writer[end]();
      left = left.filter((tab) => tab !== writer);
    }
    const [last] = left;
    const { failures } = await finished(last);
    assert.deepEqual(failures, []);
    const stored = await last.call("stored");
    // Each took the lock, though one may have ended before it had written anything as the writer.
    assert.ok(stored.term >= 2 && stored.term <= 4, `${stored.term}`);
    const texts = textsIn(stored);
    assert.equal(new Set(texts).size, texts.length, "none is written twice");
    for (const text of confirmed) {
      assert.ok(texts.includes(text), `${text} was confirmed`);
    }
    await checkOrder(last, texts, 0);
    assert.equal((await last.call("report")).confirmed.length, writes);
  });
}

test("followers do not notice that their writer crashes while they write", async (t) => {
  const profile = await chromium.profile(t);
  for (let round = 0; round < 5; round += 1) {
    const name = `round ${round}`;
    const tabs = await openTabs(profile, 3, { name });
    const [writer, ...followers] = tabs;
    await Promise.all(
      tabs.map((tab, index) => tab.call("startAppending", `${index} `, 60, { replaceEach: 17 })),
    );
    await until(
      () => followers[0].call("report"),
      ({ confirmed }) => confirmed.length > 5 * round,
    );
    await writer.crash();
    const reports = await Promise.all(followers.map((tab) => finished(tab)));
    const { records } = await followers[0].call("stored", { name });
    const found = new Set(
      records.flatMap(({ text }) => (text.startsWith("[") ? JSON.parse(text) : [text])),
    );
    for (const [index, { confirmed, failures }] of reports.entries()) {
      assert.deepEqual(failures, []);
      assert.equal(confirmed.length, 60);
      for (const text of numbered(`${index + 1} `, 60)) {
        assert.ok(found.has(text), text);
      }
      const { known } = await until(
        () => followers[index].call("report"),
        (report) => report.known.length >= found.size,
      );
      assert.deepEqual(new Set(known), found);
    }
    await Promise.all(tabs.map((tab) => tab.close()));
  }
});

test("a tab that opens while others write has all of it, once", async (t) => {
  const profile = await chromium.profile(t);
  const tabs = await openTabs(profile, 2);
  await Promise.all(tabs.map((tab, index) => tab.call("startAppending", `${index} `, 150)));
  const late = await profile.open("/lab");
  await late.call("open", { listens: false });
  const { known } = await late.call("report");
  await Promise.all(tabs.map((tab) => finished(tab)));
  // What came between loading and listening has waited.
  await late.call("listen");
  const texts = textsIn(await late.call("stored"));
  assert.equal(texts.length, 300);
  await checkOrder(late, texts, known.length);
});

test("a snapshot of any tab takes the place of what it has, and of nothing else", async (t) => {
  const profile = await chromium.profile(t);
  const tabs = await openTabs(profile, 3);
  await Promise.all(
    tabs.map((tab, index) =>
      tab.call("startAppending", `${index} `, 60, { replaceEach: 7 + index }),
    ),
  );
  const all = [0, 1, 2].flatMap((index) => numbered(`${index} `, 60));
  for (const tab of tabs) {
    assert.deepEqual((await finished(tab)).failures, []);
  }
  for (const tab of tabs) {
    const { known } = await until(
      () => tab.call("report"),
      (report) => report.known.length >= all.length,
    );
    assert.deepEqual([...known].sort(), [...all].sort());
  }
  const { records } = await tabs[0].call("stored");
  assert.ok(records.length < 60, `${records.length} records are left of 180`);
  const [tab] = tabs;
  await tab.call("load");
  assert.deepEqual((await tab.call("report")).known.sort(), [...all].sort());
});

test("large changes reach the writer and the others", async (t) => {
  const profile = await chromium.profile(t);
  const tabs = await openTabs(profile, 2);
  await tabs[1].call("appendLarge", 8_000_000, 65);
  await tabs[0].call("appendLarge", 8_000_000, 66);
  for (const [index, letter] of ["A", "B"].entries()) {
    const { delivered } = await until(
      () => tabs[index].call("report"),
      (report) => report.delivered.length === 1,
    );
    assert.equal(delivered[0].length, 8_000_000);
    assert.equal(delivered[0].replaceAll(letter, ""), "");
  }
});
