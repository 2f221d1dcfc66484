/**
 * What a sequencer refuses, and what callbacks that fail or call back leave behind: nothing is lost.
 * @module
 */
import assert from "node:assert/strict";
import test from "node:test";
import { Sequencer } from "onceward";
import { refuses, START } from "./helpers/gate.js";

const by = (order) => ({ order });
const make = (options = {}) =>
  new Sequencer({ by, release: "next", first: 1, clock: () => START, ...options });

const WRONG_OPTIONS = {
  "no options": undefined,
  "no object": 5,
  "another name": { by, release: "next", maxheld: 5 },
  "no by": { release: "next" },
  "a by that is no function": { by: "order", release: "next" },
  "no release": { by },
  "another release": { by, release: "newer" },
  "a release without a lateness": { by, release: {} },
  "a lateness that is none": { by, release: { lateness: "soon" } },
  "a lateness below zero": { by, release: { lateness: -1 } },
  "another name in release": { by, release: { lateness: 5, first: 1 } },
  "null as release": { by, release: null },
  "first by event time": { by, release: { lateness: 5 }, first: 1 },
  "onGap by event time": { by, release: { lateness: 5 }, onGap: "hold" },
  "maxWait by event time": { by, release: { lateness: 5 }, maxWait: 5 },
  "a first that is no ordinal": { by, release: "next", first: -1 },
  "a first of 130 digits": { by, release: "next", first: "1".padEnd(130, "0") },
  "a first with a leading zero": { by, release: "next", first: "01" },
  "another onGap": { by, release: "next", onGap: "drop" },
  "a maxWait that is none": { by, release: "next", maxWait: 1.5 },
  "a maxHeld that is no number": { by, release: "next", maxHeld: "5" },
  "a maxHeld below zero": { by, release: "next", maxHeld: -1 },
  "half an item": { by, release: "next", maxHeld: 0.5 },
  "no number of bytes": { by, release: "next", maxBytes: Number.NaN },
  "a sizeOf that is no function": { by, release: "next", sizeOf: 5 },
  "an onDrop that is no function": { by, release: "next", onDrop: {} },
  "an onSkip that is no function": { by, release: "next", onSkip: null },
  "a clock that is no function": { by, release: "next", clock: START },
  "a clock that gives no number": { by, release: "next", clock: () => "now" },
  "a clock before 1970": { by, release: "next", clock: () => -1 },
  "a clock between milliseconds": { by, release: "next", clock: () => 0.5 },
  "a maxClockJump that is none": { by, release: "next", maxClockJump: "far" },
  "a snapshot that is no Uint8Array": { by, release: "next", snapshot: "bytes" },
  "an empty snapshot": { by, release: "next", snapshot: new Uint8Array() },
};

for (const [what, options] of Object.entries(WRONG_OPTIONS)) {
  test(`invalid_option: ${what}`, () => {
    refuses("invalid_option", () => new Sequencer(options));
  });
}

/** Asserts that a push is refused and changes nothing. */
function refusesPush(sequencer, code, item, now) {
  const before = [sequencer.snapshot(), sequencer.held, sequencer.dropped, sequencer.bytes];
  refuses(code, () => sequencer.push(item, now), String(item));
  const after = [sequencer.snapshot(), sequencer.held, sequencer.dropped, sequencer.bytes];
  assert.deepEqual(after, before);
}

test("an item without a proper place is invalid_event, and changes nothing", () => {
  for (const place of [
    undefined,
    null,
    5,
    {},
    { order: undefined },
    { order: -1 },
    { order: 1.5 },
    { order: Number.NaN },
    { order: 2 ** 53 },
    { order: "007" },
    { order: " 7" },
    { order: "" },
    { order: -1n },
    { order: 10n ** 129n },
    { order: null },
    { order: true },
    { scope: 5, order: 1 },
    { scope: null, order: 1 },
    { scope: "\ud800", order: 1 },
  ]) {
    let next = { order: 2 };
    const sequencer = make({ by: () => next });
    sequencer.push("held");
    next = place;
    refusesPush(sequencer, "invalid_event", "item");
  }
});

test("a size that is none is invalid_event, and a time that is none is invalid_option", () => {
  let size = 1;
  const sequencer = make({ sizeOf: () => size });
  sequencer.push(2);
  for (size of [-1, 0.5, Number.NaN, Infinity, "5", undefined, 5n]) {
    refusesPush(sequencer, "invalid_event", 3);
  }
  size = 1;
  for (const now of [-1, 0.5, Number.NaN, Infinity, "5", null, 5n, 2 ** 53]) {
    refusesPush(sequencer, "invalid_option", 3, now);
    refuses("invalid_option", () => sequencer.flush(now), String(now));
  }
  assert.deepEqual(sequencer.push(1), [1, 2]);
});

