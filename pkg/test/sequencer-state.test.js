/**
 * A sequencer's state: it goes on from its bytes, and from no others.
 * @module
 */
import assert from "node:assert/strict";
import test from "node:test";
import { contentId, newId, RevisionClock, Sequencer } from "onceward";
import { Ids, Orderer, Revisor } from "../dist/internals.js";
import { judges, open, refuses, START } from "./helpers/gate.js";

const OPTIONS = {
  by: ({ scope, order }) => ({ scope, order }),
  release: "next",
  first: 1,
  clock: () => START,
};
const make = (options = {}) => new Sequencer({ ...OPTIONS, ...options });
/** Bytes have no fields to be put in order by. */
const counted = (options = {}) => {
  let order = 100;
  return make({
    by: () => ({ order: order-- }),
    first: undefined,
    release: { lateness: "1d" },
    ...options,
  });
};

test("items of JSON and bytes come back as they were", () => {
  const items = [
    new Uint8Array([0, 255, 7]),
    new Uint8Array(),
    Buffer.from("buffer"),
    { scope: "a", deep: [{ list: [1, null, true, "é€𐐀"] }] },
    [],
    "",
    "text\n",
    null,
    false,
    -1.5e300,
  ];
  const sequencer = counted();
  for (const item of items) {
    sequencer.push(item);
  }
  const snapshot = sequencer.snapshot();
  const copy = counted({ snapshot });
  assert.equal(copy.held, items.length);
  assert.equal(copy.bytes, sequencer.bytes);
  assert.deepEqual(copy.snapshot(), snapshot);
  const out = copy.drain();
  assert.deepEqual(
    out.map((item) => (item instanceof Uint8Array ? [...item] : item)),
    items.reverse().map((item) => (item instanceof Uint8Array ? [...item] : item)),
  );
});

test("an item that is neither JSON nor bytes is refused, and the sequencer goes on", () => {
  const cyclic = {};
  cyclic.self = cyclic;
  for (const item of [
    undefined,
    Number.NaN,
    5n,
    () => 1,
    Symbol("a"),
    new Date(),
    new Map(),
    { a: undefined },
    "\ud800",
    cyclic,
    new Uint16Array(2),
  ]) {
    const sequencer = counted();
    sequencer.push("held");
    sequencer.push(item);
    const error = refuses("invalid_event", () => sequencer.snapshot(), String(item));
    assert.match(error.message, /^an item /);
    assert.equal(sequencer.held, 2);
    assert.ok(Object.is(sequencer.drain()[0], item));
  }
});

test("an item whose memory was transferred away is refused, rather than kept as nothing", () => {
  const item = new Uint8Array([1, 2, 3]);
  const sequencer = counted();
  sequencer.push(item);
  structuredClone(item, { transfer: [item.buffer] });
  refuses("invalid_event", () => sequencer.snapshot());
});

test("a getter that changes the sequencer is refused, rather than kept as something else", () => {
  const sequencer = counted();
  sequencer.push({
    get trap() {
      return sequencer.drain().length;
    },
  });
  refuses("invalid_event", () => sequencer.snapshot());
});

test("a getter's own error passes unchanged", () => {
  const sequencer = counted();
  const oops = new RangeError("oops");
  sequencer.push({
    get trap() {
      throw oops;
    },
  });
  assert.throws(() => sequencer.snapshot(), oops);
});

test("a restored sequencer knows what has come out, what was skipped, and since when all waits", () => {
  const drops = [];
  const options = {
    onGap: "skip",
    maxWait: 50,
    onDrop: ({ order }, why) => drops.push([order, why]),
  };
  const first = make(options);
  first.push({ order: 1 });
  first.push({ order: 4 });
  first.flush(START + 50);
  first.push({ order: 7 }, START + 60);
  const second = make({ ...options, snapshot: first.snapshot() });
  for (const order of [1, 2, 4, 7]) {
    second.push({ order });
  }
  assert.deepEqual(drops, [
    [1, "duplicate"],
    [2, "late"],
    [4, "duplicate"],
    [7, "duplicate"],
  ]);
  assert.deepEqual(second.flush(START + 109), []);
  assert.deepEqual(second.flush(START + 110), [{ order: 7 }]);
  assert.deepEqual(second.push({ order: 8 }), [{ order: 8 }]);
});

