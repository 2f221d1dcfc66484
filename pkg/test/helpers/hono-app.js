/**
 * An application of Hono that is asked a few times, in whichever runtime this runs.
 *
 * @module
 */
import { Hono } from "hono";
import { Gate } from "onceward";
import { idempotency } from "onceward/hono";

/** Asks the application; returns status, marker and bytes of every answer. */
export async function ask() {
  const gate = await Gate.open();
  const app = new Hono();
  let calls = 0;
  const scope = (c) => ({ tenant: c.req.header("x-tenant") ?? "t", operation: "charge" });
  app.use("/charges", idempotency({ gate, scope }));
  app.post("/charges", async (c) => {
    calls += 1;
    const { amount, fail = false } = await c.req.json();
    if (fail && calls === 2) {
      return c.text("later", 503);
    }
    const known = c.get("idempotency");
    return c.body(Uint8Array.of(calls, amount, known.attempt, 255), 201, { "set-cookie": "a=1" });
  });
  const answers = [];
  for (const [id, json, headers] of [
    ["a", { amount: 1 }],
    ["a", { amount: 1 }],
    ["a", { amount: 2 }],
    ["b", { amount: 1, fail: true }],
    ["b", { fail: true, amount: 1 }],
    ["a", { amount: 1 }, { "x-tenant": "u" }],
    [undefined, {}],
  ]) {
    const response = await app.request("/charges", {
      method: "POST",
      headers: {
        "content-type": "application/json",
        ...(id === undefined ? {} : { "idempotency-key": `"${id}"` }),
        ...headers,
      },
      body: JSON.stringify(json),
    });
    const bytes = new Uint8Array(await response.arrayBuffer());
    const isProblem = response.headers.get("content-type") === "application/problem+json";
    answers.push({
      status: response.status,
      replayed: response.headers.get("idempotency-replayed"),
      cookie: response.headers.get("set-cookie"),
      body: isProblem ? JSON.parse(new TextDecoder().decode(bytes)).code : [...bytes],
    });
  }
  return { calls, answers };
}
