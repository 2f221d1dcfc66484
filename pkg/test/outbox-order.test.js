/**
 * In which order an outbox sends, and what it keeps until when.
 * @module
 */
import assert from "node:assert/strict";
import test from "node:test";
import { Gate, ordinal } from "onceward";
import { memory } from "onceward/memory";
import { deferred, lost, openOutbox, post, SECOND, settle } from "./helpers/outbox.js";

const UUID_V7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

test("a request is kept, sent with its key, and answered", async (t) => {
  const { outbox, server } = await openOutbox(t);
  const request = post("one", "/charge", { headers: { "x-shop": "7", "content-type": "text/x" } });
  const submission = await outbox.enqueue(request, { scope: "account-7", note: { order: 17 } });
  assert.match(submission.key, UUID_V7);
  assert.equal(submission.scope, "account-7");
  const answer = await submission.answer;
  assert.equal(answer.state, "answered");
  assert.deepEqual([answer.replayed, answer.omitted], [false, false]);
  assert.equal(await answer.response.text(), "did one");
  const [{ key, method, path, body, headers }] = server.requests;
  assert.deepEqual(
    { key, method, path, body },
    {
      key: submission.key,
      method: "POST",
      path: "/charge",
      body: "one",
    },
  );
  assert.equal(headers.get("idempotency-key"), `"${submission.key}"`);
  assert.deepEqual([headers.get("x-shop"), headers.get("content-type")], ["7", "text/x"]);
  assert.deepEqual(outbox.counts, { waiting: 0, sending: 0, answered: 1, parked: 0, pending: 0 });
  assert.deepEqual(outbox.get(submission.key).note, { order: 17 });
});

test("keys are UUIDs that tell the time to the core", async (t) => {
  const { outbox, time } = await openOutbox(t, { paused: true });
  const keys = [];
  for (let count = 0; count < 300; count += 1) {
    keys.push((await outbox.enqueue(post("x"))).key);
  }
  assert.equal(new Set(keys).size, 300);
  const options = { timeFromId: true, retention: "1h", clock: time.clock };
  const gate = await Gate.open(options);
  for (const id of keys) {
    assert.match(id, UUID_V7);
    assert.equal(gate.check({ id }), "fresh");
    assert.equal(ordinal.uuid7(id) >> 80n, BigInt(time.now));
  }
});

test("items of one scope are sent one after the other, and scopes side by side", async (t) => {
  const { outbox, server } = await openOutbox(t, { concurrency: 2 });
  const gates = Array.from({ length: 5 }, deferred);
  server.answer(
    ...gates.map(
      ({ promise }) =>
        () =>
          promise,
    ),
  );
  await Promise.all(
    ["a1", "a2", "b1", "b2", "c1"].map((body) => outbox.enqueue(post(body), { scope: body[0] })),
  );
  await settle();
  assert.deepEqual(server.bodies, ["a1", "b1"], "two at a time");
  gates[1].resolve(new Response("b1"));
  await settle();
  assert.deepEqual(server.bodies, ["a1", "b1", "c1"], "the scope that was served last comes last");
  gates[0].resolve(new Response("a1"));
  await settle();
  gates[2].resolve(new Response("c1"));
  await settle();
  assert.deepEqual(new Set(server.bodies.slice(3)), new Set(["a2", "b2"]));
  gates[3].resolve(new Response());
  gates[4].resolve(new Response());
  await outbox.settled();
  assert.equal(outbox.counts.answered, 5);
});

test("what comes first is enqueued first, however long its body takes", async (t) => {
  const { outbox, server } = await openOutbox(t);
  const slow = deferred();
  const stream = new ReadableStream({
    async pull(controller) {
      await slow.promise;
      controller.enqueue(new TextEncoder().encode("slow"));
      controller.close();
    },
  });
  const first = outbox.enqueue(post(stream, "/", { duplex: "half" }));
  const second = outbox.enqueue(post("quick"));
  await settle();
  assert.equal(outbox.counts.pending, 0);
  slow.resolve();
  await Promise.all([first, second]);
  await outbox.settled();
  assert.deepEqual(server.bodies, ["slow", "quick"]);
});

test("a failure holds up its scope, and no other", async (t) => {
  const { outbox, server, time } = await openOutbox(t);
  server.answer(lost());
  await outbox.enqueue(post("a1"), { scope: "a" });
  await settle();
  await outbox.enqueue(post("a2"), { scope: "a" });
  await outbox.enqueue(post("b1"), { scope: "b" });
  await settle();
  assert.deepEqual(server.bodies, ["a1", "b1"]);
  await time.advance(SECOND);
  assert.deepEqual(server.bodies, ["a1", "b1", "a1", "a2"]);
  assert.equal(server.requests[0].key, server.requests[2].key);
});

test("an answer is kept until it is taken", async (t) => {
  const storage = memory();
  const { outbox } = await openOutbox(t, { storage });
  const { key } = await outbox.enqueue(post("one"));
  await outbox.settled();
  await outbox.close();
  const { outbox: later } = await openOutbox(t, { storage });
  const submission = later.get(key);
  assert.equal(submission.state, "answered");
  for (const again of [await submission.answer, await submission.take()]) {
    assert.equal(await again.response.text(), "did one");
  }
  assert.equal(submission.isGone, true);
  assert.equal(later.get(key), undefined);
  assert.deepEqual(await submission.answer, { state: "taken" });
  await later.close();
  const { outbox: last } = await openOutbox(t, { storage });
  assert.deepEqual(last.list(), []);
});
