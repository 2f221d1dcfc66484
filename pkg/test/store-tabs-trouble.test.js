/**
 * The store in IndexedDB when tabs stand in each other's way: locks that are taken or kept, writers
 * that do not answer, databases that are deleted, pages that are put aside, and browsers that die.
 * @module
 */
import assert from "node:assert/strict";
import test, { after } from "node:test";
import { startChromium, until } from "./helpers/chromium.js";

const chromium = await startChromium(
  { after },
  { lab: new URL("helpers/lab.js", import.meta.url) },
);

const textsIn = ({ records }) => records.map(({ text }) => text);

/** Waits until a tab was told of those texts, in that order. */
async function told(tab, expected) {
  const { delivered } = await until(
    () => tab.call("report"),
    (report) => report.delivered.length >= expected.length,
  );
  assert.deepEqual(delivered, expected);
}

async function openTwo(t, options = {}) {
  const profile = await chromium.profile(t);
  const tabs = [await profile.open("/lab"), await profile.open("/lab")];
  for (const tab of tabs) {
    await tab.call("open", options);
  }
  return { profile, tabs };
}

test("a writer whose lock is stolen is fenced until it loads again", async (t) => {
  const { tabs, profile } = await openTwo(t);
  const [writer, follower] = tabs;
  await writer.call("append", "one");
  const thief = await profile.open("/lab");
  await thief.call("steal");
  // Until it hears of that nobody else can have written, and it may go on.
  const isFenced = () =>
    writer.call("append", "still").then(
      () => false,
      ({ code }) => code === "fenced",
    );
  await until(isFenced);
  const before = textsIn(await writer.call("stored"));
  await assert.rejects(writer.call("append", "lost"), { code: "fenced" });
  await assert.rejects(writer.call("replace", "lost"), { code: "fenced" });
  await thief.close();
  await follower.call("append", "two");
  assert.equal(await follower.call("holdsLock"), true);
  await assert.rejects(writer.call("append", "lost"), { code: "fenced" });
  assert.deepEqual((await writer.call("load")).changes, [...before, "two"]);
  await writer.call("append", "three");
  assert.deepEqual(textsIn(await writer.call("stored")), [...before, "two", "three"]);
});

test("a writer that someone without locks has replaced is fenced by the term", async (t) => {
  const { tabs, profile } = await openTwo(t);
  const [writer, follower] = tabs;
  await writer.call("append", "one");
  const context = profile.context;
  await context.addInitScript(() => {
    Object.defineProperty(Navigator.prototype, "locks", { value: undefined });
  });
  const other = await profile.open("/lab");
  await other.call("open");
  await other.call("append", "two");
  await assert.rejects(writer.call("append", "lost"), { code: "fenced" });
  // The follower gets the lock then, and so the term.
  await follower.call("append", "three");
  await assert.rejects(other.call("append", "lost"), { code: "fenced" });
  assert.deepEqual(textsIn(await follower.call("stored")), ["one", "two", "three"]);
  await told(follower, ["one", "two"]);
});

test("a follower whose writer does not answer is told so in time, and may try again", async (t) => {
  const profile = await chromium.profile(t);
  const [mute, tab] = [await profile.open("/lab"), await profile.open("/lab")];
  await mute.call("steal");
  assert.equal(await tab.call("open", { wait: 500 }), undefined);
  const started = Date.now();
  await assert.rejects(tab.call("append", "one"), { code: "store" });
  const ms = Date.now() - started;
  assert.ok(ms >= 450 && ms < 5000, `${ms} ms`);
  await assert.rejects(tab.call("append", "one"), { code: "store" });
  await mute.close();
  await until(() => tab.call("holdsLock"));
  assert.equal(await tab.call("append", "one"), "1");
  assert.deepEqual(textsIn(await tab.call("stored")), ["one"]);
});

test("what is not shared waits for the lock, and gets it when its holder is gone", async (t) => {
  const profile = await chromium.profile(t);
  const [one, other] = [await profile.open("/lab"), await profile.open("/lab")];
  await one.call("open", { share: false });
  await one.call("append", "one");
  await assert.rejects(other.call("open", { share: false, wait: 300 }), { code: "store" });
  const opening = other.call("open", { share: false, wait: 20_000 });
  await one.call("append", "two");
  await one.crash();
  assert.deepEqual((await opening).changes, ["one", "two"]);
  await other.call("append", "three");
  // Also when it is released, and by a store that is closed while it waits.
  const third = await profile.open("/lab");
  const waiting = third.call("open", { share: false, wait: 20_000 });
  await other.call("release");
  assert.equal((await waiting).version, "3");
  const never = assert.rejects(other.call("load"), { code: "closed" });
  await other.call("close");
  await never;
  await third.call("append", "four");
});

