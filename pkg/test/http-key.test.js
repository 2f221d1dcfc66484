/**
 * The Idempotency-Key header: which forms are read, and what a request without one is answered.
 * @module
 */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";
import { idempotencyKey, keyEvent } from "onceward/http";
import { KEY_LENGTH_MAX, parseKey, parseString } from "../dist/internals.js";
import { refuses } from "./helpers/gate.js";
import { charging, isProblem, isReplay, key, request, scopeOf, service } from "./helpers/http.js";
import { seeded } from "./helpers/random.js";
import { published } from "./helpers/shared.js";

test("strings are parsed as the Structured Field tests say", (t) => {
  const path = published(t, "structured-field-strings.json");
  if (path === undefined) {
    return;
  }
  const { cases, serialisation } = JSON.parse(readFileSync(path, "utf8"));
  let accepted = 0;
  for (const { name, file, raw, idempotency_key: expected } of cases) {
    const found = parseString(raw.join(", "));
    assert.equal(found, expected.accept ? expected.key : undefined, `${file}: ${name}`);
    accepted += expected.accept ? 1 : 0;
  }
  assert.ok(accepted > 90, `${accepted}`);
  for (const { name, expected, canonical, must_fail: mustFail } of serialisation ?? []) {
    const [value] = expected;
    if (mustFail) {
      refuses("invalid_event", () => idempotencyKey(value), name);
    } else if (typeof value === "string" && value !== "") {
      assert.equal(idempotencyKey(value), canonical.join(), name);
    }
  }
});

for (const [field, expected, onlyLeniently = false] of [
  ['"abc"', "abc"],
  ['  "abc"  ', "abc"],
  ['"a\\"b\\\\c"', 'a"b\\c'],
  ['"abc";v=1', "abc"],
  ['"abc"; v=1.5;w="x";t=tok/en:1;b=:aGk=:;f;g=?0;d=@17;s=%"caf%c3%a9"', "abc"],
  ["abc", "abc", true],
  ["8e03978e-40d5-43e8-bc93-6894a57f9324", "8e03978e-40d5-43e8-bc93-6894a57f9324", true],
  ["123", "123", true],
  ["a+b/c==", "a+b/c==", true],
  ["x".repeat(255), "x".repeat(255), true],
  [`"${"x".repeat(255)}"`, "x".repeat(255)],
  [`"${'\\"'.repeat(255)}"`, '"'.repeat(255)],
  ['""', undefined],
  ["", undefined],
  ["   ", undefined],
  ['"abc', undefined],
  ['abc"', undefined],
  ['"a\\b"', undefined],
  ['"a\tb"', undefined],
  ['"caf\u00e9"', undefined],
  ["caf\u00e9", undefined],
  ["a b", undefined],
  ["a, b", undefined],
  ["a,b", undefined],
  ["a;b", undefined],
  ["a\\b", undefined],
  ['"a", "b"', undefined],
  ['"abc";', undefined],
  ['"abc" ;v=1', undefined],
  ['"abc";V=1', undefined],
  ['"abc";v=1234567890123456', undefined],
  ['"abc";v=1.2345', undefined],
  ["x".repeat(256), undefined],
  [`"${"x".repeat(256)}"`, undefined],
  [`"a"${";v".repeat(600)}`, undefined],
]) {
  test(`the header ${field.slice(0, 40)} of ${field.length} is read as ${expected?.slice(0, 20)}`, () => {
    assert.equal(parseKey(field, { strict: false }), expected);
    assert.equal(parseKey(field, { strict: true }), onlyLeniently ? undefined : expected);
  });
}

test("a key is written so that it is read again", () => {
  for (const id of ["a", 'a"b', "a\\b", " ", "~", "x".repeat(KEY_LENGTH_MAX)]) {
    assert.equal(parseKey(idempotencyKey(id), { strict: true }), id);
  }
  for (const id of ["", "x".repeat(256), "a\n", "\u00e9", "\u0000", undefined, 7]) {
    refuses("invalid_event", () => idempotencyKey(id), `${id}`);
  }
});

test("a header that is long and never ends is malformed", () => {
  for (const field of ['"'.repeat(1024), `"${"\\".repeat(1023)}`, `"a"${"; ".repeat(510)}`]) {
    assert.equal(parseKey(field, { strict: false }), undefined);
  }
});