test("equal states have equal bytes, and what was dropped is not among them", () => {
  const forwards = make();
  const backwards = make();
  const orders = [1, 2, 3, 5, 6];
  for (const order of orders) {
    forwards.push({ order });
  }
  for (const order of [3, 2, 1, 1, 1, 5, 6]) {
    backwards.push({ order });
  }
  assert.equal(backwards.dropped, 2);
  assert.deepEqual(forwards.snapshot(), backwards.snapshot());
  assert.equal(make({ snapshot: backwards.snapshot() }).dropped, 0);
});

test("damage is corrupt, a newer version unsupported, another order or too little room an error", () => {
  const sequencer = make();
  for (const order of [2, 4, 5]) {
    sequencer.push({ scope: "a", order });
  }
  const snapshot = sequencer.snapshot();
  for (let length = 1; length < snapshot.length; length += 1) {
    refuses("corrupt", () => make({ snapshot: snapshot.subarray(0, length) }), `${length}`);
  }
  for (let bit = 0; bit < snapshot.length * 8; bit += 1) {
    const bytes = snapshot.slice();
    bytes[bit >> 3] ^= 1 << (bit & 7);
    refuses("corrupt", () => make({ snapshot: bytes }), `bit ${bit}`);
  }
  refuses("corrupt", () => make({ snapshot: new Uint8Array(100) }));
  refuses("invalid_option", () => make({ release: { lateness: 5 }, first: undefined, snapshot }));
  refuses("capacity", () => make({ maxHeld: 2, snapshot }));
  refuses("capacity", () => make({ maxBytes: 600, snapshot }));
  assert.equal(make({ snapshot }).push({ scope: "a", order: 1 }).length, 2);
});

test("the state of a gate is none of a sequencer, nor the other way round", async () => {
  const { gate } = await open();
  refuses("corrupt", () => make({ snapshot: gate.snapshot() }));
  await assert.rejects(open({ snapshot: make().snapshot() }), { code: "corrupt" });
});

/** Makes the next call of a method of the core end as a trap does. */
function trapAt({ prototype }, method) {
  const { [method]: original } = prototype;
  prototype[method] = () => {
    prototype[method] = original;
    throw new WebAssembly.RuntimeError("unreachable");
  };
}

for (const [method, call] of [
  ["push", (sequencer) => sequencer.push({ order: 9n })],
  ["pushNumber", (sequencer) => sequencer.push({ order: 9 })],
  ["useScope", (sequencer) => sequencer.push({ scope: "other", order: 9 })],
  ["flush", (sequencer) => sequencer.flush()],
  ["drain", (sequencer) => sequencer.drain()],
  ["forget", (sequencer) => sequencer.forget()],
  ["snapshot", (sequencer) => sequencer.snapshot()],
  ["stats", (sequencer) => sequencer.held],
  ["takeReleased", (sequencer) => sequencer.drain()],
  ["takeSkipped", (sequencer) => sequencer.drain()],
]) {
  test(`a trap in ${method} kills the sequencer, its gates and clocks, and later ones live`, async () => {
    const sequencer = make();
    sequencer.push({ order: 2 });
    const snapshot = sequencer.snapshot();
    const { gate } = await open();
    const clock = new RevisionClock({ node: 1 });
    newId();
    trapAt(Orderer, method);
    const error = refuses("internal", () => call(sequencer));
    assert.ok(error.cause instanceof WebAssembly.RuntimeError);
    for (const dead of [
      () => sequencer.push({ order: 1 }),
      () => sequencer.flush(),
      () => sequencer.held,
      () => sequencer.snapshot(),
      () => gate.check({ id: "a" }),
      () => clock.next(),
      () => clock.last,
    ]) {
      refuses("internal", dead);
    }
    const next = make({ snapshot });
    assert.deepEqual(next.push({ order: 1 }), [{ order: 1 }, { order: 2 }]);
    const { gate: other } = await open();
    judges(other, [{ id: "a" }, "fresh"]);
    assert.ok(new RevisionClock({ node: 1 }).next() > 0n);
    assert.match(newId(), /^[0-9a-f-]{36}$/);
    assert.equal(contentId(null), contentId(null));
    refuses("internal", () => sequencer.push({ order: 1 }));
  });
}

test("a trap while a clock or an id is asked for is told, and the next one is well", () => {
  const clock = new RevisionClock({ node: 1 });
  const last = clock.next();
  trapAt(Revisor, "next");
  refuses("internal", () => clock.next());
  refuses("internal", () => clock.next());
  assert.ok(new RevisionClock({ node: 1, last }).next() > last);
  trapAt(Ids, "make");
  refuses("internal", () => newId());
  assert.match(newId(), /^[0-9a-f-]{36}$/);
});