test("when the quota is used up, a follower is told why, and nothing is changed", async (t) => {
  const profile = await chromium.profile(t);
  const [writer, follower] = [await profile.open("/lab"), await profile.open("/lab")];
  await profile.limitStorage(writer, 1_000_000);
  await writer.call("open");
  await follower.call("open");
  await follower.call("append", "one");
  const before = await follower.call("stored");
  await assert.rejects(follower.call("appendLarge", 5_000_000, 1), (error) => {
    assert.deepEqual([error.code, error.because.name], ["store", "QuotaExceededError"]);
    return true;
  });
  assert.deepEqual(await follower.call("stored"), before);
  await writer.call("append", "two");
  await profile.limitStorage(writer);
  await follower.call("appendLarge", 5_000_000, 1);
  await follower.call("append", "four");
  const { version, records } = await follower.call("stored");
  assert.deepEqual([version, records.length], [4, 4]);
});

test("when the database is deleted, all are fenced, and loading starts anew", async (t) => {
  const { tabs, profile } = await openTwo(t);
  const [writer, follower] = tabs;
  await writer.call("append", "one");
  await follower.call("append", "two");
  const other = await profile.open("/lab");
  assert.equal(await other.call("deleteDatabase"), "deleted");
  await assert.rejects(writer.call("append", "lost"), { code: "fenced" });
  await assert.rejects(follower.call("append", "lost"), { code: "fenced" });
  assert.equal(await writer.call("load"), undefined);
  await writer.call("append", "three");
  assert.deepEqual((await follower.call("load")).changes, ["three"]);
  await follower.call("append", "four");
  assert.deepEqual(textsIn(await follower.call("stored")), ["three", "four"]);
});

test("when the browser evicts what the origin has stored, all are fenced", async (t) => {
  const { tabs, profile } = await openTwo(t);
  const [writer, follower] = tabs;
  await writer.call("append", "one");
  const session = await writer.protocol();
  const { origin } = profile;
  await session.send("Storage.clearDataForOrigin", { origin, storageTypes: "indexeddb" });
  await assert.rejects(follower.call("append", "lost"), { code: "fenced" });
  await assert.rejects(writer.call("append", "lost"), { code: "fenced" });
  assert.equal(await follower.call("load"), undefined);
  await follower.call("append", "two");
});

test("while connections are closed by the browser again and again, nothing is lost", async (t) => {
  const { tabs, profile } = await openTwo(t);
  await Promise.all(tabs.map((tab, index) => tab.call("startAppending", `${index} `, 100)));
  for (let times = 0; times < 5; times += 1) {
    await profile.forceCloseDatabases();
  }
  const reports = await Promise.all(
    tabs.map((tab) =>
      until(
        () => tab.call("report"),
        ({ isRunning }) => !isRunning,
      ),
    ),
  );
  const texts = textsIn(await tabs[0].call("stored"));
  for (const { confirmed } of reports) {
    assert.equal(confirmed.length, 100);
    for (const { text } of confirmed) {
      assert.ok(texts.includes(text), text);
    }
  }
  for (const [index, tab] of tabs.entries()) {
    const others = texts.filter((text) => text.startsWith(`${1 - index} `));
    await told(tab, others);
  }
});

test("a page that is put aside gives the lock away, and takes what it missed when it is back", async (t) => {
  const profile = await chromium.profile(t);
  const [first, second] = [await profile.open("/lab"), await profile.open("/lab")];
  await first.call("open");
  await first.call("append", "one");
  await second.call("open");
  await first.evaluate(() => {
    globalThis.mark = "the same page";
  });
  await first.go("/empty");
  await until(() => second.call("holdsLock"));
  await second.call("append", "two");
  await second.call("append", "three");
  await first.back();
  assert.equal(await first.evaluate(() => globalThis.mark), "the same page");
  await told(first, ["two", "three"]);
  await first.call("append", "four");
  await told(second, ["four"]);
  await second.close();
  await until(() => first.call("holdsLock"));
  await first.call("append", "five");
  assert.deepEqual(textsIn(await first.call("stored")), ["one", "two", "three", "four", "five"]);
});

test("what was confirmed before the browser was killed is there when it starts again", async (t) => {
  const folder = await chromium.folder(t);
  const confirmed = new Set();
  for (let round = 0; round < 3; round += 1) {
    const profile = await chromium.profileOnDisk(folder);
    const tabs = [await profile.open("/lab"), await profile.open("/lab")];
    for (const tab of tabs) {
      await tab.call("open");
    }
    for (const text of confirmed) {
      assert.ok((await tabs[0].call("report")).known.includes(text), text);
    }
    await Promise.all(
      tabs.map((tab, index) => tab.call("startAppending", `${round} ${index} `, 100_000)),
    );
    await until(
      () => tabs[1].call("report"),
      (report) => report.confirmed.length > 20,
    );
    for (const tab of tabs) {
      for (const { text } of (await tab.call("report")).confirmed) {
        confirmed.add(text);
      }
    }
    await profile.kill(tabs[0]);
  }
  assert.ok(confirmed.size > 60, `${confirmed.size}`);
});
