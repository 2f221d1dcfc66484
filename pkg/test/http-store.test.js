/**
 * Stores that fail, and gates that cannot go on: before a handler runs, and after it has.
 * @module
 */
import assert from "node:assert/strict";
import test from "node:test";
import { Gate } from "onceward";
import { idempotent, keepOpen } from "onceward/http";
import { deferred, turn } from "./helpers/claims.js";
import { handClock, MINUTE } from "./helpers/gate.js";
import { charging, isProblem, isReplay, key, request, scopeOf, seen } from "./helpers/http.js";
import { testStore } from "./helpers/teststore.js";

async function stored(handler = charging(), options = {}) {
  const { store, ...tools } = testStore();
  const clock = handClock();
  const reopen = () => Gate.open({ store, clock, secret: "a secret of the tests" });
  const gate = await reopen();
  const told = { unconfirmed: [], unavailable: [] };
  const fetch = idempotent(handler, {
    gate,
    scope: scopeOf,
    onUnconfirmed: (given) => told.unconfirmed.push(given.url),
    onUnavailable: (error) => told.unavailable.push(error.code),
    ...options,
  });
  const send = (init) => fetch(request(init));
  return { ...tools, store, gate, clock, reopen, told, fetch, send, handler };
}

test("when the store fails before the handler, it does not run, and the client comes again", async () => {
  const { send, failNext, told, handler } = await stored();
  failNext();
  const refused = await send({ key: key(1) });
  assert.equal(refused.headers.get("retry-after"), "5");
  await isProblem(refused, 503, "unavailable");
  assert.equal(handler.calls, 0);
  assert.deepEqual(told, { unconfirmed: [], unavailable: ["store"] });
  assert.equal((await send({ key: key(1) })).status, 201);
  assert.equal(handler.calls, 1);
});

test("when the store fails after the handler, the client gets its answer all the same", async () => {
  const handler = charging();
  const lab = await stored(async (given) => {
    lab.failNext();
    return await handler(given);
  });
  const first = await lab.send({ key: key(1), json: { amount: 1 } });
  assert.equal(first.status, 201);
  // What is not recorded is not promised.
  assert.equal(first.headers.get("idempotency-retention"), null);
  assert.deepEqual(lab.told, { unconfirmed: ["https://api.example/charges"], unavailable: [] });
  // The next flush tells the store, so that this one is confirmed.
  await isReplay(await lab.send({ key: key(1), json: { amount: 1 } }), first);
  assert.equal(lab.told.unconfirmed.length, 1);
  const reopened = await lab.reopen();
  assert.equal(reopened.stats().keys, 1);
  assert.equal(handler.calls, 1);
});

test("a replay that the store cannot confirm is given, and told of", async () => {
  const lab = await stored(async () => {
    lab.failNext();
    lab.failNext();
    return new Response("ok");
  });
  await lab.send({ key: key(1) });
  assert.equal((await seen(await lab.send({ key: key(1) }))).replayed, "true");
  assert.equal(lab.told.unconfirmed.length, 2);
});

test("hooks that fail change nothing for the client", async () => {
  const onUnconfirmed = () => {
    throw new Error("a hook");
  };
  const lab = await stored(
    async () => {
      lab.failNext();
      return new Response("ok");
    },
    { onUnconfirmed, onUnavailable: () => Promise.reject(new Error("a hook")) },
  );
  assert.equal((await lab.send({ key: key(1) })).status, 200);
  lab.takeOver();
  await isProblem(await lab.send({ key: key(2) }), 503, "unavailable");
});

test("a claim is confirmed before the handler runs, and its answer before the client sees it", async () => {
  const { send, holdNext, handler } = await stored();
  const claim = holdNext();
  const commit = holdNext();
  let isAnswered = false;
  const answer = send({ key: key(1) }).finally(() => {
    isAnswered = true;
  });
  await claim.arrived;
  assert.equal(handler.calls, 0);
  claim.go();
  await commit.arrived;
  await turn();
  assert.deepEqual([handler.calls, isAnswered], [1, false]);
  commit.go();
  assert.equal((await answer).status, 201);
});

