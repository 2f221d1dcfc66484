/**
 * Which answers are kept, and what becomes of requests that fail.
 * @module
 */
import assert from "node:assert/strict";
import test from "node:test";
import { defaultPolicy, InDoubt, idempotencyOf } from "onceward/http";
import { charging, isProblem, key, request, seen, service } from "./helpers/http.js";

const KEPT = [200, 201, 202, 204, 206, 301, 303, 308, 400, 402, 404, 405, 410, 412, 415, 422, 451];
const RELEASED = [401, 403, 407, 408, 409, 421, 423, 425, 429, 500, 501, 502, 503, 504, 599];

/** Answers with one status after the other. */
function sequence(...answers) {
  const handler = () => {
    const answer = answers[handler.calls];
    handler.calls += 1;
    if (answer instanceof Error) {
      throw answer;
    }
    return typeof answer === "number" ? new Response(null, { status: answer }) : answer;
  };
  handler.calls = 0;
  return handler;
}

for (const status of KEPT) {
  test(`an answer of ${status} is kept`, async () => {
    const { send, handler } = await service(sequence(status, 200));
    const retention = (await send({ key: key(1) })).headers.get("idempotency-retention");
    assert.equal(retention, "604800;answer=86400");
    assert.deepEqual(await seen(await send({ key: key(1) })), {
      status,
      replayed: "true",
      body: "",
    });
    assert.equal(handler.calls, 1);
  });
}

for (const status of RELEASED) {
  test(`an answer of ${status} releases the key, so that a retry can succeed`, async () => {
    const { send, handler, gate } = await service(sequence(status, 201));
    const first = await send({ key: key(1) });
    assert.equal(first.status, status);
    assert.equal(first.headers.get("idempotency-retention"), null);
    assert.equal(gate.stats().claims, 0);
    const { status: second, replayed } = await seen(await send({ key: key(1) }));
    assert.deepEqual([second, replayed], [201, null]);
    await isReplayOf(send, 201);
    assert.equal(handler.calls, 2);
  });
}

async function isReplayOf(send, status) {
  const again = await seen(await send({ key: key(1) }));
  assert.deepEqual([again.status, again.replayed], [status, "true"]);
}

test("after a release the key is free for another body, too", async () => {
  const { send } = await service(sequence(503, 201));
  await send({ key: key(1), json: { amount: 1 } });
  assert.equal((await send({ key: key(1), json: { amount: 2 } })).status, 201);
});

test("an answer that is no answer releases", async () => {
  const { send } = await service(sequence(Response.error(), 201));
  assert.equal((await send({ key: key(1) })).type, "error");
  assert.equal((await send({ key: key(1) })).status, 201);
});

test("a policy of one's own decides for each answer", async () => {
  const policy = ({ status }) =>
    ({ 500: "keep", 201: "omit", 402: "release", 504: "doubt" })[status];
  const of = async (status) => {
    const { send, handler } = await service(sequence(status, 200), { policy });
    assert.equal((await send({ key: key(1) })).status, status);
    const again = await send({ key: key(1) }).catch((error) => error);
    return { again, calls: handler.calls };
  };
  const kept = await of(500);
  assert.deepEqual([kept.again.status, kept.calls], [500, 1]);
  const omitted = await of(201);
  await isProblem(omitted.again, 410, "omitted");
  const doubted = await of(504);
  await isProblem(doubted.again, 409, "in-doubt");
  // The second answer of the released one is 200, of which this policy says nothing.
  const released = await of(402);
  assert.equal(released.again.code, "invalid_option");
  assert.equal(released.calls, 2);
});

test("a policy that fails leaves doubt, since the handler has run", async () => {
  const policy = () => {
    throw new Error("no policy");
  };
  for (const broken of [policy, () => "perhaps"]) {
    const { send, handler } = await service(charging(), { policy: broken });
    await assert.rejects(send({ key: key(1) }));
    await isProblem(await send({ key: key(1) }), 409, "in-doubt");
    assert.equal(handler.calls, 1);
  }
});

