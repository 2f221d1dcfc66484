/**
 * The outbox in real Chromium: offline, over reloads, in several tabs that die, and in a service
 * worker.
 * @module
 */
import assert from "node:assert/strict";
import test, { after } from "node:test";
import { startChromium, until } from "./helpers/chromium.js";
import { startShop } from "./helpers/shop.js";

const chromium = await startChromium(
  { after },
  {
    lab: new URL("helpers/outbox-lab.js", import.meta.url),
    service: new URL("helpers/outbox-service.js", import.meta.url),
  },
);

async function openTab(profile, options) {
  const tab = await profile.open("/lab");
  await tab.call("open", options);
  return tab;
}

const settledIn = (tab) =>
  until(
    () => tab.call("counts"),
    ({ pending }) => pending === 0,
  );

test("IndexedDB keeps the rules of a storage", async (t) => {
  const profile = await chromium.profile(t);
  const tab = await profile.open("/lab");
  const results = await tab.call("contract");
  for (const { rule, error } of results) {
    assert.equal(error, undefined, rule);
  }
  assert.ok(results.length > 10);
});

const orders = (from, to) =>
  Array.from({ length: to - from }, (_, index) => `order ${from + index}`);

test("what was enqueued offline in two tabs is sent once, in order, after reloads", async (t) => {
  const shop = await startShop(t);
  const profile = await chromium.profile(t);
  const tabs = [await profile.open("/lab"), await profile.open("/lab")];
  await tabs[0].call("register", "/service.js");
  const enqueue = async (from, to) => {
    for (const [index, order] of orders(from, to).entries()) {
      await tabs[index % 2].call("enqueue", shop.url, order);
    }
  };
  await Promise.all(tabs.map((tab) => tab.call("open", { name: "orders" })));
  await profile.context.setOffline(true);
  assert.equal(await tabs[0].evaluate(() => navigator.onLine), false);
  await enqueue(0, 6);
  await Promise.all(tabs.map((tab) => tab.reload()));
  await Promise.all(tabs.map((tab) => tab.call("open", { name: "orders" })));
  await enqueue(6, 12);
  for (const tab of tabs) {
    await until(
      () => tab.call("counts"),
      ({ waiting }) => waiting === 12,
    );
  }
  assert.deepEqual(shop.requests, []);
  const keys = await tabs[0].call("keys");
  await profile.context.setOffline(false);
  for (const tab of tabs) {
    await settledIn(tab);
  }
  assert.deepEqual(shop.done, orders(0, 12));
  assert.deepEqual(
    shop.requests.map(({ key }) => key),
    keys,
    "each was sent once",
  );
  // Whoever has enqueued it, everyone has the answer.
  for (const [index, key] of keys.entries()) {
    const answer = { state: "answered", text: `${index + 1}: order ${index}` };
    assert.deepEqual(await tabs[index % 2].call("answerOf", key), answer);
    assert.deepEqual(await tabs[(index + 1) % 2].call("answerOf", key), answer);
  }
  await tabs[1].call("takeAll");
  await until(
    () => tabs[0].call("counts"),
    ({ answered }) => answered === 0,
  );
  for (const tab of tabs) {
    assert.deepEqual(tab.errors, []);
  }
});

test("when the tab that sends dies in the middle of it, another one goes on", async (t) => {
  const shop = await startShop(t);
  const profile = await chromium.profile(t);
  const tabs = [await openTab(profile), await openTab(profile), await openTab(profile)];
  assert.deepEqual(await Promise.all(tabs.map((tab) => tab.call("leads"))), [true, false, false]);
  for (const [round, dying] of tabs.slice(0, 2).entries()) {
    const last = `order ${round * 10 + 3}`;
    let isFirst = true;
    shop.holdBy((body) => {
      const holds = body === last && isFirst;
      isFirst &&= !holds;
      return holds ? new Promise(() => {}) : undefined;
    });
    for (const order of orders(round * 10, round * 10 + 10)) {
      await tabs[2].call("enqueue", shop.url, order);
    }
    await until(() => shop.requests.some(({ body }) => body === last));
    await dying.crash();
    await settledIn(tabs[2]);
  }
  assert.deepEqual(shop.done, orders(0, 20));
  const sentTwice = orders(0, 20).filter(
    (order) => shop.requests.filter(({ body }) => body === order).length > 1,
  );
  assert.deepEqual(sentTwice, ["order 3", "order 13"], "only what was on its way");
  assert.equal(await tabs[2].call("leads"), true);
  assert.deepEqual(tabs[2].errors, []);
});

