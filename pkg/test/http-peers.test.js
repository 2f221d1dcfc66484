/**
 * What goes wrong elsewhere: each of these was seen in other libraries for idempotent requests, or
 * was reported by their users.
 * @module
 */
import assert from "node:assert/strict";
import test from "node:test";
import { Gate } from "onceward";
import { idempotencyOf, idempotent } from "onceward/http";
import { deferred, turn } from "./helpers/claims.js";
import { DAY, handClock, MINUTE } from "./helpers/gate.js";
import {
  charging,
  isProblem,
  isReplay,
  key,
  request,
  scopeOf,
  seen,
  service,
} from "./helpers/http.js";
import { testStore } from "./helpers/teststore.js";

/** A handler whose first call is held, and whose others answer at once; no lease is renewed. */
async function stale() {
  const held = deferred();
  const tokens = [];
  const unconfirmed = [];
  const lab = await service(
    async (given) => {
      tokens.push(idempotencyOf(given).token);
      return tokens.length === 1 ? await held.promise : Response.json({ by: "second" });
    },
    { gateOptions: { lease: "60s" }, onUnconfirmed: () => unconfirmed.push("told") },
  );
  const slow = lab.send({ key: key(1) });
  await turn();
  // The worker hangs for longer than its lease: its timers do not go off either.
  lab.clock.now += MINUTE;
  const second = await lab.send({ key: key(1) });
  return { ...lab, held, tokens, unconfirmed, slow, second };
}

test("a slow worker whose lease is over cannot overwrite the answer of the one that took over", async () => {
  const { send, held, tokens, unconfirmed, slow, second } = await stale();
  held.resolve(Response.json({ by: "first" }));
  assert.equal(await (await slow).text(), '{"by":"first"}');
  assert.deepEqual(unconfirmed, ["told"]);
  assert.ok(tokens[1] > tokens[0], "the resource can refuse the first");
  await isReplay(await send({ key: key(1) }), second);
});

test("a slow worker that fails late cannot delete the answer of the one that took over", async () => {
  const { send, held, tokens, slow, second } = await stale();
  held.reject(new Error("too late"));
  await assert.rejects(slow, { message: "too late" });
  await isReplay(await send({ key: key(1) }), second);
  assert.equal(tokens.length, 2);
});

test("a store that fails after the effect makes neither a 500, nor a 409 for a day", async () => {
  const { store, failNext } = testStore();
  const gate = await Gate.open({ store, clock: handClock() });
  let calls = 0;
  const fetch = idempotent(
    () => {
      calls += 1;
      failNext();
      return new Response("charged");
    },
    { gate, scope: scopeOf },
  );
  const first = await fetch(request({ key: key(1) }));
  assert.equal(first.status, 200);
  await isReplay(await fetch(request({ key: key(1) })), first);
  assert.equal(calls, 1);
});

test("a worker that died blocks its key for its lease, not for the retention", async () => {
  const { send, clock, gate } = await service();
  const event = { scope: "6:tenant6:charge4:POST8:/charges", id: "k" };
  gate.claim(event);
  await isProblem(await send({ key: '"k"' }), 409, "pending");
  clock.now += MINUTE;
  assert.equal((await send({ key: '"k"' })).status, 201);
});

test("in flight and another body is 422", async () => {
  const held = deferred();
  const { send } = await service(() => held.promise);
  const first = send({ key: key(1), json: { amount: 1 } });
  await turn();
  await isProblem(await send({ key: key(1), json: { amount: 2 } }), 422, "conflict");
  held.resolve(new Response());
  await first;
});

test("a binary answer is replayed byte for byte", async () => {
  const png = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0xff, 0xfe, 0x00, 0xc3);
  const { send } = await service(() => new Response(png));
  for (let round = 0; round < 2; round += 1) {
    assert.deepEqual(new Uint8Array(await (await send({ key: key(1) })).arrayBuffer()), png);
  }
});

