/**
 * Requests that come in at two isolates of workerd, and are judged by one Durable Object.
 * @module
 */
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { after } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
// biome-ignore lint/correctness/noUndeclaredDependencies: tests use what the workspace declares.
import { Miniflare } from "miniflare";
import { isProblem, key } from "./helpers/http.js";
import { bundle, COMPATIBILITY_DATE } from "./helpers/workerd.js";

const script = JSON.stringify(fileURLToPath(new URL("helpers/http-worker.js", import.meta.url)));

/** The two Workers: each tells by a random number which isolate it is. */
const worker = (exported) => `
  ${exported}
  import { route } from ${script};
  let isolate;
  export default {
    async fetch(request, env, ctx) {
      isolate ??= crypto.randomUUID();
      const answer = await route(request, env, ctx);
      const headers = new Headers(answer.headers);
      headers.set("x-isolate", isolate);
      return new Response(answer.body, { status: answer.status, headers });
    },
  };`;

const folder = await mkdtemp(join(tmpdir(), "onceward-http-"));
const common = { compatibilityDate: COMPATIBILITY_DATE };
const options = {
  workers: [
    {
      ...common,
      name: "one",
      modules: await bundle(worker(`export { Charges } from ${script};`)),
      routes: ["one.example/*"],
      durableObjects: { CHARGES: { className: "Charges", useSQLite: true } },
    },
    {
      ...common,
      name: "two",
      modules: await bundle(worker("")),
      routes: ["two.example/*"],
      durableObjects: { CHARGES: { className: "Charges", scriptName: "one", useSQLite: true } },
    },
  ],
  durableObjectsPersist: folder,
  cf: false,
};
let miniflare = new Miniflare(options);
after(async () => {
  await miniflare.dispose();
  await rm(folder, { recursive: true, force: true });
});

function send(isolate, { tenant = "t", key: id, body, ...init }) {
  return miniflare.dispatchFetch(`http://${isolate}.example/charges`, {
    method: "POST",
    headers: { "x-tenant": tenant, "idempotency-key": id, "content-type": "application/json" },
    body: JSON.stringify(body),
    ...init,
  });
}

async function rows(tenant) {
  const headers = { "x-tenant": tenant };
  return (await (await miniflare.dispatchFetch("http://one.example/", { headers })).json()).rows;
}

async function told(response) {
  const bytes = [...new Uint8Array(await response.arrayBuffer())];
  const { headers, status } = response;
  return { status, bytes, location: headers.get("location") };
}

test("of duplicates that come in at two isolates at the same time one is acted on", async () => {
  const body = { amount: 5, pause: 50 };
  const sent = ["one", "two", "one", "two", "two", "one"].map((isolate) =>
    send(isolate, { key: key(1), body }),
  );
  const answers = await Promise.all(sent);
  assert.equal(new Set(answers.map(({ headers }) => headers.get("x-isolate"))).size, 2);
  const replayed = answers.map(({ headers }) => headers.get("idempotency-replayed"));
  assert.deepEqual(replayed.sort(), [null, ...Array(5).fill("true")].sort());
  for (const answer of answers) {
    const expected = { status: 201, bytes: [1, 1, 0, 255], location: "/charges/1" };
    assert.deepEqual(await told(answer), expected);
  }
  assert.equal(await rows("t"), 1);
  await isProblem(await send("two", { key: key(1), body: { amount: 6 } }), 422, "conflict");
});

test("an answer outlives the process", async () => {
  const given = { tenant: "kept", key: key(1), body: { amount: 5 } };
  const first = await told(await send("one", given));
  await miniflare.dispose();
  miniflare = new Miniflare(options);
  const again = await send("two", given);
  assert.equal(again.headers.get("idempotency-replayed"), "true");
  assert.deepEqual(await told(again), first);
  assert.equal(await rows("kept"), 1);
});

test("a client that goes away breaks nothing off, and its retry gets the answer", async () => {
  const url = new URL("/charges", await miniflare.ready);
  const leave = new AbortController();
  const headers = {
    "x-tenant": "leaves",
    "idempotency-key": key(1),
    "content-type": "application/json",
    host: "one.example",
  };
  const body = JSON.stringify({ amount: 5, pause: 300 });
  const left = fetch(url, { method: "POST", headers, body, signal: leave.signal });
  const gone = assert.rejects(left, { name: "AbortError" });
  for (let tries = 0; (await rows("leaves")) === 0; tries += 1) {
    assert.ok(tries < 1000, "the handler does not begin");
    await delay(5);
  }
  leave.abort();
  await gone;
  const again = await send("two", {
    tenant: "leaves",
    key: key(1),
    body: { amount: 5, pause: 300 },
  });
  assert.equal(again.headers.get("idempotency-replayed"), "true");
  assert.deepEqual((await told(again)).bytes, [1, 1, 0, 255]);
  assert.equal(await rows("leaves"), 1);
});
