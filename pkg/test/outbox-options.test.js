/**
 * What an outbox is told and tells: options, limits, progress, events, and its end.
 * @module
 */
import assert from "node:assert/strict";
import test from "node:test";
import { indexedDb } from "onceward/indexeddb";
import { memory } from "onceward/memory";
import { Outbox, Submission, sendOnSync, syncTag } from "onceward/outbox";
import { indexedDbStorage } from "onceward/outbox/indexeddb";
import { deferred, lost, openOutbox, post, SECOND, settle } from "./helpers/outbox.js";

const refused = (code, promise, about) =>
  assert.rejects(promise, (error) => {
    assert.equal(error.code, code, error.stack);
    assert.match(error.message, about);
    return true;
  });

test("bad options are refused by name", async () => {
  const storage = memory();
  for (const [options, about] of [
    [undefined, /storage/],
    [null, /options/],
    [{}, /storage/],
    [{ storage: {} }, /storage/],
    [{ storage: indexedDb() }, /onceward\/outbox\/indexeddb/],
    [{ storage, nome: "a" }, /nome/],
    [{ storage, name: 7 }, /name/],
    [{ storage, fetch: 7 }, /fetch/],
    [{ storage, prepare: 7 }, /prepare/],
    [{ storage, decide: 7 }, /decide/],
    [{ storage, header: "a b" }, /header/],
    [{ storage, header: "" }, /header/],
    [{ storage, concurrency: 0 }, /concurrency/],
    [{ storage, concurrency: 257 }, /concurrency/],
    [{ storage, onParked: "go" }, /onParked/],
    [{ storage, backoff: 0 }, /backoff/],
    [{ storage, backoff: "1 s" }, /backoff/],
    [{ storage, maxBackoff: -1 }, /maxBackoff/],
    [{ storage, timeout: 0 }, /timeout/],
    [{ storage, maxAge: "soon" }, /maxAge/],
    [{ storage, maxAttempts: 0 }, /maxAttempts/],
    [{ storage, maxItems: 1.5 }, /maxItems/],
    [{ storage, maxBodyBytes: NaN }, /maxBodyBytes/],
    [{ storage, maxAnswers: "1" }, /maxAnswers/],
    [{ storage, maxAnswerBytes: -1 }, /maxAnswerBytes/],
    [{ storage, backgroundSync: 1 }, /backgroundSync/],
    [{ storage, paused: "no" }, /paused/],
    [{ storage, newKey: "k" }, /newKey/],
    [{ storage, clock: 1 }, /clock/],
    [{ storage, random: 1 }, /random/],
    [{ storage, timers: { set() {} } }, /timers/],
  ]) {
    await refused("invalid_option", Outbox.open(options), about);
  }
  assert.throws(() => new Outbox(), { code: "invalid_option" });
  assert.throws(() => indexedDbStorage({ database: 7 }), { code: "invalid_option" });
  assert.throws(() => indexedDbStorage({ durability: "lax" }), { code: "invalid_option" });
});

test("what cannot be kept or sent is refused, and changes nothing", async (t) => {
  const { outbox, server } = await openOutbox(t, { maxBodyBytes: 10 });
  const used = post("used");
  await used.text();
  const broken = new ReadableStream({
    pull(controller) {
      controller.error(new Error("cut"));
    },
  });
  for (const [request, options, about] of [
    [undefined, {}, /Request/],
    ["https://shop.example", {}, /Request/],
    [{ url: "https://shop.example", method: "POST" }, {}, /Request/],
    [used, {}, /read/],
    [post("x".repeat(11)), {}, /maxBodyBytes/],
    [post(broken, "/", { duplex: "half" }), {}, /read/],
    [post("x", "/", { redirect: "manual" }), {}, /manual/],
    [post("x", "/", { mode: "no-cors" }), {}, /no-cors/],
    [new Request("data:text/plain,x"), {}, /http/],
    [post("x"), { scope: 7 }, /scope/],
    [post("x"), { scope: "\ud800" }, /scope/],
    [post("x"), { key: 7 }, /key/],
    [post("x"), { key: "" }, /key/],
    [post("x"), { key: 'a"b' }, /key/],
    [post("x"), { key: "a\\b" }, /key/],
    [post("x"), { key: "caf\u00e9" }, /key/],
    [post("x"), { key: "a\nb" }, /key/],
    [post("x"), { key: "k".repeat(256) }, /key/],
    [post("x"), { note: 1n }, /note/],
  ]) {
    await refused("invalid_event", outbox.enqueue(request, options), about);
  }
  await refused("invalid_option", outbox.enqueue(post("x"), { note: 1, scop: "a" }), /scop/);
  const loop = {};
  loop.loop = loop;
  await refused("invalid_event", outbox.enqueue(post("x"), { note: loop }), /note/);
  assert.deepEqual([outbox.list(), server.requests], [[], []]);
  await outbox.enqueue(post("x"), { key: "k".repeat(255) });
  await outbox.settled();
  assert.equal(server.requests.length, 1, "what comes after it is sent");
});

