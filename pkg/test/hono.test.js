/**
 * The middleware of Hono: what `idempotent` does, within an application.
 * @module
 */
import assert from "node:assert/strict";
import test from "node:test";
import { Hono } from "hono";
import { cors } from "hono/cors";
import { HTTPException } from "hono/http-exception";
import { idempotency } from "onceward/hono";
import { deferred, turn } from "./helpers/claims.js";
import { open } from "./helpers/gate.js";
import { isProblem, key, request, seen } from "./helpers/http.js";

const scope = (c) => ({ tenant: c.req.header("x-tenant") ?? "t", operation: "charge" });

/** An application with one route; `before` is registered ahead of the middleware. */
async function application(handler, { before = [], ...options } = {}) {
  const { gate } = await open();
  const app = new Hono();
  for (const middleware of before) {
    app.use(middleware);
  }
  app.use("/charges", idempotency({ gate, scope, ...options }));
  app.on(["GET", "POST"], "/charges", handler);
  const send = (init) => app.fetch(request(init));
  return { app, gate, send };
}

/** A handler that creates charges. */
function creating() {
  const handler = async (c) => {
    handler.calls += 1;
    const { amount } = await c.req.json();
    return c.json({ charge: handler.calls, amount }, 201);
  };
  handler.calls = 0;
  return handler;
}

test("a request is acted on once, and its retry gets the answer", async () => {
  const handler = creating();
  const { send } = await application(handler);
  const first = await send({ key: key(1), json: { amount: 5 } });
  assert.equal(first.headers.get("idempotency-retention"), "604800;answer=86400");
  assert.deepEqual(await seen(first), {
    status: 201,
    replayed: null,
    body: '{"charge":1,"amount":5}',
  });
  assert.deepEqual(await seen(await send({ key: key(1), json: { amount: 5 } })), {
    status: 201,
    replayed: "true",
    body: '{"charge":1,"amount":5}',
  });
  await isProblem(await send({ key: key(1), json: { amount: 6 } }), 422, "conflict");
  await isProblem(await send({ json: {} }), 400, "missing_key");
  assert.equal(handler.calls, 1);
  const headers = { "x-tenant": "u" };
  assert.equal((await send({ key: key(1), json: { amount: 6 }, headers })).status, 201);
});

test("GET passes through", async () => {
  const { send } = await application((c) => c.text(`${c.get("idempotency")}`));
  assert.equal(await (await send({ method: "GET" })).text(), "undefined");
});

test("the same request in flight is refused, or waits", async () => {
  for (const pending of ["refuse", "wait"]) {
    const held = deferred();
    const { send } = await application(async (c) => c.text(await held.promise), { pending });
    const first = send({ key: key(1) });
    await turn();
    const second = send({ key: key(1) });
    await turn();
    held.resolve("done");
    assert.equal(await (await first).text(), "done");
    const answer = await second;
    if (pending === "wait") {
      assert.deepEqual(await seen(answer), { status: 200, replayed: "true", body: "done" });
    } else {
      await isProblem(answer, 409, "pending");
    }
  }
});

test("headers that other middleware sets are those of this answer", async () => {
  const origin = "https://shop.example";
  let requests = 0;
  const counting = async (c, next) => {
    requests += 1;
    c.header("x-request", `${requests}`);
    await next();
    c.header("x-after", `${requests}`);
  };
  const { send } = await application((c) => c.text("ok", 200, { "set-cookie": "a=1" }), {
    before: [cors({ origin }), counting],
  });
  const first = await send({ key: key(1), headers: { origin } });
  const again = await send({ key: key(1), headers: { origin } });
  const names = ["access-control-allow-origin", "x-request", "x-after", "set-cookie"];
  assert.deepEqual(
    names.map((name) => first.headers.get(name)),
    [origin, "1", "1", "a=1"],
  );
  assert.deepEqual(
    names.map((name) => again.headers.get(name)),
    [origin, "2", "2", null],
  );
  assert.equal(first.headers.get("content-type"), again.headers.get("content-type"));
});

