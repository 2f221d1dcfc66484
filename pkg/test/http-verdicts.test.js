/**
 * What a gate says of a request, told to its client: in flight, used, of someone else, too old.
 * @module
 */
import assert from "node:assert/strict";
import test from "node:test";
import { idempotencyKey } from "onceward/http";
import { deferred, turn } from "./helpers/claims.js";
import { DAY, MINUTE, SECOND, START } from "./helpers/gate.js";
import { charging, isProblem, isReplay, key, request, seen, service } from "./helpers/http.js";

/** A handler that is held until it is told to go on. */
function held() {
  const gates = [];
  const handler = async () => {
    handler.calls += 1;
    const call = handler.calls;
    const next = deferred();
    gates.push(next);
    const answer = await next.promise;
    return answer ?? Response.json({ call });
  };
  handler.calls = 0;
  handler.go = (index, answer) => gates[index].resolve(answer);
  handler.fail = (index, error) => gates[index].reject(error);
  return handler;
}

test("the same request in flight is refused with 409, and says when to come again", async () => {
  const { send, handler, clock } = await service(held(), { gateOptions: { lease: "60s" } });
  const first = send({ key: key(1), json: { amount: 1 } });
  await turn();
  for (const [now, seconds] of [
    [START, "5"],
    [START + MINUTE - 5 * SECOND, "5"],
    [START + MINUTE - 4001, "5"],
    [START + MINUTE - 4000, "4"],
    [START + MINUTE - 1, "1"],
  ]) {
    clock.now = now;
    const refused = await send({ key: key(1), json: { amount: 1 } });
    assert.equal(refused.headers.get("retry-after"), seconds);
    await isProblem(refused, 409, "pending");
  }
  handler.go(0);
  assert.equal((await first).status, 200);
  assert.equal(handler.calls, 1);
});

test("another request with the key in flight is refused with 422, not 409", async () => {
  const { send, handler } = await service(held());
  const first = send({ key: key(1), json: { amount: 1 } });
  await turn();
  const refused = await send({ key: key(1), json: { amount: 2 } });
  assert.equal(refused.headers.get("retry-after"), null);
  await isProblem(refused, 422, "conflict");
  handler.go(0);
  await first;
  await isProblem(await send({ key: key(1), json: { amount: 2 } }), 422, "conflict");
  assert.equal(handler.calls, 1);
});

test("whoever waits gets the answer of the one in flight", async () => {
  const { send, handler } = await service(held(), { pending: "wait" });
  const first = send({ key: key(1) });
  await turn();
  const others = [send({ key: key(1) }), send({ key: key(1) })];
  await turn();
  handler.go(0);
  const answer = await first;
  assert.equal(answer.headers.get("idempotency-replayed"), null);
  const text = await answer.text();
  for (const other of await Promise.all(others)) {
    assert.deepEqual(await seen(other), { status: 200, replayed: "true", body: text });
  }
  assert.equal(handler.calls, 1);
});

test("one of those who wait takes over when the first is released", async () => {
  const { send, handler } = await service(held(), { pending: "wait" });
  const first = send({ key: key(1) });
  await turn();
  const others = [send({ key: key(1) }), send({ key: key(1) })];
  await turn();
  handler.go(0, new Response("down", { status: 503 }));
  assert.equal((await first).status, 503);
  await turn();
  assert.equal(handler.calls, 2);
  handler.go(1);
  const answers = await Promise.all(others.map(async (other) => await seen(await other)));
  assert.deepEqual(answers.map(({ status, replayed }) => [status, replayed]).sort(), [
    [200, null],
    [200, "true"],
  ]);
});

test("whoever waits too long is refused after all", async () => {
  const { send, handler } = await service(held(), { pending: "wait", maxWait: 1 });
  const first = send({ key: key(1) });
  await turn();
  await isProblem(await send({ key: key(1) }), 409, "pending");
  handler.go(0);
  await first;
});