test("a gate that was closed or fenced answers 503", async () => {
  const closed = await stored();
  await closed.gate.close();
  await isProblem(await closed.send({ key: key(1) }), 503, "unavailable");
  const fenced = await stored();
  fenced.takeOver();
  for (let round = 0; round < 2; round += 1) {
    await isProblem(await fenced.send({ key: key(1) }), 503, "unavailable");
  }
  assert.deepEqual(fenced.told.unavailable, ["fenced", "fenced"]);
  assert.equal(fenced.handler.calls, 0);
});

test("a gate that is full answers 503, and nothing runs", async () => {
  const handler = charging();
  const gate = await Gate.open({ maxBytes: 64 * 1024, clock: handClock() });
  for (let number = 0; ; number += 1) {
    try {
      gate.claim({ id: `${number}` });
    } catch ({ code }) {
      assert.equal(code, "capacity");
      break;
    }
  }
  const fetch = idempotent(handler, { gate, scope: scopeOf });
  await isProblem(await fetch(request({ key: key(1) })), 503, "unavailable");
  assert.equal(handler.calls, 0);
});

test("the gate may be a promise or a function, which may fail", async () => {
  const handler = charging();
  const gate = Gate.open();
  for (const source of [gate, () => gate, async (given) => (given.method === "POST" ? gate : 0)]) {
    const fetch = idempotent(handler, { gate: source, scope: scopeOf });
    await fetch(request({ key: key(1) }));
  }
  assert.equal(handler.calls, 1);
  const broken = new Error("a defect");
  const fetch = idempotent(handler, { gate: () => Promise.reject(broken), scope: scopeOf });
  await assert.rejects(fetch(request({ key: key(1) })), broken);
});

test("keepOpen opens once, and again when the gate cannot go on", async () => {
  const lab = await stored();
  let opened = 0;
  const source = keepOpen(async () => {
    opened += 1;
    return await lab.reopen();
  });
  const handler = charging();
  const fetch = idempotent(handler, { gate: source, scope: scopeOf });
  const send = () => fetch(request({ key: key(1), json: { amount: 1 } }));
  assert.equal(opened, 0);
  await Promise.all([fetch(request({ key: key(2) })), fetch(request({ key: key(3) }))]);
  const first = await send();
  assert.equal(opened, 1);
  lab.takeOver();
  // It takes a write to notice.
  await isProblem(await fetch(request({ key: key(4) })), 503, "unavailable");
  await isReplay(await send(), first);
  assert.equal(opened, 2);
  await (await source()).close();
  await isReplay(await send(), first);
  assert.equal(opened, 3);
});

test("keepOpen tries again when opening has failed", async () => {
  let opened = 0;
  const source = keepOpen(async () => {
    opened += 1;
    if (opened === 1) {
      throw new Error("no disk");
    }
    return await Gate.open();
  });
  await assert.rejects(source(), { message: "no disk" });
  const gates = await Promise.all([source(), source()]);
  assert.equal(gates[0], gates[1]);
  assert.equal(opened, 2);
});

test("what a crash left begins again after the lease, or stays in doubt", async () => {
  const died = deferred();
  const lab = await stored(() => died.promise);
  lab.send({ key: key(1) }).catch(() => {});
  await turn();
  await lab.gate.flush();
  for (const [afterCrash, status, code] of [
    ["hold", 409, "in-doubt"],
    ["retry", 201, undefined],
  ]) {
    const { store, clock } = lab;
    const gate = await Gate.open({ store, clock, secret: "a secret of the tests", afterCrash });
    const fetch = idempotent(charging(), { gate, scope: scopeOf });
    const at = clock.now;
    if (afterCrash === "hold") {
      await isProblem(await fetch(request({ key: key(1) })), 409, "pending");
      clock.now = at + MINUTE;
    }
    const answer = await fetch(request({ key: key(1) }));
    assert.equal(answer.status, status);
    if (code !== undefined) {
      await isProblem(answer, status, code);
    }
  }
  died.resolve(new Response());
});
