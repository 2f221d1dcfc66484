/**
 * Gates inside Durable Objects: they go on as they were left, whichever way the object ends.
 * @module
 */
import assert from "node:assert/strict";
import test, { after } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { MINUTE, START } from "./helpers/gate.js";
import { ENDS, gatedIn, startGated } from "./helpers/gated.js";
import { askOlder } from "./helpers/older-workerd.js";
import { Gone } from "./helpers/stored.js";

/** Longer than any test. */
const FOREVER = 60 * MINUTE;
const LEASE = MINUTE;

const worker = await startGated({ after });

/** A webhook whose parts are all used: its key, what it is about, and what it says. */
const EVENT = {
  scope: "hooks",
  id: "event-1",
  entity: "order-7",
  revision: 3,
  content: { paid: true },
};

for (const how of ["eviction", "abort", "restart"]) {
  test(`after the ${how} of an object a duplicate is replayed with the stored result`, async (t) => {
    const object = gatedIn(worker, t.name, "RETRYING");
    const value = { row: 1, attempt: 1, takeover: false };
    assert.deepEqual(await object.send(EVENT), { status: "applied", value });
    const born = await object.ask("born");
    await ENDS[how](worker, [object]);
    const replayed = { status: "replayed", value, omitted: false };
    assert.deepEqual(await object.send(EVENT), replayed);
    assert.notEqual(await object.ask("born"), born);
    assert.deepEqual(await object.send(EVENT), replayed);
    assert.deepEqual(await object.attempts("event-1"), [1]);
    const { verdict } = await object.send({ ...EVENT, content: { paid: false } });
    assert.equal(verdict, "conflict");
    const older = await object.send({ ...EVENT, id: "event-0", revision: 2 });
    assert.equal(older.verdict, "stale");
    assert.equal((await object.send({ ...EVENT, id: "event-2", revision: 4 })).status, "applied");
  });
}

/** Resolves once the effect runs. */
async function hasBegun(object) {
  for (let tries = 0; (await object.attempts("event-1")).length === 0; tries += 1) {
    assert.ok(tries < 1000, "the effect does not begin");
    await delay(5);
  }
}

/**
 * Sends a webhook whose effect does not end before its object does, to each of the objects. The
 * clocks of the gates stand at START when its claim is made.
 */
async function interrupted(objects, how) {
  const sent = objects.map((object) =>
    assert.rejects(object.send(EVENT, { now: START, pause: FOREVER }), Gone),
  );
  await Promise.all(objects.map(hasBegun));
  await ENDS[how](worker, objects);
  if (how !== "eviction") {
    await Promise.all(sent);
  }
  // Else nothing is answered while the effect lasts, even though its object is gone.
}

/** What a webhook is answered at a time, by whoever does not wait. */
function sendAt(object, now) {
  return object.send(EVENT, { now, options: { onPending: "refuse" } });
}

/** Asserts that the claim whose effect was interrupted is still in the way until its lease is over. */
async function isPending(object) {
  for (const [now, retryAfter] of [
    [START, LEASE],
    [START + LEASE - 1, 1],
  ]) {
    const { verdict, refusal } = await sendAt(object, now);
    assert.deepEqual([verdict, refusal.retryAfter], ["pending", retryAfter]);
  }
}

