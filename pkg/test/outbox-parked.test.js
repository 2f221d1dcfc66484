/**
 * What becomes of items that are not sent again by themselves, and of those that nobody wants any
 * more.
 * @module
 */
import assert from "node:assert/strict";
import test from "node:test";
import { memory } from "onceward/memory";
import { deferred, HOUR, lost, openOutbox, post, SECOND, settle } from "./helpers/outbox.js";

const refusal = () => new Response("no", { status: 422 });

test("what comes after a parked item in its scope waits, until someone has decided", async (t) => {
  for (const [how, decide] of [
    ["taken", (submission) => submission.take()],
    ["cancelled", (submission) => submission.cancel()],
    ["tried again", (submission) => submission.retry()],
  ]) {
    const { outbox, server, time } = await openOutbox(t);
    server.answer(refusal());
    const submission = await outbox.enqueue(post("a1"), { scope: "a" });
    await outbox.enqueue(post("a2"), { scope: "a" });
    await outbox.enqueue(post("b1"), { scope: "b" });
    await outbox.settled();
    await time.advance(HOUR);
    assert.deepEqual(server.bodies, ["a1", "b1"], "the other scope goes on");
    await decide(submission);
    await outbox.settled();
    const again = how === "tried again" ? ["a1", "a2"] : ["a2"];
    assert.deepEqual(server.bodies.slice(2), again, how);
    assert.equal(outbox.counts.parked, 0);
  }
});

test("by option, what comes after a parked item is sent", async (t) => {
  const { outbox, server } = await openOutbox(t, { onParked: "continue" });
  server.answer(refusal());
  const first = await outbox.enqueue(post("a1"));
  await outbox.enqueue(post("a2"));
  await outbox.settled();
  assert.deepEqual(server.bodies, ["a1", "a2"]);
  assert.deepEqual(outbox.counts, { waiting: 0, sending: 0, answered: 1, parked: 1, pending: 0 });
  const gate = deferred();
  server.answer(() => gate.promise);
  await outbox.enqueue(post("a3"));
  await settle();
  await outbox.enqueue(post("a4"));
  await first.retry();
  gate.resolve(new Response());
  await outbox.settled();
  assert.deepEqual(server.bodies.slice(2), ["a3", "a1", "a4"], "it is back at its place");
});

test("the answer of a parked item is told, and a retry has another one", async (t) => {
  const { outbox, server } = await openOutbox(t);
  server.answer(refusal());
  const submission = await outbox.enqueue(post("one"));
  const first = await submission.answer;
  assert.deepEqual([first.state, first.reason, first.response.status], ["parked", "refused", 422]);
  assert.equal(await submission.retry(), true);
  const second = await submission.answer;
  assert.deepEqual([second.state, second.response.status], ["answered", 200]);
  assert.equal(server.requests[0].key, server.requests[1].key);
  assert.equal(await submission.retry(), false, "what is answered is not sent again");
});

test("retry has what waits for its next try sent at once", async (t) => {
  const { outbox, server } = await openOutbox(t);
  server.answer(new Response("", { status: 503, headers: { "retry-after": "3600" } }));
  const submission = await outbox.enqueue(post("one"));
  await settle();
  assert.equal(submission.state, "waiting");
  assert.equal(await submission.retry(), true);
  assert.equal((await submission.answer).state, "answered");
});

test("an item that may be known to the server is not sent after maxAge", async (t) => {
  const { outbox, server, time } = await openOutbox(t, { maxAge: "1h", maxBackoff: "10m" });
  server.answer(...Array.from({ length: 100 }, lost));
  const submission = await outbox.enqueue(post("a1"));
  const behind = await outbox.enqueue(post("a2"));
  await time.advance(HOUR - 1);
  const sent = server.requests.length;
  assert.ok(sent > 8, `${sent} tries`);
  assert.equal(submission.state, "waiting");
  await time.advance(1);
  assert.deepEqual([submission.state, submission.reason], ["parked", "expired"]);
  await time.advance(48 * HOUR);
  assert.equal(server.requests.length, sent);
  assert.deepEqual(await submission.answer, {
    state: "parked",
    reason: "expired",
    response: undefined,
  });
  assert.deepEqual(
    [behind.state, behind.sentAt],
    ["waiting", undefined],
    "it is behind a parked one",
  );
  server.answer(lost());
  await submission.retry();
  await time.advance(HOUR - 1);
  assert.equal(submission.reason, undefined, "its age begins anew");
});

test("a long Retry-After does not hide that an item expires", async (t) => {
  const { outbox, server, time } = await openOutbox(t, { maxAge: "1h" });
  server.answer(new Response("", { status: 503, headers: { "retry-after": "999999" } }));
  const submission = await outbox.enqueue(post("one"));
  await time.advance(HOUR);
  assert.equal(submission.reason, "expired");
});