test("a marker that a handler passes on is not its own", async () => {
  const headers = { "idempotency-replayed": "true", "set-cookie": "a=1" };
  const { send } = await application((c) => c.text("ok", 200, headers));
  const first = await send({ key: key(1) });
  assert.equal(first.headers.get("idempotency-replayed"), null);
  assert.deepEqual(first.headers.getSetCookie(), ["a=1"]);
});

test("a body that was read before is read again", async () => {
  for (const read of ["json", "text", "arrayBuffer"]) {
    const handler = creating();
    const validator = async (c, next) => {
      await c.req[read]();
      await next();
    };
    const { send } = await application(handler, { before: [validator] });
    assert.equal((await send({ key: key(1), json: { amount: 5 } })).status, 201);
    assert.equal((await seen(await send({ key: key(1), json: { amount: 5 } }))).replayed, "true");
    await isProblem(await send({ key: key(1), json: { amount: 6 } }), 422, "conflict");
    assert.equal(handler.calls, 1);
  }
});

/** A handler that throws at first, and then answers. */
function throwing(error) {
  const handler = (c) => {
    handler.calls += 1;
    if (handler.calls === 1) {
      throw error;
    }
    return c.text("ok");
  };
  handler.calls = 0;
  return handler;
}

test("what app.onError answers is judged like any answer", async () => {
  for (const [error, status, calls] of [
    [new Error("no database"), 500, 2],
    [new HTTPException(503, { message: "later" }), 503, 2],
    [new HTTPException(400, { message: "wrong" }), 400, 1],
  ]) {
    const handler = throwing(error);
    const { send, app } = await application(handler);
    app.onError((thrown, c) =>
      thrown instanceof HTTPException ? thrown.getResponse() : c.text("failed", 500),
    );
    assert.equal((await send({ key: key(1) })).status, status);
    assert.equal((await send({ key: key(1) })).status, calls === 1 ? status : 200);
    assert.equal(handler.calls, calls);
  }
});

test("an error can leave doubt, and a handler can say so", async () => {
  const thrown = await application(throwing(new TypeError("timeout")), { onError: () => "doubt" });
  thrown.app.onError((_, c) => c.text("failed", 500));
  assert.equal((await thrown.send({ key: key(1) })).status, 500);
  await isProblem(await thrown.send({ key: key(1) }), 409, "in-doubt");

  const said = await application((c) => {
    c.get("idempotency").doubt();
    return c.text("it may take a while", 202);
  });
  assert.equal((await said.send({ key: key(1) })).status, 202);
  await isProblem(await said.send({ key: key(1) }), 409, "in-doubt");
});

test("the runtime waits for what was begun", async () => {
  const { app } = await application((c) => c.text("ok"));
  const waited = [];
  const context = { waitUntil: (promise) => waited.push(promise), passThroughOnException() {} };
  await app.fetch(request({ key: key(1) }), {}, context);
  assert.equal(waited.length, 1);
  await waited[0];
});

test("the gate may come from the bindings, and the options are checked at once", async () => {
  const { gate } = await open();
  const app = new Hono();
  app.post("/charges", idempotency({ gate: (c) => c.env.gate, scope }), (c) => c.text("ok"));
  const send = () => app.fetch(request({ key: key(1) }), { gate });
  await send();
  assert.equal((await seen(await send())).replayed, "true");
  for (const options of [undefined, {}, { gate }, { gate, scope: "t" }, { gate, scope, a: 1 }]) {
    assert.throws(() => idempotency(options), { code: "invalid_option" });
  }
});

test("a scope that answers ends the request", async () => {
  const { send } = await application((c) => c.text("ok"), {
    scope: (c) => c.json({ error: "who are you?" }, 401),
  });
  assert.equal((await send({ key: key(1) })).status, 401);
});
