/**
 * A service behind a gate, whose handler counts, and the requests that tests send to it.
 * @module
 */
import assert from "node:assert/strict";
import { idempotencyKey, idempotent, problemType } from "onceward/http";
import { open } from "./gate.js";

export const ORIGIN = "https://api.example";

/** The scope that a request says itself, since nothing here is secret. */
export const scopeOf = (request) => ({
  tenant: request.headers.get("x-tenant") ?? "tenant",
  operation: "charge",
});

/** A key by its number: a UUID in quotes. */
export function key(number) {
  return idempotencyKey(`8e03978e-40d5-43e8-bc93-${String(number).padStart(12, "0")}`);
}

/** Makes a request: `request({ key: key(1), json: { amount: 1 } })`. */
export function request({ method = "POST", path = "/charges", json, headers, ...init } = {}) {
  const { key: id, ...others } = init;
  return new Request(new URL(path, ORIGIN), {
    method,
    headers: {
      ...(id === undefined ? {} : { "Idempotency-Key": id }),
      ...(json === undefined ? {} : { "Content-Type": "application/json" }),
      ...headers,
    },
    ...(json === undefined ? {} : { body: JSON.stringify(json) }),
    ...others,
  });
}

/** The handler that tests use unless they have their own: creates a charge with a number. */
export function charging() {
  const handler = async (given) => {
    handler.calls += 1;
    const { amount = 0 } = given.headers.get("content-type")?.includes("json")
      ? await given.json()
      : {};
    return Response.json({ charge: handler.calls, amount }, { status: 201 });
  };
  handler.calls = 0;
  return handler;
}

/** Wraps a handler; `gateOptions` are those of its gate. */
export async function service(handler = charging(), { gateOptions, ...options } = {}) {
  const { gate, clock } = await open(gateOptions);
  const fetch = idempotent(handler, { gate, scope: scopeOf, ...options });
  const send = (init) => fetch(request(init));
  return { gate, clock, fetch, send, handler };
}

/** What is compared of an answer. */
export async function seen(response) {
  return {
    status: response.status,
    replayed: response.headers.get("idempotency-replayed"),
    body: await response.text(),
  };
}

/** Asserts that an answer is this problem, and returns its body. */
export async function isProblem(response, status, code) {
  const text = await response.text();
  assert.equal(response.status, status, text);
  assert.equal(response.headers.get("content-type"), "application/problem+json");
  assert.equal(response.headers.get("cache-control"), "no-store");
  const body = JSON.parse(text);
  assert.deepEqual([body.code, body.status, body.type], [code, status, problemType(code)]);
  assert.ok(body.title.length > 0 && body.detail.length > 0);
  return body;
}

/** Asserts that an answer is an earlier one again, and returns it. */
export async function isReplay(response, first) {
  const again = await seen(response);
  assert.deepEqual(again, { ...(await seen(first.clone())), replayed: "true" });
  return again;
}