test("all kinds of requests are sent as they are", async (t) => {
  const { outbox, server } = await openOutbox(t, { header: "X-Key" });
  const seen = [];
  server.fetch = undefined;
  const fetch = async (request) => {
    const bytes = new Uint8Array(await request.arrayBuffer());
    const { method, url, credentials, redirect } = request;
    seen.push({
      method,
      url,
      credentials,
      redirect,
      bytes: [...bytes],
      hasBody: request.body !== null,
    });
    assert.equal(request.headers.get("x-key"), `"${request.headers.get("x-mine")}"`);
    return new Response(bytes, { status: 201, statusText: "Made" });
  };
  await outbox.close();
  const { outbox: plain } = await openOutbox(t, { header: "X-Key", fetch });
  const all = Uint8Array.from({ length: 256 }, (_, index) => index);
  const base = { bytes: [], credentials: "same-origin", redirect: "follow", hasBody: false };
  const url = "https://shop.example/a?b=c%20d";
  for (const [init, expected] of [
    [{ method: "GET" }, {}],
    [{ method: "DELETE" }, {}],
    [{ method: "POST" }, {}],
    [
      { method: "PUT", body: all },
      { bytes: [...all], hasBody: true },
    ],
    [{ method: "PATCH", body: "" }, { hasBody: true }],
    [
      { method: "POST", body: "x", credentials: "include", redirect: "error" },
      { bytes: [120], hasBody: true, credentials: "include", redirect: "error" },
    ],
  ]) {
    const key = `key of ${init.method}`;
    const request = new Request(url, { ...init, headers: { "x-mine": `${key} ${seen.length}` } });
    const submission = await plain.enqueue(request, { key: `${key} ${seen.length}` });
    const answer = await submission.answer;
    assert.deepEqual([answer.response.status, answer.response.statusText], [201, "Made"]);
    const { bytes, ...rest } = seen.at(-1);
    assert.deepEqual({ bytes, ...rest }, { ...base, url, method: init.method, ...expected });
    assert.deepEqual([...new Uint8Array(await answer.response.arrayBuffer())], bytes);
    assert.deepEqual([submission.method, submission.url], [init.method, url]);
  }
});

test("what must not be kept of an answer is not", async (t) => {
  const { outbox, server } = await openOutbox(t);
  const headers = {
    "set-cookie": "a=b",
    "content-type": "text/x",
    etag: '"7"',
    "content-length": "2",
  };
  server.answer(new Response("ok", { headers }), new Response(null, { status: 204 }));
  const { response } = await (await outbox.enqueue(post("one"))).answer;
  assert.deepEqual([...response.headers].sort(), [
    ["content-type", "text/x"],
    ["etag", '"7"'],
  ]);
  const empty = await (await outbox.enqueue(post("two"))).answer;
  assert.deepEqual([empty.response.status, empty.response.body], [204, null]);
});

test("when it is full, nothing more is taken on until something is answered", async (t) => {
  const { outbox } = await openOutbox(t, { maxItems: 2, paused: true });
  const adding = await Promise.allSettled([1, 2, 3].map((body) => outbox.enqueue(post(`${body}`))));
  assert.deepEqual(
    adding.map(({ reason }) => reason?.code),
    [undefined, undefined, "capacity"],
  );
  outbox.resume();
  await outbox.settled();
  await outbox.enqueue(post("4"));
});

test("a paused outbox takes on, and sends nothing", async (t) => {
  const { outbox, server } = await openOutbox(t);
  outbox.pause();
  assert.equal(outbox.paused, true);
  const submission = await outbox.enqueue(post("one"));
  await settle();
  assert.deepEqual([server.requests.length, submission.state], [0, "waiting"]);
  outbox.resume();
  assert.equal((await submission.answer).state, "answered");
});

