/**
 * Ids made from what makes an event what it is.
 * @module
 */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import test from "node:test";
import { contentId, ordinal } from "onceward";
import { refuses } from "./helpers/gate.js";

const UUID8 = /^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const order = { from: "a", to: "b", amount: 12.5, on: "2026-05-01" };

test("the same content has the same id, whatever the order of its fields", () => {
  const id = contentId(order);
  assert.match(id, UUID8);
  assert.equal(contentId(structuredClone(order)), id);
  const turned = Object.fromEntries(Object.entries(order).reverse());
  assert.equal(contentId(turned), id);
  assert.equal(contentId({ b: { y: 1, x: 2 }, a: [1] }), contentId({ a: [1], b: { x: 2, y: 1 } }));
  assert.equal(contentId(Object.assign(Object.create(null), order)), id);
  assert.equal(contentId({ a: -0 }), contentId({ a: 0 }));
  // It carries no time.
  refuses("invalid_event", () => ordinal.uuid7(id));
});

test("other content has another id", () => {
  const contents = [
    order,
    { ...order, amount: 12.25 },
    { ...order, to: "c" },
    {},
    [],
    "",
    null,
    0,
    false,
    "null",
    [order],
    "é",
    "e\u0301",
    new Uint8Array(),
    new TextEncoder().encode("null"),
    new TextEncoder().encode('""'),
    new Uint8Array([0]),
  ];
  assert.equal(new Set(contents.map((content) => contentId(content))).size, contents.length);
});

test("a secret makes other ids, and a text is the same as its bytes", () => {
  const secret = "a secret of the tests, ä";
  const bytes = new TextEncoder().encode(secret);
  const id = contentId(order, { secret });
  assert.match(id, UUID8);
  assert.equal(contentId(order, { secret: bytes }), id);
  assert.equal(contentId(order, { secret: Buffer.from(bytes) }), id);
  const ids = [contentId(order), id, contentId(order, { secret: "another" })];
  const binary = new Uint8Array([1, 2]);
  const all = [...ids, contentId(binary), contentId(binary, { secret })];
  assert.equal(new Set(all).size, 5);
});

test("what is omitted does not count, and is not even read", () => {
  const id = contentId(order);
  const omit = ["sentAt", "attempt"];
  assert.equal(contentId({ ...order, sentAt: 5, attempt: 1 }, { omit }), id);
  assert.equal(contentId({ sentAt: 6, ...order }, { omit }), id);
  assert.equal(contentId(order, { omit }), id);
  assert.equal(contentId(order, { omit: [] }), id);
  const trapped = Object.defineProperty({ ...order, attempt: undefined }, "sentAt", {
    enumerable: true,
    get: () => assert.fail("it was read"),
  });
  assert.equal(contentId(trapped, { omit }), id);
  const secret = "a secret";
  assert.equal(contentId(trapped, { omit, secret }), contentId(order, { secret }));
  // Only those at the top.
  assert.notEqual(contentId({ ...order, deep: { sentAt: 5 } }, { omit }), id);
  assert.notEqual(
    contentId({ deep: { sentAt: 5 } }, { omit }),
    contentId({ deep: { sentAt: 6 } }, { omit }),
  );
});

test("what is neither JSON nor bytes is invalid_event", () => {
  const cyclic = {};
  cyclic.self = cyclic;
  for (const value of [
    undefined,
    5n,
    Number.NaN,
    () => 1,
    Symbol("a"),
    new Date(),
    new Map(),
    { a: undefined },
    [undefined],
    "\ud800",
    { "\ud800": 1 },
    cyclic,
    new Uint16Array(1),
    new ArrayBuffer(1),
  ]) {
    refuses("invalid_event", () => contentId(value), String(typeof value));
  }
  for (const value of [new Uint8Array(1), "text", 5, null, undefined, [1]]) {
    refuses("invalid_event", () => contentId(value, { omit: ["0"] }), String(value));
  }
});

test("bytes that were transferred away have no id, rather than that of none", () => {
  const bytes = new Uint8Array([1, 2, 3]);
  const id = contentId(bytes);
  structuredClone(bytes, { transfer: [bytes.buffer] });
  refuses("invalid_event", () => contentId(bytes));
  assert.notEqual(contentId(new Uint8Array()), id);
});

test("wrong options are invalid_option", () => {
  for (const options of [
    5,
    { omits: [] },
    { secret: "" },
    { secret: new Uint8Array() },
    { secret: 5 },
    { secret: null },
    { secret: "\ud800" },
    { omit: "sentAt" },
    { omit: [5] },
    { omit: { 0: "a" } },
    { omit: null },
    { omit: ["\ud800"] },
  ]) {
    refuses("invalid_option", () => contentId(order, options), JSON.stringify(options));
  }
});

test("what a getter throws passes unchanged, and a getter may make ids itself", () => {
  const oops = new RangeError("oops");
  const failing = {
    get a() {
      throw oops;
    },
  };
  assert.throws(() => contentId(failing), oops);
  const nested = {
    get a() {
      return contentId({ b: 1 });
    },
  };
  assert.equal(contentId(nested), contentId({ a: contentId({ b: 1 }) }));
});