test("what a callback throws while an item is taken passes, and nothing has changed", () => {
  const oops = new RangeError("oops");
  const fail = () => {
    throw oops;
  };
  for (const name of ["by", "sizeOf", "clock"]) {
    let isFailing = false;
    const own = { by, sizeOf: () => 1, clock: () => START };
    const callback = (item) => (isFailing ? fail() : own[name](item));
    const sequencer = make({ [name]: callback });
    sequencer.push(2, START);
    const before = sequencer.snapshot();
    isFailing = true;
    assert.throws(() => sequencer.push(1), oops, name);
    isFailing = false;
    assert.deepEqual(sequencer.snapshot(), before, name);
    assert.deepEqual(sequencer.push(1), [1, 2], name);
  }
});

test("capacity loses nothing: the item can be pushed again", () => {
  const sequencer = make({ maxHeld: 2 });
  sequencer.push(2);
  sequencer.push(3);
  refusesPush(sequencer, "capacity", 4);
  assert.deepEqual(sequencer.push(1), [1, 2, 3]);
  assert.deepEqual(sequencer.push(4), [4]);
});

test("bytes are those of byte arrays and strings, unless sizeOf says otherwise", () => {
  const sizes = (items, options) => {
    let order = 1;
    const sequencer = make({
      by: () => {
        order += 2;
        return { order };
      },
      ...options,
    });
    sequencer.push(items[0]);
    const before = sequencer.bytes;
    return items.slice(1).map((item) => sequencer.push(item) && sequencer.bytes - before);
  };
  const items = ["", new Uint8Array(100), "text", { text: "text" }];
  const [bytes, text, object] = sizes(items);
  assert.equal(text - bytes, object - text + 4);
  assert.equal(bytes - (object - text), 100);
  const [first, second] = sizes(items, { sizeOf: () => 1000 });
  assert.equal(second - first, object - text + 1000);
  refusesPush(make({ maxBytes: 607 }), "capacity", 3, START);
  assert.deepEqual(make({ maxBytes: 608 }).push(3), []);
});

test("an onDrop or onSkip that throws loses nothing that came out, nor the news behind it", () => {
  const told = [];
  let failures = 2;
  const tell = (...news) => {
    told.push(news);
    if (failures > 0) {
      failures -= 1;
      throw new RangeError("oops");
    }
  };
  const sequencer = make({ onGap: "skip", maxWait: 10, onDrop: tell, onSkip: tell });
  assert.deepEqual(sequencer.push(1), [1]);
  assert.deepEqual([sequencer.push(3), sequencer.push(5)], [[], []]);
  // Both come out, each after a gap, and what was pushed is dropped besides.
  assert.throws(() => sequencer.push(1, START + 10), RangeError);
  assert.throws(() => sequencer.flush(), RangeError);
  assert.deepEqual(sequencer.flush(), [3, 5]);
  assert.deepEqual(told, [
    [1, "duplicate"],
    ["", 2n, 2n],
    ["", 4n, 4n],
  ]);
  assert.equal(sequencer.held, 0);
});

test("a callback may call back, and what comes out comes out once", () => {
  const inner = [];
  const sequencer = make({
    by: (item) => {
      if (item === 2) {
        inner.push(...sequencer.push(1));
      }
      return { order: item };
    },
    onDrop: (item) => inner.push(...sequencer.push(item + 10)),
    onGap: "skip",
    maxWait: 0,
  });
  const outer = [2, 3, 3].flatMap((item) => sequencer.push(item));
  assert.deepEqual(
    [inner, outer],
    [
      [1, 13],
      [2, 3],
    ],
  );
  assert.equal(sequencer.held, 0);
});

test("gaps are told as bigints, with their scope, also when everything is let out", () => {
  const told = [];
  const sequencer = make({
    by: ([scope, order]) => ({ scope, order }),
    onSkip: (...news) => told.push(news),
  });
  sequencer.push(["b", 5]);
  sequencer.push(["a", 2n ** 64n]);
  assert.deepEqual(sequencer.drain().length, 2);
  assert.deepEqual(told, [
    ["a", 1n, 2n ** 64n - 1n],
    ["b", 1n, 4n],
  ]);
});