test("progress yields the counts, the latest for those who are slow", async (t) => {
  const { outbox, server, time } = await openOutbox(t);
  const gate = deferred();
  server.answer(lost(), () => gate.promise);
  const seen = [];
  const watching = (async () => {
    for await (const { pending, answered } of outbox.progress()) {
      seen.push([pending, answered]);
    }
  })();
  const slow = outbox.progress();
  await outbox.enqueue(post("one"));
  await time.advance(SECOND);
  gate.resolve(new Response());
  await settle();
  await outbox.enqueue(post("two"));
  await settle();
  assert.deepEqual((await slow.next()).value, outbox.counts);
  const last = slow.next();
  await outbox.close();
  assert.deepEqual(await last, { done: true, value: undefined });
  await watching;
  assert.deepEqual(seen[0], [0, 0]);
  assert.deepEqual(seen.at(-1), [0, 2]);
  assert.ok(seen.some(([pending]) => pending === 1));
});

test("who stops watching is not told any more", async (t) => {
  const { outbox } = await openOutbox(t);
  const watching = outbox.progress();
  assert.equal((await watching.next()).value.pending, 0);
  assert.deepEqual(await watching.return(), { done: true, value: undefined });
  assert.deepEqual(await watching.next(), { done: true, value: undefined });
  const events = [];
  const stop = outbox.subscribe(({ type }) => events.push(type));
  await (await outbox.enqueue(post("one"))).answer;
  stop();
  await (await outbox.enqueue(post("two"))).answer;
  assert.deepEqual(events, ["enqueued", "sending", "answered"]);
});

test("events tell what becomes of each submission", async (t) => {
  const { outbox, server, time } = await openOutbox(t);
  const events = [];
  outbox.subscribe(({ type, submission }) => {
    assert.ok(submission instanceof Submission);
    events.push(type);
  });
  server.answer(lost(), new Response("", { status: 400 }));
  const submission = await outbox.enqueue(post("one"));
  await time.advance(SECOND);
  await submission.take();
  assert.deepEqual(events, ["enqueued", "sending", "waiting", "sending", "parked", "taken"]);
});

test("a closed outbox says so, and lets those go who wait", async (t) => {
  const { outbox, server, time } = await openOutbox(t);
  server.answer(() => new Promise(() => {}));
  const submission = await outbox.enqueue(post("one"));
  await settle();
  const waiting = submission.answer;
  const settled = outbox.settled();
  const closing = [outbox.close(), outbox.close()];
  await refused("closed", waiting, /closed/);
  await refused("closed", settled, /closed/);
  await Promise.all(closing);
  for (const call of [
    () => outbox.enqueue(post("two")),
    () => outbox.settled(),
    () => submission.answer,
    () => submission.take(),
    () => submission.retry(),
    () => submission.cancel(),
  ]) {
    await refused("closed", call(), /closed/);
  }
  assert.throws(() => outbox.subscribe(() => {}), { code: "closed" });
  assert.throws(() => outbox.progress(), { code: "closed" });
  assert.deepEqual(time.waits, [], "no timer is left");
});

test("what was asked for before the end is kept", async (t) => {
  const storage = memory();
  const { outbox } = await openOutbox(t, { storage, paused: true });
  const adding = outbox.enqueue(post("one"));
  await outbox.close();
  const { key } = await adding;
  const { outbox: later } = await openOutbox(t, { storage });
  assert.equal((await later.get(key).answer).state, "answered");
});

test("a sync event is answered when it is for the outbox, and all is sent", async (t) => {
  const storage = memory();
  const { outbox, server } = await openOutbox(t, { storage, name: "orders", paused: true });
  await outbox.enqueue(post("one"));
  await outbox.close();
  const works = [];
  const wake = (tag, options) =>
    sendOnSync(
      { tag, waitUntil: (work) => works.push(work) },
      { storage, name: "orders", fetch: server.fetch, ...options },
    );
  assert.equal(syncTag("orders"), "onceward-outbox:orders");
  wake("onceward-outbox:other");
  wake("orders");
  assert.equal(works.length, 0);
  server.answer(lost());
  wake(syncTag("orders"), { backoff: "1h", maxBackoff: "1h", random: () => 0.9, patience: 20 });
  await refused("store", works[0], /1 items/);
  wake(syncTag("orders"), { clock: () => Date.now() + 2 * 3_600_000 });
  await works[1];
  assert.deepEqual(server.bodies, ["one", "one"]);
  const { outbox: later } = await openOutbox(t, { storage, name: "orders" });
  assert.equal(later.counts.answered, 1);
});

test("names are kept apart", async (t) => {
  const storage = memory();
  const { outbox: one } = await openOutbox(t, { storage, name: "one", paused: true });
  const { outbox: other } = await openOutbox(t, { storage, name: "other", paused: true });
  const { key } = await one.enqueue(post("one"));
  assert.equal(other.get(key), undefined);
  assert.deepEqual([one.leads, other.leads], [true, true]);
});
