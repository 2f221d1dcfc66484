/**
 * Copies of one outbox that come and go, and storages that fail: nothing is lost, and nothing is
 * sent under another key.
 * @module
 */
import assert from "node:assert/strict";
import test from "node:test";
import { OncewardError } from "onceward";
import { memory } from "onceward/memory";
import { storedIn } from "../dist/internals.js";
import { deferred, lost, openOutbox, post, SECOND, settle } from "./helpers/outbox.js";

/** A store whose next writes fail as planned: before anything has happened, or after. */
function failing() {
  const inner = memory();
  const plans = [];
  const append = async (...args) => {
    const plan = plans.shift();
    if (plan === "before") {
      throw new Error("the disk failed");
    }
    const version = await inner.append(...args);
    if (plan === "after") {
      throw new Error("the disk failed");
    }
    return version;
  };
  return { store: { ...inner, append }, plans };
}

test("what cannot be kept is not sent", async (t) => {
  const { store, plans } = failing();
  const { outbox, server } = await openOutbox(t, { storage: store });
  plans.push("before");
  await assert.rejects(outbox.enqueue(post("one")), { code: "store" });
  await settle();
  assert.deepEqual([outbox.list(), server.requests], [[], []]);
  await (await outbox.enqueue(post("two"))).answer;
  assert.deepEqual(server.bodies, ["two"]);
});

test("nothing leaves before it is written down that it may have", async (t) => {
  const { store, plans } = failing();
  const { outbox, server, time, troubles } = await openOutbox(t, { storage: store, paused: true });
  const submission = await outbox.enqueue(post("one"));
  plans.push("before", "before");
  outbox.resume();
  await settle();
  assert.deepEqual(server.requests, []);
  assert.deepEqual(
    troubles.map(({ code }) => code),
    ["store"],
  );
  await time.advance(SECOND);
  assert.deepEqual(server.requests, []);
  await time.advance(2 * SECOND);
  assert.equal((await submission.answer).state, "answered");
  assert.equal(submission.attempts, 1);
});

test("what was answered, but could not be written down, is sent again", async (t) => {
  for (const plan of ["before", "after"]) {
    const { store, plans } = failing();
    const { outbox, server, time, troubles } = await openOutbox(t, { storage: store });
    server.answer(() => {
      plans.push(plan);
      return new Response("first");
    });
    const submission = await outbox.enqueue(post("one"));
    await settle();
    assert.equal(troubles.length, 1);
    await time.advance(SECOND);
    const answer = await submission.answer;
    assert.equal(answer.state, "answered");
    // What has happened although it was not confirmed is found there.
    assert.equal(await answer.response.text(), plan === "before" ? "did one" : "first");
    const keys = server.requests.map(({ key }) => key);
    assert.deepEqual(keys, Array(plan === "before" ? 2 : 1).fill(submission.key));
  }
});

test("an answer that could not be taken is still there", async (t) => {
  const { store, plans } = failing();
  const { outbox } = await openOutbox(t, { storage: store });
  const submission = await outbox.enqueue(post("one"));
  await submission.answer;
  for (const call of ["take", "cancel", "retry"]) {
    plans.push("before");
    const asked = submission[call]();
    if (call === "take") {
      await assert.rejects(asked, { code: "store" });
    } else {
      await asked;
      plans.pop();
    }
  }
  assert.equal(await (await submission.take()).response.text(), "did one");
});

test("what was on its way when its process died is sent again, in its order", async (t) => {
  const storage = memory();
  const { outbox, server, time } = await openOutbox(t, { storage });
  server.answer(() => new Promise(() => {}));
  const keys = [];
  for (const body of ["one", "two"]) {
    keys.push((await outbox.enqueue(post(body))).key);
  }
  await settle();
  assert.equal(outbox.get(keys[0]).state, "sending");
  await outbox.close();
  assert.equal(server.requests[0].signal.aborted, true);
  const { outbox: later } = await openOutbox(t, { storage, server, time });
  await later.settled();
  assert.deepEqual(
    server.requests.map(({ key }) => key),
    [keys[0], keys[0], keys[1]],
  );
  assert.deepEqual([later.get(keys[0]).attempts, later.get(keys[1]).attempts], [2, 1]);
});

test("of several copies one sends, and another takes over when it is closed", async (t) => {
  const storage = memory();
  const { outbox: first, server, time } = await openOutbox(t, { storage });
  const { outbox: second } = await openOutbox(t, { storage, server, time });
  assert.deepEqual([first.leads, second.leads], [true, false]);
  const gate = deferred();
  server.answer(() => gate.promise);
  const one = await second.enqueue(post("one"));
  await settle();
  assert.deepEqual(server.bodies, ["one"], "the other copy has heard of it");
  assert.equal(one.state, "sending");
  gate.resolve(new Response("from the first"));
  assert.equal(await (await one.answer).response.text(), "from the first");
  assert.deepEqual(first.counts, second.counts);

  server.answer(() => new Promise(() => {}));
  const two = await second.enqueue(post("two"));
  await settle();
  await first.close();
  assert.equal((await two.answer).state, "answered");
  assert.equal(second.leads, true);
  assert.deepEqual(server.bodies, ["one", "two", "two"]);
});