test("a key of one tenant never gets another's answer, nor is held up by it", async () => {
  const { send, handler } = await service();
  const given = { key: key(1), json: { amount: 1 } };
  const mine = await (await send({ ...given, headers: { "x-tenant": "a:b" } })).text();
  for (const tenant of ["a", "b", "a:b:", "a:", "3:a:b"]) {
    const theirs = await seen(await send({ ...given, headers: { "x-tenant": tenant } }));
    assert.deepEqual([theirs.status, theirs.replayed], [201, null]);
    assert.notEqual(theirs.body, mine);
  }
  assert.equal(handler.calls, 6);
});

test("the same body under another key, or at another route, is another request", async () => {
  const { send, handler } = await service();
  const json = { amount: 1 };
  await send({ key: key(1), json });
  assert.equal((await send({ key: key(2), json })).status, 201);
  const refund = await seen(await send({ key: key(1), json, path: "/refunds" }));
  assert.deepEqual([refund.status, refund.replayed], [201, null]);
  assert.equal(handler.calls, 3);
});

test("a 500 does not burn the key for a day", async () => {
  let calls = 0;
  const { send, clock } = await service(() => {
    calls += 1;
    if (calls === 1) {
      throw new Error("a defect");
    }
    return new Response(null, { status: calls === 2 ? 500 : 201 });
  });
  await assert.rejects(send({ key: key(1) }), { message: "a defect" });
  assert.equal((await send({ key: key(1) })).status, 500);
  assert.equal((await send({ key: key(1) })).status, 201);
  clock.now += DAY - 1;
  assert.equal((await seen(await send({ key: key(1) }))).replayed, "true");
});

test("a refused body does not burn the key either: its correction goes by the same one", async () => {
  const { send, handler } = await service(charging(), {
    policy: ({ ok }) => (ok ? "keep" : "release"),
  });
  await send({ key: key(1), json: { amount: 1 } });
  await isProblem(await send({ key: key(1), json: { amount: 2 } }), 422, "conflict");
  assert.equal(handler.calls, 1);
});

test("a handler that changes its request completes the key that was claimed", async () => {
  const { send } = await service(async (given) => {
    const bytes = new Uint8Array(await given.arrayBuffer());
    bytes.fill(0);
    given.headers.set("Idempotency-Key", key(9));
    given.headers.set("x-tenant", "other");
    return new Response("done");
  });
  const first = await send({ key: key(1), json: { amount: 1 } });
  await isReplay(await send({ key: key(1), json: { amount: 1 } }), first);
  assert.equal((await seen(await send({ key: key(9), json: { amount: 1 } }))).replayed, null);
});

test("the order of members in a body makes no other request", async () => {
  const { send, handler } = await service();
  const first = await send({ key: key(1), json: { amount: 1, to: { iban: "a", bic: "b" } } });
  await isReplay(
    await send({ key: key(1), json: { to: { bic: "b", iban: "a" }, amount: 1 } }),
    first,
  );
  assert.equal(handler.calls, 1);
});

test("whoever waits takes over when the leader is released, and is not told of a timeout", async () => {
  const held = deferred();
  let calls = 0;
  const { send } = await service(
    async () => {
      calls += 1;
      return calls === 1 ? await held.promise : new Response("second");
    },
    { pending: "wait" },
  );
  const leader = send({ key: key(1) });
  await turn();
  const waiting = send({ key: key(1) });
  await turn();
  held.reject(new Error("the leader fails"));
  await assert.rejects(leader);
  assert.deepEqual(await seen(await waiting), { status: 200, replayed: null, body: "second" });
});

test("a client cannot claim that its request is a replay", async () => {
  const { send, handler } = await service();
  await send({ key: key(1), headers: { "Idempotency-Replayed": "true" } });
  const { replayed } = await seen(
    await send({ key: key(2), headers: { "Idempotency-Replayed": "true" } }),
  );
  assert.equal(replayed, null);
  assert.equal(handler.calls, 2);
});

test("of many duplicates at the same time one is acted on", async () => {
  const { send, handler } = await service(charging(), { pending: "wait" });
  const answers = await Promise.all(
    Array.from({ length: 100 }, () => send({ key: key(1), json: { amount: 1 } })),
  );
  const bodies = await Promise.all(answers.map((answer) => answer.text()));
  assert.deepEqual(new Set(bodies), new Set(['{"charge":1,"amount":1}']));
  assert.equal(handler.calls, 1);
});