test("random texts are read as themselves, or refused, and never throw (seed 11)", () => {
  const { below } = seeded(11);
  const text = (from, limit, length) =>
    String.fromCharCode(...Array.from({ length }, () => from + below(limit)));
  let read = 0;
  for (let round = 0; round < 3000; round += 1) {
    const printable = text(0x20, 0x5f, 1 + below(40));
    assert.equal(parseKey(idempotencyKey(printable), { strict: true }), printable);
    for (const field of [
      text(0, 0x100, below(12)),
      `"${text(0, 0x80, below(6))}"`,
      `"a";${printable}`,
    ]) {
      const found = parseKey(field, { strict: false });
      read += found === undefined ? 0 : 1;
      assert.ok(found === undefined || /^[ -~]{1,255}$/.test(found), JSON.stringify(field));
    }
  }
  assert.ok(read > 100, `${read}`);
});

test("a POST without a key is answered with 400, and its handler does not run", async () => {
  const { send, handler } = await service();
  await isProblem(await send({ json: {} }), 400, "missing_key");
  await isProblem(await send({ method: "PATCH" }), 400, "missing_key");
  assert.equal(handler.calls, 0);
});

test("a malformed key is answered with 400, and its handler does not run", async () => {
  const { send, handler } = await service();
  for (const field of ["", '"open', "a b", "x".repeat(256), '"one", "two"']) {
    await isProblem(await send({ key: field }), 400, "invalid_key");
  }
  assert.equal(handler.calls, 0);
});

test("two keys in one request are malformed", async () => {
  const { fetch } = await service();
  const twice = request({ key: key(1) });
  twice.headers.append("Idempotency-Key", key(2));
  await isProblem(await fetch(twice), 400, "invalid_key");
});

test("a problem links to the documentation of the service", async () => {
  const documentation = "https://api.example/docs/idempotency";
  const { send } = await service(charging(), { documentation });
  const answer = await send();
  assert.equal(answer.headers.get("link"), `<${documentation}>; rel="describedby"`);
  const { type } = await isProblem(answer, 400, "missing_key");
  assert.match(type, /^https:\/\/.*#missing_key$/);
});

test("strict refuses what is not in quotes", async () => {
  const { send } = await service(charging(), { strict: true });
  await isProblem(await send({ key: "bare" }), 400, "invalid_key");
  assert.equal((await send({ key: '"bare"' })).status, 201);
});

test("a key in quotes and a bare one are the same key", async () => {
  const { send, handler } = await service();
  const first = await send({ key: "abc" });
  await isReplay(await send({ key: '"abc"' }), first);
  assert.equal(handler.calls, 1);
});

test("which requests need a key can be chosen", async () => {
  const of = async (required) => {
    const { send } = await service(charging(), { required });
    const methods = ["POST", "PATCH", "PUT", "DELETE"];
    return Promise.all(methods.map(async (method) => (await send({ method })).status));
  };
  assert.deepEqual(await of(undefined), [400, 400, 201, 201]);
  assert.deepEqual(await of(true), [400, 400, 400, 400]);
  assert.deepEqual(await of(false), [201, 201, 201, 201]);
  assert.deepEqual(await of(["delete"]), [201, 201, 201, 400]);
});

test("a PUT with a key is acted on once", async () => {
  const { send, handler } = await service();
  const first = await send({ method: "PUT", key: key(1) });
  await isReplay(await send({ method: "PUT", key: key(1) }), first);
  assert.equal(handler.calls, 1);
});

test("GET, HEAD and OPTIONS pass through, with a key or without", async () => {
  const { send, handler, gate } = await service();
  for (const method of ["GET", "HEAD", "OPTIONS"]) {
    for (const id of [undefined, key(1), "mal formed"]) {
      const answer = await send({ method, key: id });
      assert.equal(answer.status, 201);
      assert.equal(answer.headers.get("idempotency-retention"), null);
    }
  }
  assert.equal(handler.calls, 9);
  assert.equal(gate.stats().keys, 0);
});

test("the key may come in another header", async () => {
  const { send, handler } = await service(charging(), { header: "PayPal-Request-Id" });
  await isProblem(await send({ key: key(1) }), 400, "missing_key");
  const headers = { "paypal-request-id": "7" };
  const first = await send({ headers });
  await isReplay(await send({ headers }), first);
  assert.equal(handler.calls, 1);
});

test("keyEvent names the event that a request is", async () => {
  const { send, gate } = await service();
  await send({ key: '"abc"' });
  const given = request();
  const event = keyEvent(given, scopeOf(given), "abc");
  assert.equal(gate.inspect(event).verdict, "duplicate");
  assert.equal(gate.forget(event), 1);
  assert.equal((await send({ key: '"abc"' })).headers.get("idempotency-replayed"), null);
});
