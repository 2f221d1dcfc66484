/**
 * The notations of ordinals keep the order of what they stand for, and take nothing else.
 * @module
 */
import assert from "node:assert/strict";
import test from "node:test";
import { ordinal } from "onceward";
import { judges, open, refuses } from "./helpers/gate.js";

const IN_ORDER = {
  hlc: [
    "1.0000000000",
    "1.0000000001",
    "1.2147483647",
    "2.0000000000",
    "1701102296662969433.0000000000",
    "1701102296662969433.0000000001",
    "1701102296662969434.0000000000",
  ],
  lsn: ["0/0", "0/1", "0/FFFFFFFF", "1/0", "16/B374D848", "16/B374D849", "FFFFFFFF/FFFFFFFF"],
  redis: [
    "0-0",
    "0-1",
    "0-18446744073709551615",
    "1-0",
    "1526919030474-55",
    "1526919030474-56",
    "1526919030475-0",
  ],
  time: [
    "1970-01-01T00:00:00Z",
    "2026-09-21T12:00:00+02:00",
    "2026-09-21T10:00:00.000000001Z",
    "2026-09-21T10:00:00.001Z",
    "2026-09-21T10:00:01Z",
  ],
  ulid: [
    "00000000000000000000000000",
    "01ARZ3NDEKTSV4RRFFQ69G5FAV",
    "01ARZ3NDEKTSV4RRFFQ69G5FAW",
    "01ARZ3NDEM0000000000000000",
    "7ZZZZZZZZZZZZZZZZZZZZZZZZZ",
  ],
  uuid7: [
    "00000000-0000-7000-8000-000000000000",
    "017f22e2-79b0-7cc3-98c4-dc0c0c07398f",
    "017f22e2-79b0-7cc3-98c4-dc0c0c073990",
    "017f22e2-79b1-7000-8000-000000000000",
  ],
};

for (const [kind, texts] of Object.entries(IN_ORDER)) {
  test(`${kind} keeps the order`, async () => {
    const ordinals = texts.map((text) => ordinal[kind](text));
    ordinals.forEach((value, index) => {
      assert.equal(typeof value, "bigint");
      assert.ok(index === 0 || value > ordinals[index - 1], texts[index]);
    });
    const { gate } = await open();
    for (const revision of ordinals) {
      judges(gate, [{ entity: "e", revision }, "fresh"], [{ entity: "e", revision }, "duplicate"]);
    }
  });
}

test("known values", () => {
  assert.equal(ordinal.lsn("16/B374D848"), 0x16_b374_d848n);
  assert.equal(ordinal.redis("1526919030474-55"), (1526919030474n << 64n) + 55n);
  assert.equal(ordinal.hlc("1701102296662969433.0000000001"), 17011022966629694330000000001n);
  assert.equal(ordinal.time("1970-01-01T00:00:01Z"), 1_000_000_000n);
  assert.equal(
    ordinal.uuid7("017f22e2-79b0-7cc3-98c4-dc0c0c07398f"),
    0x017f22e279b07cc398c4dc0c0c07398fn,
  );
  assert.equal(ordinal.ulid("00000000000000000000000001"), 1n);
});

test("a Date is its time", () => {
  const date = new Date("2026-09-21T10:00:00.123Z");
  assert.equal(ordinal.time(date), ordinal.time("2026-09-21T10:00:00.123Z"));
  refuses("invalid_event", () => ordinal.time(new Date(Number.NaN)));
  refuses("invalid_event", () => ordinal.time(new Date(-1)));
});

const WRONG = {
  hlc: [
    "",
    "1.",
    ".1",
    "1.1",
    "1.00000000001",
    "-1.0000000000",
    "1,0000000000",
    " 1.0000000000",
    "01.0000000000",
  ],
  lsn: ["", "/", "0", "0/", "/0", "0/100000000", "g/0", "0/0/0", "0x1/0", " 0/0"],
  redis: ["", "-", "1", "1-", "-1", "1-*", "1-1-1", "01-0", "1-18446744073709551616", "+1-0"],
  time: [
    "",
    "2026",
    "2026-09-21",
    "2026-09-21T10:00:00",
    "2026-02-30T00:00:00Z",
    "1969-12-31T23:59:59Z",
    "2026-09-21T25:00:00Z",
    "now",
  ],
  ulid: [
    "",
    "01ARZ3NDEKTSV4RRFFQ69G5FA",
    "01ARZ3NDEKTSV4RRFFQ69G5FAVV",
    "81ARZ3NDEKTSV4RRFFQ69G5FAV",
    "01ARZ3NDEKTSV4RRFFQ69G5FAU",
    "01ARZ3NDEKTSV4RRFFQ69G5FA ",
  ],
  uuid7: [
    "",
    "017f22e2-79b0-4cc3-98c4-dc0c0c07398f",
    "017f22e279b07cc398c4dc0c0c07398f",
    "017f22e2-79b0-7cc3-18c4-dc0c0c07398f",
    "{017f22e2-79b0-7cc3-98c4-dc0c0c07398f}",
  ],
};

for (const [kind, texts] of Object.entries(WRONG)) {
  test(`${kind} takes no other notation`, () => {
    for (const text of [
      ...texts,
      undefined,
      null,
      5,
      5n,
      {},
      ["0/0"],
      "\ud800",
      new String("0-0"),
    ]) {
      refuses("invalid_event", () => ordinal[kind](text), `${kind} ${String(text)}`);
    }
  });
}