test("what was never sent does not expire", async (t) => {
  const { outbox, server, time } = await openOutbox(t, { paused: true });
  const submission = await outbox.enqueue(post("one"));
  await time.advance(1000 * HOUR);
  outbox.resume();
  assert.equal((await submission.answer).state, "answered");
  assert.equal(server.requests.length, 1);
});

test("an item that was left by a crash expires as well", async (t) => {
  const storage = memory();
  const { outbox, server, time } = await openOutbox(t, { storage });
  server.answer(() => new Promise(() => {}));
  const { key } = await outbox.enqueue(post("one"));
  await settle();
  await outbox.close();
  time.now += 23 * HOUR;
  const { outbox: later } = await openOutbox(t, { storage, server, time });
  await settle();
  assert.equal(later.get(key).reason, "expired");
  assert.equal(server.requests.length, 1);
});

test("what cannot be sent at all is parked", async (t) => {
  const storage = memory();
  const { outbox } = await openOutbox(t, { storage, paused: true });
  const { key } = await outbox.enqueue(post("one"));
  await outbox.close();
  // As if a later release had kept what this one cannot send.
  const { version, changes } = await storage.load("default");
  const text = new TextDecoder("latin1").decode(changes.at(-1)).replace("POST", "B AD");
  const bytes = Uint8Array.from(text, (character) => character.charCodeAt(0));
  await storage.replace("default", bytes, version);
  const { outbox: later } = await openOutbox(t, { storage });
  const answer = await later.get(key).answer;
  assert.deepEqual([answer.state, answer.reason], ["parked", "unsendable"]);
});

test("what is cancelled before it was sent has certainly not happened", async (t) => {
  const { outbox, server } = await openOutbox(t, { paused: true });
  const [first, second] = [await outbox.enqueue(post("one")), await outbox.enqueue(post("two"))];
  const answer = first.answer;
  assert.deepEqual(await first.cancel(), { cancelled: true, sent: false });
  assert.deepEqual(await answer, { state: "cancelled" });
  assert.deepEqual(await first.answer, { state: "cancelled" });
  assert.deepEqual(await first.take(), { state: "cancelled" });
  assert.deepEqual(await first.cancel(), { cancelled: false, sent: false });
  assert.equal(await first.retry(), false);
  assert.equal(first.isGone, true);
  outbox.resume();
  await second.answer;
  assert.deepEqual(server.bodies, ["two"]);
});

test("what is cancelled on its way is broken off, and may have happened", async (t) => {
  const { outbox, server, time } = await openOutbox(t);
  server.answer(() => new Promise(() => {}));
  const first = await outbox.enqueue(post("one"));
  const second = await outbox.enqueue(post("two"));
  await settle();
  assert.deepEqual(await first.cancel(), { cancelled: true, sent: true });
  await settle();
  assert.equal(server.requests[0].signal.aborted, true);
  assert.equal((await second.answer).state, "answered");
  assert.deepEqual(server.bodies, ["one", "two"]);
  assert.deepEqual(time.waits, []);
});

test("what is cancelled between tries may have happened", async (t) => {
  const { outbox, server, time } = await openOutbox(t);
  server.answer(lost());
  const submission = await outbox.enqueue(post("one"));
  await settle();
  assert.deepEqual(await submission.cancel(), { cancelled: true, sent: true });
  await time.advance(SECOND);
  assert.equal(server.requests.length, 1);
});

test("what is answered cannot be cancelled", async (t) => {
  const { outbox } = await openOutbox(t);
  const submission = await outbox.enqueue(post("one"));
  await submission.answer;
  assert.deepEqual(await submission.cancel(), { cancelled: false, sent: true });
  assert.equal((await submission.take()).state, "answered");
});

test("answers that nobody takes are dropped when there are too many, oldest first", async (t) => {
  const { outbox } = await openOutbox(t, { maxAnswers: 2 });
  const dropped = [];
  outbox.subscribe(({ type, submission }) => {
    if (type === "dropped") {
      dropped.push(submission.note);
    }
  });
  for (const note of [1, 2, 3, 4, 5]) {
    await (await outbox.enqueue(post("x"), { note })).answer;
  }
  await settle();
  assert.deepEqual(dropped, [1, 2, 3]);
  assert.deepEqual(
    outbox.list().map(({ note }) => note),
    [4, 5],
  );
});

test("the body of an answer that is too large is omitted", async (t) => {
  const { outbox, server } = await openOutbox(t, { maxAnswerBytes: 4 });
  server.answer(new Response("1234"), new Response("12345"));
  for (const [omitted, text] of [
    [false, "1234"],
    [true, ""],
  ]) {
    const answer = await (await outbox.enqueue(post("x"))).answer;
    assert.deepEqual([answer.omitted, await answer.response.text()], [omitted, text]);
  }
});