test("a service worker sends what waits when it is woken, without a page that does", async (t) => {
  const shop = await startShop(t);
  const profile = await chromium.profile(t);
  const tab = await profile.open("/lab");
  await tab.call("register", "/service.js");
  const session = await tab.protocol();
  const registered = new Promise((resolve) => {
    session.on("ServiceWorker.workerRegistrationUpdated", ({ registrations }) => {
      if (registrations.length > 0) {
        resolve(registrations[0].registrationId);
      }
    });
  });
  await session.send("ServiceWorker.enable");
  const registrationId = await registered;
  await tab.call("open", { name: "orders", paused: true });
  await profile.context.setOffline(true);
  for (const order of orders(0, 3)) {
    await tab.call("enqueue", shop.url, order);
  }
  assert.deepEqual(await tab.call("tags"), ["onceward-outbox:orders"], "it has asked to be woken");
  await tab.call("close");
  await profile.context.setOffline(false);
  await session.send("ServiceWorker.dispatchSyncEvent", {
    origin: chromium.origin,
    registrationId,
    tag: "onceward-outbox:orders",
    lastChance: false,
  });
  await until(() => shop.done.length === 3);
  assert.deepEqual(shop.done, orders(0, 3));
  assert.deepEqual(new Set(shop.requests.map(({ by }) => by)), new Set(["service worker"]));
  await tab.call("open", { name: "orders" });
  await settledIn(tab);
  assert.equal((await tab.call("counts")).answered, 3);
  assert.equal(shop.requests.length, 3);
});

test("a worker and its page share an outbox", async (t) => {
  const shop = await startShop(t);
  const profile = await chromium.profile(t);
  const tab = await openTab(profile);
  await tab.call("inWorker", "open");
  const key = await tab.call("inWorker", "enqueue", shop.url, "order 0");
  const answer = { state: "answered", text: "1: order 0" };
  assert.deepEqual(await tab.call("inWorker", "answerOf", key), answer);
  assert.deepEqual([await tab.call("leads"), await tab.call("inWorker", "leads")], [true, false]);
  const other = await tab.call("enqueue", shop.url, "order 1");
  await settledIn(tab);
  await tab.call("close");
  await until(() => tab.call("inWorker", "leads"));
  assert.equal((await tab.call("inWorker", "answerOf", other)).state, "answered");
  await tab.call("inWorker", "enqueue", shop.url, "order 2");
  await until(() => shop.done.length === 3);
  assert.deepEqual(shop.done, orders(0, 3));
});

test("a tab that is put aside lets another one send, and comes back", async (t) => {
  const shop = await startShop(t);
  const profile = await chromium.profile(t);
  const [first, second] = [await openTab(profile), await openTab(profile)];
  assert.equal(await first.call("leads"), true);
  await first.evaluate(() => {
    globalThis.mark = "the same page";
  });
  await first.go("/empty");
  await until(() => second.call("leads"));
  await second.call("enqueue", shop.url, "order 0");
  await settledIn(second);
  await first.back();
  assert.equal(await first.evaluate(() => globalThis.mark), "the same page");
  await until(
    () => first.call("counts"),
    ({ answered }) => answered === 1,
  );
  await first.call("enqueue", shop.url, "order 1");
  await settledIn(first);
  assert.deepEqual(shop.done, orders(0, 2));
});

test("without locks, a lease in the database says who sends", async (t) => {
  const shop = await startShop(t);
  const profile = await chromium.profile(t);
  const options = { locks: false, database: "leased" };
  const [first, second] = [await openTab(profile, options), await openTab(profile, options)];
  await until(() => first.call("leads"));
  for (const order of orders(0, 5)) {
    await second.call("enqueue", shop.url, order);
  }
  await settledIn(second);
  assert.deepEqual([await first.call("leads"), await second.call("leads")], [true, false]);
  await first.call("close");
  await second.call("enqueue", shop.url, "order 5");
  await settledIn(second);
  assert.deepEqual(shop.done, orders(0, 6));
  assert.equal(shop.requests.length, 6);
});

test("an outbox goes on when the browser has closed its database", async (t) => {
  const shop = await startShop(t);
  const profile = await chromium.profile(t);
  const tab = await openTab(profile);
  for (const order of orders(0, 4)) {
    await tab.call("enqueue", shop.url, order);
    await profile.forceCloseDatabases();
  }
  await settledIn(tab);
  assert.deepEqual(shop.done, orders(0, 4));
});

test("when there is no room, enqueueing is refused and nothing is lost", async (t) => {
  const shop = await startShop(t);
  const profile = await chromium.profile(t);
  const tab = await profile.open("/lab");
  // Before the first write: the browser does not ask for the limit each time.
  await profile.limitStorage(tab, 1_000_000);
  await tab.call("open", { paused: true });
  await tab.call("enqueue", shop.url, "order 0");
  const large = "x".repeat(4_000_000);
  await assert.rejects(tab.call("enqueue", shop.url, large), { code: "store" });
  await profile.limitStorage(tab);
  await tab.reload();
  await tab.call("open");
  await settledIn(tab);
  assert.deepEqual(shop.done, ["order 0"]);
});