test("two bodies are the same request when they mean the same", async () => {
  const { fetch, handler } = await service();
  const of = (body, type = "application/json") =>
    request({ key: key(1), headers: { "content-type": type }, body });
  const first = await fetch(of('{"amount":1,"to":{"a":[1,2],"b":"\\u0041"}}'));
  await isReplay(
    await fetch(
      of(' { "to" : {"b":"A", "a":[1.0, 2e0]},\n"amount":1 }', "application/json;charset=utf-8"),
    ),
    first.clone(),
  );
  for (const body of [
    '{"amount":2,"to":{"a":[1,2],"b":"A"}}',
    '{"amount":1,"to":{"a":[2,1],"b":"A"}}',
    '{"amount":1}',
    '{"amount":"1","to":{"a":[1,2],"b":"A"}}',
    "{",
    "",
  ]) {
    await isProblem(await fetch(of(body)), 422, "conflict");
  }
  const same = '{"amount":1,"to":{"a":[1,2],"b":"A"}}';
  for (const type of ["text/plain", "application/merge-patch+json"]) {
    await isProblem(await fetch(of(same, type)), 422, "conflict");
  }
  assert.equal(handler.calls, 1);
});

test("JSON that parsing would change is compared byte for byte", async () => {
  const { fetch } = await service(async (given) => new Response(await given.text()));
  for (const [index, [one, other]] of [
    ['{"amount":9007199254740993}', '{"amount":9007199254740992}'],
    ['{"amount":0.1000000000000000055}', '{"amount":0.1}'],
    ["[1e400]", "[1e401]"],
    ["[1e-400]", "[0]"],
    ['["\\ud800"]', '["\\udfff"]'],
    ["[1,]", "[1]"],
  ].entries()) {
    const of = (body) =>
      request({ key: key(index), headers: { "content-type": "application/json" }, body });
    const first = await fetch(of(one));
    await isReplay(await fetch(of(one)), first);
    await isProblem(await fetch(of(other)), 422, "conflict");
  }
});

test("bytes are the same request when they are the same", async () => {
  const { fetch } = await service(async (given) => new Response(await given.arrayBuffer()));
  const of = (...bytes) => request({ key: key(1), body: Uint8Array.from(bytes) });
  const first = await fetch(of(0, 255, 128));
  await isReplay(await fetch(of(0, 255, 128)), first);
  await isProblem(await fetch(of(0, 255, 127)), 422, "conflict");
  await isProblem(await fetch(of(0, 255)), 422, "conflict");
});

test("no body and an empty one are the same", async () => {
  const { send } = await service();
  const first = await send({ key: key(1) });
  await isReplay(await send({ key: key(1), body: "", headers: { "content-type": "" } }), first);
});

test("the query is part of what a key stands for", async () => {
  const { send } = await service();
  await send({ key: key(1), path: "/charges?dry=1" });
  await isProblem(await send({ key: key(1), path: "/charges" }), 422, "conflict");
});

test("what must stay the same can be chosen", async () => {
  const { send, handler } = await service(charging(), {
    fingerprint: (_, body) => {
      const { sentAt: _sentAt, ...rest } = JSON.parse(new TextDecoder().decode(body));
      return rest;
    },
  });
  const first = await send({ key: key(1), json: { amount: 1, sentAt: 1 } });
  await isReplay(await send({ key: key(1), json: { sentAt: 2, amount: 1 } }), first);
  await isProblem(await send({ key: key(1), json: { sentAt: 1, amount: 2 } }), 422, "conflict");
  assert.equal(handler.calls, 1);
});