for (const how of ["eviction", "abort", "kill"]) {
  test(`an effect interrupted by ${how} runs again after the lease, or is in doubt`, async (t) => {
    const retrying = gatedIn(worker, t.name, "RETRYING");
    const committed = gatedIn(worker, `${t.name}, committed`, "HOLDING");
    const released = gatedIn(worker, `${t.name}, released`, "HOLDING");
    await interrupted([retrying, committed, released], how);

    await isPending(retrying);
    const again = { row: 2, attempt: 2, takeover: true };
    const applied = { status: "applied", value: again };
    assert.deepEqual(await sendAt(retrying, START + LEASE), applied);
    const replayed = { status: "replayed", value: again, omitted: false };
    assert.deepEqual(await sendAt(retrying, START + LEASE), replayed);
    assert.deepEqual(await retrying.attempts("event-1"), [1, 2]);

    const now = START + LEASE;
    for (const object of [committed, released]) {
      await isPending(object);
      assert.equal((await sendAt(object, now)).verdict, "in-doubt");
      const { doubts, fingerprint } = await object.post("doubts", { event: EVENT, now });
      const [{ key, attempt, since }] = doubts;
      assert.deepEqual([doubts.length, key, attempt, since], [1, fingerprint, 1, now]);
    }
    const event = EVENT;
    await committed.post("resolve", { event, now, as: "committed", result: "by hand" });
    await released.post("resolve", { event, now, as: "released" });
    await ENDS[how](worker, [committed, released]);
    const byHand = { status: "replayed", value: "by hand", omitted: false };
    assert.deepEqual(await sendAt(committed, now), byHand);
    assert.deepEqual(await committed.attempts("event-1"), [1]);
    assert.equal((await sendAt(released, now)).status, "applied");
    assert.deepEqual((await released.attempts("event-1")).length, 2);
    for (const object of [committed, released]) {
      await assert.rejects(object.post("resolve", { event, now, as: "released" }), {
        code: "not_in_doubt",
      });
    }
  });
}

test("what an evicted object still finishes is not confirmed, and does not count", async (t) => {
  const object = gatedIn(worker, t.name, "RETRYING");
  const sent = object.send(EVENT, { now: START, pause: 1000 });
  await hasBegun(object);
  await worker.evict();
  assert.equal((await sendAt(object, START)).verdict, "pending");
  const value = { row: 1, attempt: 1, takeover: false };
  assert.deepEqual(await sent, { status: "applied", value, unconfirmed: true });
  await isPending(object);
  const { status, value: second } = await sendAt(object, START + LEASE);
  assert.deepEqual([status, second.attempt], ["applied", 2]);
});

test("two gates of one object keep apart, and both outlive it", async (t) => {
  const object = gatedIn(worker, t.name, "RETRYING");
  const names = ["payments", "mails"];
  const sendBoth = () => Promise.all(names.map((name) => object.send({ id: "same" }, {}, name)));
  const first = await sendBoth();
  assert.deepEqual(first.map(({ status, value }) => [status, value.row]).sort(), [
    ["applied", 1],
    ["applied", 2],
  ]);
  const replayed = first.map(({ value }) => ({ status: "replayed", value, omitted: false }));
  await worker.evict();
  assert.deepEqual(await sendBoth(), replayed);
  assert.equal(await object.post("forget", { event: { id: "same" } }, "mails"), 1);
  await worker.evict();
  const [payment, mail] = await sendBoth();
  assert.deepEqual(payment, replayed[0]);
  assert.deepEqual(mail, { status: "applied", value: { row: 3, attempt: 1, takeover: false } });
});

test("a gate that is opened again fences the old one, before it can act", async (t) => {
  const object = gatedIn(worker, t.name, "TWICE");
  assert.deepEqual(await object.post("idle"), {
    unflushed: "fresh",
    oldOnce: "fenced",
    oldCheck: "fenced",
    oldFlush: "fenced",
    kept: { status: "replayed", value: "a result", omitted: false },
    others: ["fresh", "fresh"],
  });
  assert.deepEqual(await object.attempts("ran"), []);
});

test("a gate that is opened again while the old one acts knows that it does", async (t) => {
  assert.deepEqual(await gatedIn(worker, t.name, "TWICE").post("acting"), {
    outcome: { status: "applied", value: 1, unconfirmed: true },
    refused: "pending",
  });
});

test("200000 keys are restored under an older compatibility date, without MessageChannel", async () => {
  assert.deepEqual(await askOlder("2024-09-23", 200_000), {
    channel: "undefined",
    keys: 200_000,
    verdicts: ["duplicate", "duplicate", "fresh"],
  });
});
