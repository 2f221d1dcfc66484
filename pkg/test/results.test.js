/**
 * Results: JSON or bytes, copied at once, kept for a while and up to a size.
 * @module
 */
import assert from "node:assert/strict";
import test from "node:test";
import { runInNewContext } from "node:vm";
import { granted, lost, refused } from "./helpers/claims.js";
import { DAY, HOUR, judges, MINUTE, open, refuses, SECOND, START } from "./helpers/gate.js";

/** Commits a result and returns what a duplicate comes with. */
function replay(gate, id, result) {
  granted(gate, { id }).commit(result);
  return refused(gate, { id }, "duplicate");
}

test("JSON comes back as the value that it was", async () => {
  const { gate } = await open();
  const values = [
    ...[null, true, false, 0, -1.5, 1e21, 5e-324, 2 ** 53, "", "text", "é😀\u0000\ufeff", "\ufffd"],
    ...[[], {}, [[[]]], { a: { b: [1, { c: null }] } }, { "": 1, 10: 2, 2: 3 }],
    JSON.parse('{"__proto__":{"polluted":true},"constructor":1,"toJSON":2}'),
  ];
  for (const [index, value] of values.entries()) {
    const refusal = replay(gate, `${index}`, value);
    assert.deepEqual(refusal, { verdict: "duplicate", result: value, since: START });
    assert.deepEqual(gate.inspect({ id: `${index}` }), refusal);
  }
  assert.equal(Object.is(replay(gate, "zero", -0).result, 0), true);
});

test("bytes come back byte for byte, and as bytes", async () => {
  const { gate } = await open();
  const all = Uint8Array.from({ length: 256 }, (_, index) => index);
  const foreign = runInNewContext("Uint8Array.of(1, 2, 3)");
  for (const [index, bytes] of [
    all,
    new Uint8Array(),
    all.subarray(200),
    Buffer.from("{}"),
    new TextEncoder().encode('"json"'),
    new Uint8Array(new SharedArrayBuffer(4)),
    foreign,
  ].entries()) {
    const { result } = replay(gate, `${index}`, bytes);
    assert.equal(Object.getPrototypeOf(result), Uint8Array.prototype);
    assert.deepEqual([...result], [...bytes]);
    assert.equal(result.buffer.byteLength, bytes.length);
  }
});

test("no result, and a key that check recorded, come with neither result nor omitted", async () => {
  const { gate, clock } = await open();
  judges(gate, [{ id: "checked" }, "fresh"]);
  for (const [id, commit] of [
    ["nothing", (claim) => claim.commit()],
    ["undefined", (claim) => claim.commit(undefined)],
  ]) {
    commit(granted(gate, { id }));
  }
  clock.now += 2 * DAY - 1;
  for (const id of ["checked", "nothing", "undefined"]) {
    assert.deepEqual(gate.inspect({ id }), { verdict: "duplicate", since: START });
  }
});

test("null is a result", async () => {
  const { gate } = await open();
  assert.equal(replay(gate, "a", null).result, null);
});

test("what is neither JSON nor bytes is refused, and the claim is kept", async () => {
  const { gate } = await open();
  const cycle = {};
  cycle.self = cycle;
  const gone = Uint8Array.of(1);
  structuredClone(gone.buffer, { transfer: [gone.buffer] });
  const wrong = [
    ...[1n, Number.NaN, Number.POSITIVE_INFINITY, Symbol("s"), () => 1, "\ud800", cycle, gone],
    ...[{ a: undefined }, [undefined], new Array(1), { a: { b: () => 1 } }, new Date(), new Map()],
    ...[new Error("e"), new ArrayBuffer(1), new Uint16Array(1), Promise.resolve(1)],
  ];
  const claim = granted(gate, { id: "a" });
  for (const [index, result] of wrong.entries()) {
    const before = gate.stats();
    const { message } = refuses("invalid_event", () => claim.commit(result), `number ${index}`);
    assert.match(message, /^the result /);
    assert.deepEqual(gate.stats(), before);
    refused(gate, { id: "a" }, "pending");
  }
  assert.equal(claim.commit("after all"), "committed");
});

test("an error of a getter in a result passes, and the claim is kept", async () => {
  const { gate } = await open();
  const claim = granted(gate, { id: "a" });
  const own = new Error("mine");
  const result = {
    get a() {
      throw own;
    },
  };
  assert.throws(
    () => claim.commit(result),
    (error) => error === own,
  );
  assert.equal(claim.commit(1), "committed");
});

test("a getter in a result may end the claim: the first commit stays", async () => {
  const { gate } = await open();
  const claim = granted(gate, { id: "a" });
  const result = {
    get a() {
      claim.commit("inner");
      return 1;
    },
  };
  assert.equal(lost(() => claim.commit(result)).result, "inner");
});

test("a result is copied at once, and every reader gets a copy of its own", async () => {
  const { gate } = await open();
  const bytes = Uint8Array.of(1, 2, 3);
  const json = { list: [1] };
  granted(gate, { id: "bytes" }).commit(bytes);
  granted(gate, { id: "json" }).commit(json);
  bytes.fill(9);
  json.list.push(2);
  for (let round = 0; round < 2; round += 1) {
    const first = refused(gate, { id: "bytes" }, "duplicate").result;
    const second = refused(gate, { id: "json" }, "duplicate").result;
    assert.deepEqual(first, Uint8Array.of(1, 2, 3));
    assert.deepEqual(second, { list: [1] });
    first.fill(7);
    second.list.push(7);
  }
});