test("a key of another tenant, operation, method or path is another key", async () => {
  const scope = (given) => {
    const [tenant, operation] = (given.headers.get("x-scope") ?? "tenant charge").split(" ");
    return { tenant, operation };
  };
  const { send, handler } = await service(charging(), { scope });
  const sent = [
    {},
    { headers: { "x-scope": "other charge" } },
    { headers: { "x-scope": "tenant refund" } },
    { headers: { "x-scope": "tenantc harge" } },
    { method: "PUT" },
    { path: "/refunds" },
    { path: "/charges/" },
  ];
  const bodies = [];
  for (const init of sent) {
    bodies.push(await (await send({ key: key(1), ...init })).text());
  }
  assert.equal(new Set(bodies).size, sent.length);
  assert.equal(handler.calls, sent.length);
  for (const [index, init] of sent.entries()) {
    assert.equal(await (await send({ key: key(1), ...init })).text(), bodies[index]);
  }
});

test("paths of one route share its keys, and are told apart", async () => {
  const scope = () => ({ tenant: "t", operation: "charge", route: "/accounts/:id/charges" });
  const { send, handler } = await service(charging(), { scope });
  await send({ key: key(1), path: "/accounts/1/charges" });
  await isProblem(await send({ key: key(1), path: "/accounts/2/charges" }), 422, "conflict");
  assert.equal(handler.calls, 1);
});

test("whoever may not ask is answered by the scope, and gets no earlier answer", async () => {
  const scope = (given) =>
    given.headers.has("authorization")
      ? { tenant: "t", operation: "charge" }
      : new Response("who are you?", { status: 401 });
  const { send, handler } = await service(charging(), { scope });
  assert.equal((await send({ key: key(1) })).status, 401);
  await send({ key: key(1), headers: { authorization: "me" } });
  assert.deepEqual(await seen(await send({ key: key(1) })), {
    status: 401,
    replayed: null,
    body: "who are you?",
  });
  assert.equal(handler.calls, 1);
});

test("a scope that is none is an error, and nothing runs", async () => {
  for (const scope of [
    undefined,
    {},
    { tenant: "t" },
    { tenant: "", operation: "charge" },
    { tenant: "t", operation: "" },
    { tenant: 7, operation: "charge" },
    { tenant: "t", operation: "charge", route: "" },
  ]) {
    const { send, handler } = await service(charging(), { scope: () => scope });
    await assert.rejects(send({ key: key(1) }), { code: "invalid_option" });
    assert.equal(handler.calls, 0);
  }
});

/** A UUIDv7 of that time. */
function uuid7(ms, random = "7000-8000-000000000000") {
  const time = ms.toString(16).padStart(12, "0");
  return idempotencyKey(`${time.slice(0, 8)}-${time.slice(8)}-${random}`);
}

test("a key that carries a time, and is too old to be known, is refused with 410", async () => {
  const gateOptions = { timeFromId: true, retention: "1d" };
  const { send, clock, handler } = await service(charging(), { gateOptions });
  const old = uuid7(START);
  await send({ key: old });
  clock.now += 2 * DAY;
  // Something has to be remembered and forgotten before anything can be too old.
  await send({ key: uuid7(clock.now) });
  await isProblem(await send({ key: old }), 410, "expired");
  await isProblem(await send({ key: uuid7(START + 1) }), 410, "expired");
  assert.equal(handler.calls, 2);
  await isProblem(await send({ key: uuid7(clock.now + 6 * MINUTE) }), 400, "invalid_key");
  assert.equal(handler.calls, 2);
});

test("a body that is too large is answered with 413, and its key is free", async () => {
  const { send, handler } = await service(charging(), { maxBodyBytes: 100 });
  const big = { text: "x".repeat(100) };
  await isProblem(await send({ key: key(1), json: big }), 413, "too_large");
  const stream = new ReadableStream({
    pull: (controller) => controller.enqueue(new Uint8Array(64)),
    cancel: () => cancelled.resolve(),
  });
  const cancelled = deferred();
  await isProblem(await send({ key: key(1), body: stream, duplex: "half" }), 413, "too_large");
  await cancelled.promise;
  assert.equal(handler.calls, 0);
  assert.equal((await send({ key: key(1), json: { amount: 1 } })).status, 201);
  assert.equal((await send({ key: key(2), body: new Uint8Array(100) })).status, 201);
});