test("a handler that throws releases, and its error passes", async () => {
  const error = new Error("no database");
  const { send, handler, gate } = await service(sequence(error, 201));
  await assert.rejects(send({ key: key(1) }), error);
  assert.equal(gate.stats().claims, 0);
  assert.equal((await send({ key: key(1) })).status, 201);
  assert.equal(handler.calls, 2);
});

test("an error can be answered with 500 instead, which tells nothing of it", async () => {
  const { send } = await service(sequence(new Error("secret"), 201), { errors: "answer" });
  const body = await isProblem(await send({ key: key(1) }), 500, "failed");
  assert.ok(!JSON.stringify(body).includes("secret"));
  assert.equal((await send({ key: key(1) })).status, 201);
});

test("an error can mean that it may have happened", async () => {
  const timeout = new Error("timeout");
  const onError = (error) => (error === timeout ? "doubt" : "release");
  const { send, handler } = await service(sequence(timeout, 201), { onError });
  await assert.rejects(send({ key: key(1) }), timeout);
  await isProblem(await send({ key: key(1) }), 409, "in-doubt");
  assert.equal(handler.calls, 1);
});

test("an onError that does not say what it means leaves doubt", async () => {
  const { send } = await service(sequence(new Error("mine"), 201), { onError: () => "commit" });
  await assert.rejects(send({ key: key(1) }), { code: "invalid_option" });
  await isProblem(await send({ key: key(1) }), 409, "in-doubt");
});

test("a handler that throws InDoubt leaves doubt, and its client is told", async () => {
  const { send, handler, gate } = await service(sequence(new InDoubt("the bank is silent"), 201));
  for (let round = 0; round < 2; round += 1) {
    const refused = await send({ key: key(1) });
    assert.equal(refused.headers.get("retry-after"), null);
    await isProblem(refused, 409, "in-doubt");
  }
  assert.equal(handler.calls, 1);
  assert.equal(gate.doubts().length, 1);
});

test("a handler that says doubt() answers itself, and retries are refused", async () => {
  const { send } = await service((given) => {
    idempotencyOf(given).doubt();
    return new Response("it may take a while", { status: 202 });
  });
  assert.equal(await (await send({ key: key(1) })).text(), "it may take a while");
  await isProblem(await send({ key: key(1) }), 409, "in-doubt");
});

test("what is no Response is an error of the handler", async () => {
  for (const answer of [undefined, null, "ok", {}]) {
    const { send } = await service(sequence(answer, 201));
    await assert.rejects(send({ key: key(1) }), TypeError);
    assert.equal((await send({ key: key(1) })).status, 201);
  }
});

test("the handler gets the fencing token, and knows of earlier attempts", async () => {
  const told = [];
  const { send, fetch, gate, clock } = await service((given) => {
    const known = idempotencyOf(given);
    told.push(known);
    return new Response();
  });
  const { scope, id } = { scope: "6:tenant6:charge4:POST8:/charges", id: "k" };
  gate.claim({ scope, id }, { lease: 1 });
  clock.now += 1;
  await send({ key: '"k"' });
  const [{ key: sent, token, attempt, takeover }] = told;
  assert.deepEqual([sent, typeof token, attempt, takeover], ["k", "bigint", 2, true]);
  await send({ key: '"l"' });
  assert.ok(told[1].token > token);
  assert.deepEqual([told[1].attempt, told[1].takeover], [1, false]);
  await fetch(request({ method: "GET" }));
  assert.equal(told[2], undefined);
});

test("the default policy is a function of the answer alone", () => {
  const of = (status, type = "text/plain") => {
    const body = [204, 205, 304].includes(status) ? null : "x";
    return defaultPolicy(new Response(body, { status, headers: { "content-type": type } }));
  };
  assert.equal(of(200), "keep");
  assert.equal(of(429), "release");
  assert.equal(of(200, "text/event-stream"), "omit");
  assert.equal(of(200, "text/event-streams"), "keep");
  assert.equal(of(503, "text/event-stream"), "release");
});
