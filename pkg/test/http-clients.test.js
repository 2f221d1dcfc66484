/**
 * Clients that go away, and runtimes that would end what nobody waits for.
 * @module
 */
import assert from "node:assert/strict";
import { createServer } from "node:http";
import test from "node:test";
import { deferred, turn } from "./helpers/claims.js";
import { charging, isReplay, key, request, seen, service } from "./helpers/http.js";

test("a client that goes away does not break off the handler, and its retry gets the answer", async () => {
  const held = deferred();
  const signals = [];
  const { fetch, gate } = await service(async (given) => {
    signals.push(given.signal);
    await held.promise;
    given.signal.throwIfAborted();
    return new Response(await given.text());
  });
  const leave = new AbortController();
  const of = (signal) => request({ key: key(1), body: "body", signal });
  const first = fetch(of(leave.signal));
  await turn();
  leave.abort();
  held.resolve();
  assert.equal((await first).status, 200);
  assert.equal(signals[0].aborted, false);
  assert.equal(gate.stats().claims, 0);
  assert.deepEqual(await seen(await fetch(of(undefined))), {
    status: 200,
    replayed: "true",
    body: "body",
  });
});

test("a client that goes away while it sends claims nothing", async () => {
  const { send, gate, handler } = await service();
  const body = new ReadableStream({
    pull: (controller) => controller.error(new Error("the connection is gone")),
  });
  await assert.rejects(send({ key: key(1), body, duplex: "half" }), {
    message: "the connection is gone",
  });
  assert.deepEqual([gate.stats().claims, handler.calls], [0, 0]);
});

test("the handler has the whole request", async () => {
  const seenBy = [];
  const { fetch } = await service(
    async (given, ...args) => {
      const { method, url, headers } = given;
      seenBy.push([method, url, headers.get("x-a"), await given.text(), ...args]);
      return new Response();
    },
    { required: false },
  );
  const init = { path: "/charges?a=1", headers: { "x-a": "1" }, body: "body" };
  await fetch(request({ ...init, key: key(1) }), "env", "ctx");
  await fetch(request(init), "env", "ctx");
  const expected = ["POST", "https://api.example/charges?a=1", "1", "body", "env", "ctx"];
  assert.deepEqual(seenBy, [expected, expected]);
});

test("a body that was read before is an error, and nothing runs", async () => {
  const { fetch, handler } = await service();
  const given = request({ key: key(1), body: "body" });
  await given.text();
  await assert.rejects(fetch(given), { code: "invalid_option" });
  assert.equal(handler.calls, 0);
});

test("whatever can wait is asked to, until the answer is recorded", async () => {
  const held = deferred();
  const { fetch, gate } = await service(() => held.promise);
  const waited = [];
  const context = {
    waitUntil(promise) {
      assert.equal(this, context);
      waited.push(promise);
    },
  };
  const first = fetch(request({ key: key(1) }), { binding: 1 }, context);
  await turn();
  assert.equal(waited.length, 1);
  assert.equal(gate.stats().claims, 1);
  held.resolve(new Response("ok"));
  await waited[0];
  assert.equal(gate.stats().claims, 0);
  await first;
  const failing = await service(() => Promise.reject(new Error("no")));
  await assert.rejects(failing.fetch(request({ key: key(1) }), context));
  await waited[1];
});

test("a server of Node can be asked by clients that leave", async (t) => {
  const held = deferred();
  const begun = deferred();
  const handler = charging();
  const { fetch: judge } = await service(async (given) => {
    begun.resolve();
    await held.promise;
    return await handler(given);
  });
  const server = createServer(async (incoming, outgoing) => {
    const leave = new AbortController();
    outgoing.on("close", () => leave.abort());
    const chunks = [];
    for await (const chunk of incoming) {
      chunks.push(chunk);
    }
    const { method, headers } = incoming;
    const body = Buffer.concat(chunks);
    const answer = await judge(request({ method, headers, body, signal: leave.signal }));
    outgoing.writeHead(answer.status, Object.fromEntries(answer.headers));
    outgoing.end(Buffer.from(await answer.arrayBuffer()));
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => server.close());
  const url = `http://127.0.0.1:${server.address().port}/`;
  const init = { method: "POST", headers: { "idempotency-key": key(1) }, body: "body" };
  const leave = new AbortController();
  const gone = assert.rejects(fetch(url, { ...init, signal: leave.signal }), {
    name: "AbortError",
  });
  await begun.promise;
  leave.abort();
  await gone;
  held.resolve();
  await turn();
  const again = await fetch(url, init);
  assert.equal(again.headers.get("idempotency-replayed"), "true");
  await isReplay(await fetch(url, init), again);
  assert.equal(handler.calls, 1);
});