test("copies see what the others do with items", async (t) => {
  const storage = memory();
  const { outbox: first, server, time } = await openOutbox(t, { storage });
  const { outbox: second } = await openOutbox(t, { storage, server, time });
  const events = [];
  second.subscribe(({ type, submission }) => events.push([type, submission.note]));
  server.answer(lost());
  const mine = await first.enqueue(post("one"), { note: 1 });
  await settle();
  const theirs = second.get(mine.key);
  assert.deepEqual([theirs.state, theirs.trouble, theirs.note], ["waiting", "network", 1]);
  await theirs.retry();
  assert.equal((await mine.answer).state, "answered", "a retry from there is done here");
  const taken = second.get(mine.key).answer;
  await mine.take();
  await settle();
  await taken;
  assert.equal(second.get(mine.key), undefined);
  assert.deepEqual(await theirs.answer, { state: "taken" });

  server.answer(() => new Promise(() => {}));
  const sent = await first.enqueue(post("two"), { note: 2 });
  await settle();
  assert.deepEqual(await second.get(sent.key).cancel(), { cancelled: true, sent: true });
  await settle();
  assert.equal(server.requests.at(-1).signal.aborted, true, "it is broken off where it was sent");
  assert.deepEqual(await sent.answer, { state: "cancelled" });
  assert.deepEqual(
    events.filter(([, note]) => note === 2).map(([type]) => type),
    ["enqueued", "sending", "cancelled"],
  );
  assert.deepEqual(events.at(0), ["enqueued", 1]);
});

test("a copy that was not told in time does not send what is done", async (t) => {
  const storage = memory();
  const { outbox: first, server, time } = await openOutbox(t, { storage, paused: true });
  const { outbox: second } = await openOutbox(t, { storage, server, time });
  const submission = await first.enqueue(post("one"));
  // Both at once: the second is told of the cancellation after it has begun to send.
  const closing = first.close();
  const cancelled = submission.cancel().catch(({ code }) => code);
  await closing;
  await settle();
  const { cancelled: isCancelled } = await cancelled;
  assert.equal(server.requests.length, isCancelled ? 0 : 1);
  assert.equal(second.counts.pending, 0);
});

test("a key that is enqueued again is the same submission", async (t) => {
  const { outbox, server } = await openOutbox(t);
  const gate = deferred();
  server.answer(() => gate.promise);
  const [first, second] = await Promise.all(
    [1, 2].map(() => outbox.enqueue(post("one"), { key: "form 17" })),
  );
  assert.deepEqual([first.key, second.key], ["form 17", "form 17"]);
  for (const other of [
    post("two"),
    post("one", "/elsewhere"),
    post("one", "/orders", { method: "PUT" }),
  ]) {
    await assert.rejects(outbox.enqueue(other, { key: "form 17" }), { code: "invalid_event" });
  }
  gate.resolve(new Response("once"));
  for (const submission of [first, second, await outbox.enqueue(post("one"), { key: "form 17" })]) {
    assert.equal(await (await submission.answer).response.text(), "once");
  }
  assert.equal(server.requests.length, 1);
});

/**
 * A storage whose copies hear nothing of each other, and whose reads fail when they are told to.
 */
function silent() {
  const inner = storedIn(memory());
  const plans = [];
  const storage = {
    async items(name) {
      const items = await inner.items(name);
      const read = (numbers) => {
        const error = plans.shift();
        return error === undefined ? items.read(numbers) : Promise.reject(error);
      };
      const same = ["add", "change", "body", "lead", "close"].map((method) => [
        method,
        (...args) => items[method](...args),
      ]);
      return { ...Object.fromEntries(same), read, subscribe() {} };
    },
  };
  return { storage, plans };
}

test("what another copy has added before is sent before, also when nobody has told", async (t) => {
  const { storage } = silent();
  const { outbox: first, server, time } = await openOutbox(t, { storage });
  const { outbox: second } = await openOutbox(t, { storage, server, time });
  assert.equal(first.leads, true);
  await second.enqueue(post("one"));
  await second.enqueue(post("two"));
  await settle();
  assert.deepEqual(server.bodies, [], "the copy that sends does not know");
  await first.enqueue(post("three"));
  await second.enqueue(post("four"));
  await first.enqueue(post("five"));
  await first.settled();
  assert.deepEqual(server.bodies, ["one", "two", "three", "four", "five"]);
});

test("what is kept is taken on, also when nothing can be read", async (t) => {
  const { storage, plans } = silent();
  const { outbox, server, time } = await openOutbox(t, { storage, paused: true });
  const { outbox: other } = await openOutbox(t, { storage, server, time });
  await outbox.enqueue(post("one"));
  await other.enqueue(post("two"));
  plans.push(new Error("the disk failed"));
  const submission = await outbox.enqueue(post("three"));
  assert.equal(submission.state, "waiting");
  await outbox.enqueue(post("four"));
  assert.equal(outbox.counts.waiting, 4);
  outbox.resume();
  await outbox.settled();
  assert.deepEqual(server.bodies, ["one", "two", "three", "four"]);
});

test("a copy that cannot read when its turn comes gives it back, and tries again", async (t) => {
  const { storage, plans } = silent();
  const { outbox, time, troubles } = await openOutbox(t, { storage });
  const { outbox: other } = await openOutbox(t, { storage, time });
  plans.push(new OncewardError("store", "the disk failed"));
  await outbox.close();
  await settle();
  assert.deepEqual([other.leads, troubles.length], [false, 0]);
  await time.advance(SECOND);
  assert.equal(other.leads, true);
});

test("a scope whose storage failed goes on, also when the clock was set back", async (t) => {
  const { store, plans } = failing();
  const { outbox, server, time, troubles } = await openOutbox(t, { storage: store, paused: true });
  const submission = await outbox.enqueue(post("one"));
  plans.push("before");
  outbox.resume();
  await settle();
  assert.deepEqual([troubles.length, server.requests.length], [1, 0]);
  time.now -= 1000 * SECOND;
  await time.advance(SECOND);
  assert.equal((await submission.answer).state, "answered");
});
