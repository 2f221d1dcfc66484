/**
 * Content is compared by what it means: canonical JSON, or bytes, and never one with the other.
 * @module
 */
import assert from "node:assert/strict";
import test from "node:test";
import { judges, open, refuses } from "./helpers/gate.js";

/** Asserts that a second event with other content is judged so, both by key and by revision. */
async function compares(first, second, expected) {
  const { gate } = await open();
  judges(
    gate,
    [{ id: "a", content: first }, "fresh"],
    [{ entity: "e", revision: 1, content: first }, "fresh"],
  );
  judges(
    gate,
    [{ id: "a", content: second }, expected],
    [{ entity: "e", revision: 1, content: second }, expected],
  );
}

test("the order and kind of an object's members do not matter, their names and values do", async () => {
  const same = [
    [
      { a: 1, b: [2, { c: null, d: "é" }] },
      { b: [2, { d: "é", c: null }], a: 1 },
    ],
    [{ a: 1 }, Object.assign(Object.create(null), { a: 1 })],
    [{ 10: 1, 2: 2, "": 3 }, JSON.parse('{"":3,"2":2,"10":1}')],
    [JSON.parse('{"__proto__":1}'), JSON.parse('{"__proto__":1}')],
    [1, 1.0],
    [0, -0],
    [1e21, 1_000_000_000_000_000_000_000],
    [null, null],
    ["\u20ac", "€"],
  ];
  const different = [
    [{ a: 1 }, { a: 1, b: null }],
    [{ a: 1 }, { A: 1 }],
    [
      [1, 2],
      [2, 1],
    ],
    [1, "1"],
    [null, "null"],
    [false, null],
    [0, false],
    ["", null],
    [{}, []],
    ["é", "e\u0301"],
    [{ a: { b: 1 } }, { "a.b": 1 }],
    [0.1 + 0.2, 0.3],
    [2 ** 53, 2 ** 53 + 2],
    [JSON.parse('{"__proto__":1}'), {}],
  ];
  for (const [first, second] of same) {
    await compares(first, second, "duplicate");
  }
  for (const [first, second] of different) {
    await compares(first, second, "conflict");
    await compares(second, first, "conflict");
  }
});

test("bytes are never equal to JSON, not even to its text", async () => {
  const text = new TextEncoder().encode("[1,2]");
  await compares(text, [1, 2], "conflict");
  await compares([1, 2], text, "conflict");
  await compares(text, "[1,2]", "conflict");
  await compares(text, Buffer.from("[1,2]"), "duplicate");
  await compares(text, text.subarray(0, 4), "conflict");
  await compares(new Uint8Array(), "", "conflict");
  await compares(new Uint8Array(), null, "conflict");
  await compares(Uint8Array.of(0), new Uint8Array(), "conflict");
  await compares(new Uint8Array(100_000).fill(7), new Uint8Array(100_000).fill(7), "duplicate");
});

test("only the bytes that a view shows are its content", async () => {
  const whole = Uint8Array.of(9, 1, 2, 3, 9);
  await compares(whole.subarray(1, 4), Uint8Array.of(1, 2, 3), "duplicate");
});

test("null is content; undefined is none", async () => {
  const { gate } = await open();
  judges(
    gate,
    [{ id: "a", content: null }, "fresh"],
    [{ id: "a", content: undefined }, "duplicate"],
    [{ id: "a", content: 0 }, "conflict"],
    [{ id: "b" }, "fresh"],
    [{ id: "b", content: 1 }, "duplicate"],
    [{ id: "b", content: 2 }, "duplicate"],
  );
});

test("the key's content and the revision's are compared separately", async () => {
  const { gate } = await open();
  judges(
    gate,
    [{ id: "a", content: 1 }, "fresh"],
    [{ id: "b", entity: "e", revision: 1, content: 2 }, "fresh"],
    [{ id: "c", entity: "e", revision: 1, content: 1 }, "conflict"],
    [{ id: "a", entity: "e", revision: 1, content: 2 }, "conflict"],
    [{ id: "a", entity: "e", revision: 1, content: 1 }, "duplicate"],
    [{ source: "s", position: 1, content: 1 }, "fresh"],
    [{ source: "s", position: 1, content: 2 }, "duplicate"],
  );
});

test("content that changes after the call changes nothing", async () => {
  const { gate } = await open();
  const bytes = Uint8Array.of(1, 2, 3);
  const object = { a: [1] };
  judges(gate, [{ id: "b", content: bytes }, "fresh"], [{ id: "o", content: object }, "fresh"]);
  bytes.fill(0);
  object.a.push(2);
  judges(
    gate,
    [{ id: "b", content: bytes }, "conflict"],
    [{ id: "o", content: object }, "conflict"],
  );
  judges(
    gate,
    [{ id: "b", content: Uint8Array.of(1, 2, 3) }, "duplicate"],
    [{ id: "o", content: { a: [1] } }, "duplicate"],
  );
});

test("toJSON is not called: what is not JSON is refused, not translated", async () => {
  const { gate } = await open();
  refuses("invalid_event", () => gate.check({ id: "a", content: new Date() }));
  refuses("invalid_event", () => gate.check({ id: "a", content: { toJSON: () => 1 } }));
});

test("members that a prototype was polluted with do not count", async () => {
  const { gate } = await open();
  judges(gate, [{ id: "a", content: { x: 1 } }, "fresh"]);
  Object.prototype.polluted = 1;
  try {
    assert.equal(gate.check({ id: "a", content: { x: 1 } }), "duplicate");
  } finally {
    delete Object.prototype.polluted;
  }
});

test("large and wide content is taken", async () => {
  const wide = Object.fromEntries(
    Array.from({ length: 10_000 }, (_, index) => [`member ${index}`, [index, "é".repeat(10)]]),
  );
  const reversed = Object.fromEntries(Object.entries(wide).reverse());
  await compares(wide, reversed, "duplicate");
  await compares("x".repeat(1_000_000), `${"x".repeat(999_999)}y`, "conflict");
});
