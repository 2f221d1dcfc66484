/**
 * Gates in a service worker of real Chromium, which the browser stops whenever it likes: also
 * between a claim and its commit.
 * @module
 */
import assert from "node:assert/strict";
import test, { after } from "node:test";
import { startChromium, until } from "./helpers/chromium.js";
import { MINUTE, START } from "./helpers/gate.js";

const LEASE = MINUTE;

const chromium = await startChromium(
  { after },
  {
    lab: new URL("helpers/gate-lab.js", import.meta.url),
    service: new URL("helpers/gate-service.js", import.meta.url),
  },
);

/** A page whose requests are answered by the worker, with a gate that takes crashes like that. */
async function openServed(t, afterCrash) {
  const profile = await chromium.profile(t);
  const tab = await profile.open("/lab");
  await tab.call("serveBy", "/service.js");
  const services = await profile.watchServiceWorkers(tab);
  const ask = (what, now, given) => tab.call("ask", { what, now, afterCrash, ...given });
  return {
    tab,
    ask,
    act: async (now, event, given) => {
      const { born: _, ...outcome } = await ask("act", now, { event, ...given });
      return outcome;
    },
    effects: () => tab.call("effectsSoFar"),
    stop: async () => {
      const [running] = await until(services.running, ({ length }) => length === 1);
      await services.stop(running);
    },
  };
}

/**
 * Sends a request whose effect does not end before the worker is stopped. The browser itself repeats
 * the request, to the next worker.
 */
async function interrupt(served, event) {
  const { length } = await served.effects();
  const sent = served.act(START, event, { hangs: true });
  await until(served.effects, (effects) => effects.length > length);
  await served.stop();
  assert.equal((await sent).verdict, "pending");
}

const EVENT = { scope: "pay", id: "order 1", content: { amount: 5 } };

test("what a service worker has committed is replayed by the next one", async (t) => {
  const served = await openServed(t, "retry");
  const { born, ...applied } = await served.ask("act", START, { event: EVENT });
  const value = { id: "order 1", attempt: 1, takeover: false };
  assert.deepEqual(applied, { status: "applied", value });
  await served.stop();
  const { born: later, ...replayed } = await served.ask("act", START, { event: EVENT });
  assert.deepEqual(replayed, { status: "replayed", value, omitted: false });
  assert.notEqual(later, born);
  const { verdict } = await served.act(START, { ...EVENT, content: { amount: 6 } });
  assert.equal(verdict, "conflict");
  assert.deepEqual(await served.effects(), [value]);
});

test("with retry, a claim whose worker was stopped is taken over after its lease", async (t) => {
  const served = await openServed(t, "retry");
  await interrupt(served, EVENT);
  for (const [now, retryAfter] of [
    [START, LEASE],
    [START + LEASE - 1, 1],
  ]) {
    const { verdict, refusal } = await served.act(now, EVENT);
    assert.deepEqual([verdict, refusal.retryAfter], ["pending", retryAfter]);
  }
  // Also by a worker that knows of it only from the store.
  await served.stop();
  const value = { id: "order 1", attempt: 2, takeover: true };
  assert.deepEqual(await served.act(START + LEASE, EVENT), { status: "applied", value });
  await served.stop();
  const replayed = { status: "replayed", value, omitted: false };
  assert.deepEqual(await served.act(START + LEASE, EVENT), replayed);
  assert.deepEqual(await served.effects(), [{ ...value, attempt: 1, takeover: false }, value]);
});

test("a page takes over from the service worker that was stopped", async (t) => {
  const served = await openServed(t, "retry");
  const { tab } = served;
  await served.act(START, { id: "other" });
  await tab.call("gateOpen", START, { name: "retry" });
  assert.equal(await tab.call("holdsLock", "retry"), false);
  const heard = tab.call("known", EVENT);
  await interrupt(served, EVENT);
  await heard;
  assert.equal((await tab.call("once", EVENT)).verdict, "pending");
  await tab.call("setNow", START + LEASE);
  const value = { id: "order 1", attempt: 2, takeover: true };
  assert.deepEqual(await tab.call("once", EVENT), { status: "applied", value });
  // The next worker follows the page.
  const replayed = { status: "replayed", value, omitted: false };
  assert.deepEqual(await served.act(START + LEASE, EVENT), replayed);
  assert.equal(await tab.call("holdsLock", "retry"), true);
});

test("with hold, a claim whose worker was stopped is in doubt until it is resolved", async (t) => {
  const served = await openServed(t, "hold");
  const other = { ...EVENT, id: "order 2" };
  await interrupt(served, EVENT);
  assert.equal((await served.act(START, EVENT)).verdict, "pending");
  await interrupt(served, other);
  const now = START + LEASE;
  for (const event of [EVENT, other]) {
    assert.equal((await served.act(now, event)).verdict, "in-doubt");
  }
  const doubts = await served.ask("doubts", now);
  const keys = await Promise.all(
    [EVENT, other].map((event) => served.ask("fingerprint", now, { event })),
  );
  assert.deepEqual(
    new Set(doubts.map(({ key, attempt, since }) => `${key} ${attempt} ${since}`)),
    new Set(keys.map((key) => `${key} 1 ${now}`)),
  );
  const result = { receipt: 7 };
  await served.ask("resolve", now, { event: EVENT, as: "committed", result });
  await served.ask("resolve", now, { event: other, as: "released" });
  await served.stop();
  assert.deepEqual(await served.ask("doubts", now), []);
  const replayed = { status: "replayed", value: result, omitted: false };
  assert.deepEqual(await served.act(now, EVENT), replayed);
  const again = await served.act(now, other);
  assert.equal(again.status, "applied");
  const error = await served.ask("resolve", now, { event: EVENT, as: "released" });
  assert.equal(error.code, "not_in_doubt");
  const ids = (await served.effects()).map(({ id }) => id);
  assert.deepEqual(ids, ["order 1", "order 2", "order 2"]);
});
