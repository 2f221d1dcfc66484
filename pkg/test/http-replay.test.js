/**
 * What is kept of an answer, and what a retry gets.
 * @module
 */
import assert from "node:assert/strict";
import test from "node:test";
import { defaultPolicy, keptAnswer, keyEvent } from "onceward/http";
import { deferred, never } from "./helpers/claims.js";
import { DAY, HOUR, refuses } from "./helpers/gate.js";
import { charging, isProblem, key, request, scopeOf, seen, service } from "./helpers/http.js";

const answering = (body, init) => () => new Response(body, init);

test("a retry gets status, headers and body of the first answer, and is told so", async () => {
  const { send, handler } = await service();
  const first = await send({ key: key(1), json: { amount: 5 } });
  assert.equal(first.headers.get("idempotency-replayed"), null);
  for (let round = 0; round < 2; round += 1) {
    const again = await send({ key: key(1), json: { amount: 5 } });
    assert.equal(again.headers.get("content-type"), "application/json");
    assert.equal(again.headers.get("cache-control"), "no-store");
    assert.deepEqual(await seen(again), {
      status: 201,
      replayed: "true",
      body: JSON.stringify({ charge: 1, amount: 5 }),
    });
  }
  assert.equal(handler.calls, 1);
});

test("only headers that describe the answer are replayed", async () => {
  const kept = {
    "content-type": "text/plain",
    "content-language": "en",
    "content-disposition": "inline",
    "content-location": "/charges/1",
    location: "/charges/1",
    etag: '"1"',
    "last-modified": "Sun, 22 Nov 2026 00:00:00 GMT",
    link: '</charges/2>; rel="next"',
  };
  const dropped = {
    "set-cookie": "session=1",
    authorization: "Bearer 1",
    "www-authenticate": "Basic",
    "proxy-authenticate": "Basic",
    "access-control-allow-origin": "https://one.example",
    "x-request-id": "1",
    date: "Sun, 22 Nov 2026 00:00:00 GMT",
    connection: "close",
    "transfer-encoding": "chunked",
    trailer: "x",
    vary: "origin",
    "x-csrf-token": "1",
  };
  const { send } = await service(answering("ok", { headers: { ...kept, ...dropped } }));
  const first = await send({ key: key(1) });
  for (const [name, value] of Object.entries({ ...kept, ...dropped })) {
    assert.equal(first.headers.get(name), value);
  }
  const again = await send({ key: key(1) });
  const names = ["cache-control", "idempotency-replayed", "idempotency-retention"];
  assert.deepEqual([...again.headers.keys()].sort(), [...Object.keys(kept), ...names].sort());
  for (const [name, value] of Object.entries(kept)) {
    assert.equal(again.headers.get(name), value);
  }
});

test("further headers are kept by name, and those of one client never", async () => {
  const init = { headers: { "x-charge": "1", "x-other": "2" } };
  const { send } = await service(answering("ok", init), { headers: ["X-Charge"] });
  await send({ key: key(1) });
  const again = await send({ key: key(1) });
  assert.deepEqual([again.headers.get("x-charge"), again.headers.get("x-other")], ["1", null]);
  for (const name of [
    "Set-Cookie",
    "authorization",
    "WWW-Authenticate",
    "proxy-authorization",
    "Connection",
    "date",
    "access-control-allow-origin",
    "idempotency-replayed",
    "not a name",
    "",
    7,
  ]) {
    await assert.rejects(service(never, { headers: [name] }), { code: "invalid_option" });
  }
});

test("every byte is replayed as it was", async () => {
  const body = Uint8Array.from({ length: 1024 }, (_, index) => index * 7);
  const headers = { "content-type": "application/octet-stream" };
  const { send } = await service(answering(body, { headers }));
  const read = async () => new Uint8Array(await (await send({ key: key(1) })).arrayBuffer());
  assert.deepEqual(await read(), body);
  assert.deepEqual(await read(), body);
});

for (const status of [204, 205, 304]) {
  test(`an answer of ${status} has no body, again neither`, async () => {
    const { send } = await service(answering(null, { status, headers: { etag: '"1"' } }));
    for (const replayed of [null, "true"]) {
      const answer = await send({ key: key(1) });
      assert.equal(answer.headers.get("etag"), '"1"');
      assert.deepEqual(await seen(answer), { status, replayed, body: "" });
    }
  });
}

