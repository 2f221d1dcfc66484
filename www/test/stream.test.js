/**
 * Reading and judging streams, in Node: lines as they are cut, fields as they are chosen.
 * @module
 */
import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { Gate } from "onceward";
import { importSource } from "./helpers/bundle.js";

/** A file whose pieces come as they are given. */
const inPieces = (pieces) => ({
  stream: () =>
    new ReadableStream({
      start(controller) {
        for (const piece of pieces) {
          controller.enqueue(typeof piece === "string" ? new TextEncoder().encode(piece) : piece);
        }
        controller.close();
      },
    }),
});

describe("lines", () => {
  let readLines;
  before(async () => {
    ({ readLines } = await importSource("stream/lines.ts"));
  });

  async function read(...pieces) {
    const found = [];
    for await (const { first, lines } of readLines(inPieces(pieces))) {
      lines.forEach((line, index) => {
        found.push([first + index, line]);
      });
    }
    return found.filter(([, line]) => line !== "");
  }

  test("are the same however the file is cut", async () => {
    const bytes = new TextEncoder().encode('{"a":"ä€😀"}\r\n\n{"b":2}\n{"c":3}');
    const whole = await read(bytes);
    assert.deepEqual(
      whole.map(([number]) => number),
      [1, 2, 3, 4].filter((number) => number !== 2),
    );
    for (let cut = 1; cut < bytes.length; cut += 1) {
      assert.deepEqual(await read(bytes.slice(0, cut), bytes.slice(cut)), whole, `cut at ${cut}`);
      const bytewise = Array.from(bytes, (byte) => Uint8Array.of(byte));
      assert.deepEqual(await read(...bytewise), whole);
    }
  });

  test("that are not UTF-8 do not spoil the others", async () => {
    const lines = await read('{"a":1}\n', Uint8Array.of(0xff, 0xfe, 10), '{"b":2}\n');
    assert.deepEqual(lines, [
      [1, '{"a":1}'],
      [2, "\uFFFD"],
      [3, '{"b":2}'],
    ]);
  });

  test("are none in an empty file", async () => {
    assert.deepEqual(await read(), []);
    assert.deepEqual(await read("\n\n"), []);
  });
});

describe("fields", () => {
  let fields;
  before(async () => {
    fields = await importSource("stream/fields.ts");
  });

  const guess = (sample) => {
    const { paths, notation } = fields.guessPlan(sample);
    const texts = Object.entries(paths).map(([role, path]) => [role, path.join(".")]);
    return { ...Object.fromEntries(texts), notation };
  };

  test("are guessed by their names, in pairs", () => {
    const integer = { notation: "integer" };
    assert.deepEqual(guess({ id: "a", sensor: "s", revision: 1 }), {
      id: "id",
      entity: "sensor",
      revision: "revision",
      ...integer,
    });
    assert.deepEqual(guess({ meta: { event_id: "a" }, account: "b" }), {
      id: "meta.event_id",
      ...integer,
    });
    assert.deepEqual(guess({ topic: "t", offset: 5 }), {
      source: "topic",
      position: "offset",
      ...integer,
    });
    assert.equal(
      guess({ key: "a", sku: "b", updated_at: "2026-01-01T00:00:00Z" }).notation,
      "time",
    );
    assert.deepEqual(guess({ x: 1, list: [{ id: 1 }] }), integer);
  });

  test("are asked for while half of a pair is missing", () => {
    const missing = (paths) => fields.missingFrom({ paths, notation: "integer" });
    assert.equal(missing({ id: ["id"] }), undefined);
    assert.match(missing({}), /Choose a key/);
    assert.match(missing({ entity: ["e"] }), /needs its revision/);
    assert.match(missing({ position: ["p"], id: ["id"] }), /needs its source/);
  });

  test("are only what is the line's own", () => {
    assert.equal(fields.valueAt({}, ["constructor", "name"]), undefined);
    assert.equal(fields.valueAt(JSON.parse('{"__proto__":{"id":1}}'), ["__proto__", "id"]), 1);
  });
});

describe("judging lines", () => {
  let judge;
  let tallying;
  before(async () => {
    judge = await importSource("stream/judge.ts");
    tallying = await importSource("stream/tally.ts");
  });

  const paths = { id: ["id"], entity: ["e"], revision: ["r"] };
  const readOrdinal = (_notation, value) => {
    if (typeof value === "number" && !Number.isSafeInteger(value)) {
      throw new TypeError("it is not exact");
    }
    return BigInt(value);
  };
  const judgeAll = async (lines) => {
    const gate = await Gate.open();
    const reader = new judge.LineReader({ paths, notation: "integer" }, readOrdinal);
    const judged = judge.judgeLines(gate, reader, lines);
    await gate.close();
    return judged.map((line) => (line.is === "failure" ? line.reason : (line.verdict ?? line.is)));
  };

  test("says what each is, and goes on behind a bad one", async () => {
    const said = await judgeAll([
      '{"id":"a"}',
      '{"id":"a"}',
      "",
      "{",
      "[1]",
      '{"e":"x","r":5}',
      '{"e":"x","r":4}',
      '{"id":"\\ud800"}',
      '{"id":"b"}',
      '{"id":{"deep":1}}',
    ]);
    assert.deepEqual(said.slice(0, 4), ["fresh", "duplicate", "empty", "it is not JSON"]);
    assert.equal(said[4], "it has none of the chosen fields");
    assert.deepEqual(said.slice(5, 7), ["fresh", "stale"]);
    assert.match(said[7], /surrogate/);
    assert.equal(said[8], "fresh");
    assert.match(said[9], /neither a text nor a whole number/);
  });

  test("keeps to what it can hold", () => {
    const tally = new tallying.Tally();
    const event = { entity: "e", revision: 1n };
    for (let line = 1; line <= 100_000; line += 1) {
      tally.add(line, "x".repeat(1000), { is: "verdict", verdict: "stale", event });
    }
    const { lines, rows, strands, verdicts } = tally.summary;
    assert.deepEqual([lines, verdicts.stale, strands[0].refused], [100_000, 100_000, 100_000]);
    assert.equal(rows.length, 100);
    assert.ok(rows.every(({ text }) => text.length === 240));
    assert.ok(strands[0].marks.length <= 241);
    assert.ok(strands[0].marks.at(-1).line > 90_000, "the end is shown as well");
  });
});