test("a result of exactly maxResultBytes is kept, a larger one is omitted", async () => {
  for (const [options, max] of [
    [{}, 64 * 1024],
    [{ maxResultBytes: 10 }, 10],
    [{ maxResultBytes: 0 }, 0],
  ]) {
    const { gate } = await open(options);
    assert.equal(replay(gate, "fits", new Uint8Array(max)).result.length, max);
    const since = START;
    const omitted = { verdict: "duplicate", omitted: true, since };
    assert.deepEqual(replay(gate, "large", new Uint8Array(max + 1)), omitted);
    assert.deepEqual(replay(gate, "text", "x".repeat(max)), omitted);
    assert.deepEqual(replay(gate, "characters", "é".repeat(max / 2)), omitted);
    if (max > 2) {
      assert.equal(replay(gate, "text that fits", "x".repeat(max - 2)).result.length, max - 2);
    }
  }
});

test("a result that is omitted is still told from another one", async () => {
  const { gate } = await open({ maxResultBytes: 4 });
  const claim = granted(gate, { id: "a" });
  claim.commit("too large");
  assert.equal(claim.commit("too large"), "committed");
  lost(() => claim.commit("too large as well"));
  assert.deepEqual(
    lost(() => claim.commit()),
    { verdict: "duplicate", omitted: true, since: START },
  );
});

test("a result is kept for exactly resultRetention after its commit", async () => {
  for (const [options, ms] of [
    [{}, DAY],
    [{ resultRetention: "1h" }, HOUR],
    [{ resultRetention: 1 }, 1],
  ]) {
    const { gate, clock } = await open(options);
    const claim = granted(gate, { id: "a" });
    clock.now += 30 * SECOND;
    claim.commit("kept");
    const committed = clock.now;
    clock.now = committed + ms - 1;
    const since = committed;
    assert.deepEqual(gate.inspect({ id: "a" }), { verdict: "duplicate", result: "kept", since });
    assert.deepEqual(gate.claim({ id: "a" }), { verdict: "duplicate", result: "kept", since });
    clock.now = committed + ms;
    assert.deepEqual(gate.inspect({ id: "a" }), { verdict: "duplicate", omitted: true, since });
    assert.deepEqual(gate.claim({ id: "a" }), { verdict: "duplicate", omitted: true, since });
  }
});

test("a result never outlives its key", async () => {
  const { gate, clock } = await open({ retention: HOUR, resultRetention: "2h" });
  granted(gate, { id: "a" }).commit("old");
  clock.now += HOUR - 1;
  assert.equal(gate.inspect({ id: "a" }).result, "old");
  clock.now += 1;
  assert.deepEqual(gate.inspect({ id: "a" }), { verdict: "fresh" });
  granted(gate, { id: "a" }).commit("new");
  assert.equal(gate.inspect({ id: "a" }).result, "new");
});

test("results take room, and give it back", async () => {
  // Enough for all keys and for the results of one minute, but not for those of two.
  const maxBytes = 320 * 1024;
  const { gate, clock } = await open({ maxBytes, resultRetention: MINUTE });
  for (let round = 0; round < 50; round += 1) {
    for (let index = 0; index < 10; index += 1) {
      granted(gate, { id: `${round}/${index}` }).commit(new Uint8Array(4000).fill(round));
      assert.ok(gate.stats().bytes <= maxBytes);
    }
    const { result } = gate.inspect({ id: `${round}/9` });
    assert.deepEqual(result, new Uint8Array(4000).fill(round));
    clock.now += 10 * SECOND;
  }
  assert.equal(gate.stats().keys, 500);
});

test("results belong to keys: a duplicate by revision or position carries none", async () => {
  const { gate } = await open();
  const event = { id: "a", entity: "e", revision: 5, source: "s", position: 5 };
  granted(gate, event).commit("result");
  assert.equal(refused(gate, event, "duplicate").result, "result");
  assert.deepEqual(gate.claim({ entity: "e", revision: 5 }), { verdict: "duplicate" });
  assert.deepEqual(gate.claim({ source: "s", position: 5 }), { verdict: "duplicate" });
  assert.deepEqual(gate.claim({ id: "b", entity: "e", revision: 5 }), { verdict: "duplicate" });
});

test("a claim without a key may commit a result, which nobody gets", async () => {
  const { gate } = await open();
  const claim = granted(gate, { entity: "e", revision: 5 });
  assert.equal(claim.commit({ a: 1 }), "committed");
  assert.deepEqual(gate.inspect({ entity: "e", revision: 5 }), { verdict: "duplicate" });
});

test("a polluted prototype adds nothing to a refusal", async () => {
  const { gate } = await open();
  judges(gate, [{ id: "a" }, "fresh"]);
  const fields = { result: 1, isJson: true, omitted: true, retryAfter: 5, ticket: 5, refusal: 5 };
  Object.assign(Object.prototype, fields);
  let told;
  try {
    told = [gate.inspect({ id: "a" }), gate.claim({ id: "a" })].map(Object.keys);
  } finally {
    for (const name of Object.keys(fields)) {
      delete Object.prototype[name];
    }
  }
  assert.deepEqual(told, [
    ["verdict", "since"],
    ["verdict", "since"],
  ]);
});