test("a marker that a handler passes on is not its own", async () => {
  const headers = { "idempotency-replayed": "true", "idempotency-retention": "1" };
  const { send } = await service(answering("ok", { headers }));
  const first = await send({ key: key(1) });
  assert.equal(first.headers.get("idempotency-replayed"), null);
  assert.equal(first.headers.get("idempotency-retention"), "604800;answer=86400");
});

test("a redirect is replayed", async () => {
  const { send } = await service(() => Response.redirect("https://api.example/charges/1", 303));
  const first = await send({ key: key(1) });
  assert.equal(first.headers.get("location"), "https://api.example/charges/1");
  const again = await send({ key: key(1) });
  assert.equal(again.headers.get("location"), "https://api.example/charges/1");
  assert.equal(again.status, 303);
});

test("the client is told for how long key and answer are known", async () => {
  const gateOptions = { retention: "7d", resultRetention: "1h" };
  const { send } = await service(charging(), { gateOptions });
  for (let round = 0; round < 2; round += 1) {
    const { headers } = await send({ key: key(1) });
    assert.equal(headers.get("idempotency-retention"), "604800;answer=3600");
  }
  const brief = await service(charging(), { gateOptions: { retention: "1500ms" } });
  const { headers } = await brief.send({ key: key(1) });
  assert.equal(headers.get("idempotency-retention"), "1;answer=1");
});

test("after the answer is gone a retry is told so, and nothing runs again", async () => {
  const { send, clock, handler } = await service(charging(), {
    gateOptions: { retention: "7d", resultRetention: "1h" },
  });
  await send({ key: key(1) });
  clock.now += HOUR;
  await isProblem(await send({ key: key(1) }), 410, "omitted");
  clock.now += 6 * DAY;
  await isProblem(await send({ key: key(1) }), 410, "omitted");
  assert.equal(handler.calls, 1);
});

test("an answer that is too large is given, and a retry is told that it is not kept", async () => {
  for (const [length, isKept] of [
    [900, true],
    [1000, false],
    [100_000, false],
  ]) {
    const body = "x".repeat(length);
    const { send } = await service(answering(body), { gateOptions: { maxResultBytes: 1000 } });
    const first = await send({ key: key(1) });
    assert.equal(await first.text(), body);
    const again = await send({ key: key(1) });
    if (isKept) {
      assert.equal(await again.text(), body);
    } else {
      assert.equal(first.headers.get("idempotency-retention"), "604800;answer=0");
      await isProblem(again, 410, "omitted");
    }
  }
});

test("an answer whose head alone is too large is not kept either", async () => {
  const init = { status: 201, headers: { location: `/${"x".repeat(100)}` } };
  const { send } = await service(answering(null, init), { gateOptions: { maxResultBytes: 100 } });
  const first = await send({ key: key(1) });
  assert.equal(first.headers.get("idempotency-retention"), "604800;answer=0");
  await isProblem(await send({ key: key(1) }), 410, "omitted");
});

/** A body that is given in pieces: `push` gives one, `end` and `fail` are its end. */
function pieces() {
  let controller;
  const body = new ReadableStream({
    start(given) {
      controller = given;
    },
    cancel(reason) {
      cancelled.resolve(reason);
    },
  });
  const cancelled = deferred();
  const encoder = new TextEncoder();
  return {
    body,
    cancelled: cancelled.promise,
    push: (text) => controller.enqueue(encoder.encode(text)),
    end: () => controller.close(),
    fail: (error) => controller.error(error),
  };
}

test("a stream that fits is recorded before the client sees any of it", async () => {
  const stream = pieces();
  const { send } = await service(answering(stream.body));
  const first = send({ key: key(1) });
  stream.push("a");
  await isProblem(await send({ key: key(1) }), 409, "pending");
  stream.push("b");
  stream.end();
  assert.equal(await (await first).text(), "ab");
  assert.deepEqual(await seen(await send({ key: key(1) })), {
    status: 200,
    replayed: "true",
    body: "ab",
  });
});

test("a stream that does not fit is recorded as such, and goes on to the client", async () => {
  const stream = pieces();
  const { send } = await service(answering(stream.body), { gateOptions: { maxResultBytes: 200 } });
  const first = send({ key: key(1) });
  stream.push("a".repeat(300));
  const reader = (await first).body.getReader();
  await isProblem(await send({ key: key(1) }), 410, "omitted");
  assert.equal((await reader.read()).value.length, 300);
  stream.push("more");
  assert.equal(new TextDecoder().decode((await reader.read()).value), "more");
  stream.end();
  assert.equal((await reader.read()).done, true);
});

test("a client that leaves such a stream ends it", async () => {
  const stream = pieces();
  const { send } = await service(answering(stream.body), { gateOptions: { maxResultBytes: 200 } });
  const first = send({ key: key(1) });
  stream.push("a".repeat(300));
  await (await first).body.cancel("enough");
  assert.equal(await stream.cancelled, "enough");
});

test("a body that breaks was acted on all the same", async () => {
  const stream = pieces();
  const { send } = await service(answering(stream.body));
  const first = send({ key: key(1) });
  stream.push("a");
  stream.fail(new Error("the upstream is gone"));
  await assert.rejects(first, { message: "the upstream is gone" });
  await isProblem(await send({ key: key(1) }), 410, "omitted");
});

test("an event stream is given as it comes, and not kept", async () => {
  const stream = pieces();
  const headers = { "content-type": "text/event-stream; charset=utf-8" };
  const { send } = await service(answering(stream.body, { headers }));
  const { body } = await send({ key: key(1) });
  stream.push("data: 1\n\n");
  assert.equal((await body.getReader().read()).value.length, 9);
  await isProblem(await send({ key: key(1) }), 410, "omitted");
});

test("an answer can be given by hand when a doubt is resolved", async () => {
  const { send, gate } = await service(() => Response.json({}, { status: 504 }), {
    policy: (answer) => (answer.status === 504 ? "doubt" : defaultPolicy(answer)),
  });
  const give = async (id, as, ...result) => {
    assert.equal((await send({ key: `"${id}"` })).status, 504);
    await isProblem(await send({ key: `"${id}"` }), 409, "in-doubt");
    gate.resolve(keyEvent(request(), scopeOf(request()), id), as, ...result);
    return await send({ key: `"${id}"` });
  };
  const answer = await keptAnswer(
    new Response("made", { status: 201, headers: { location: "/1", "set-cookie": "a=1" } }),
  );
  const again = await give("a", "committed", answer);
  assert.deepEqual([again.headers.get("location"), again.headers.get("set-cookie")], ["/1", null]);
  assert.deepEqual(await seen(again), { status: 201, replayed: "true", body: "made" });
  for (const [id, result] of [
    ["b", undefined],
    ["c", { charge: 1 }],
    ["d", "text"],
    ["e", Uint8Array.of(1, 0, 0, 0, 9)],
    ["f", Uint8Array.of(1, 0, 0, 0, 1, 0x7b)],
    ["g", Uint8Array.of(2, 0, 0, 0, 0)],
    ["i", Uint8Array.of(1, 0)],
    ["j", Uint8Array.of(1, 0, 0, 0, 4, ...Buffer.from("null"))],
    ["k", Uint8Array.of(1, 0, 0, 0, 25, ...Buffer.from('{"status":7,"headers":[]}'))],
    ["l", await keptAnswer(Response.error())],
  ]) {
    await isProblem(await give(id, "committed", result), 410, "omitted");
  }
  assert.equal((await give("h", "released")).status, 504);
});

test("what idempotent is given is checked at once", async () => {
  for (const [name, value] of Object.entries({
    scope: undefined,
    gate: {},
    required: "POST",
    strict: "yes",
    header: "not a name",
    fingerprint: 1,
    maxBodyBytes: -1,
    pending: "perhaps",
    maxWait: -1,
    lease: "1 minute",
    policy: "keep",
    headers: "etag",
    onError: "release",
    errors: "hide",
    documentation: "<x>",
    onUnconfirmed: 1,
    onUnavailable: 1,
    unknown: 1,
  })) {
    await assert.rejects(service(never, { [name]: value }), { code: "invalid_option" }, name);
  }
  await assert.rejects(service(null), { code: "invalid_option" });
  refuses("invalid_option", () => keyEvent(request(), { tenant: "", operation: "a" }, "k"));
});
