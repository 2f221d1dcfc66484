/**
 * Bytes that are no state, or a damaged one: they are refused with the right code, and change nothing.
 * @module
 */
import assert from "node:assert/strict";
import test from "node:test";
import { Gate, OncewardError } from "onceward";
import { granted } from "./helpers/claims.js";
import { handClock, judges, open, refuses } from "./helpers/gate.js";
import { seeded } from "./helpers/random.js";
import { siphash } from "./helpers/siphash.js";

const PRELUDE_BYTES = 24;
const VERSION_AT = 4;
const PRELUDE_KEY = new TextEncoder().encode("onceward prelude");

/** A gate with a little of everything; its snapshot, and changes. */
async function sample(options) {
  const clock = handClock();
  const gate = await Gate.open({ clock, ...options });
  const first = gate.changes();
  judges(
    gate,
    [{ id: "a", content: 1, time: clock.now + 5 }, "fresh"],
    [{ entity: "e", revision: 10n ** 30n, content: "x" }, "fresh"],
    [{ source: "s", position: 5, epoch: 1 }, "fresh"],
  );
  granted(gate, { id: "b" }).commit({ receipt: 7 });
  granted(gate, { id: "c", entity: "f", revision: 2, source: "t", position: 1 });
  granted(gate, { id: "d" }).release();
  return { gate, clock, first, snapshot: gate.snapshot(), changes: gate.changes() };
}

/** Asserts that neither an open gate nor a new one takes the bytes. */
async function damaged(gate, options, bytes, codes, message) {
  const before = gate.snapshot();
  assert.throws(
    () => gate.merge(bytes),
    (error) => {
      assert.ok(error instanceof OncewardError, `${message}: ${error}`);
      assert.ok(codes.includes(error.code), `${message}: ${error.code}`);
      return true;
    },
  );
  assert.deepEqual(gate.snapshot(), before, message);
  await assert.rejects(Gate.open({ ...options, snapshot: bytes }), (error) => {
    assert.ok(error instanceof OncewardError, `${message}: ${error}`);
    assert.ok(codes.includes(error.code), `${message}: ${error.code}`);
    return true;
  });
}

for (const [what, options] of Object.entries({
  "a secret that was given": { secret: "of this test" },
  "a secret that was drawn": {},
})) {
  test(`every truncation and every flipped bit is noticed, with ${what}`, async () => {
    const { gate, clock, snapshot, changes } = await sample(options);
    for (const bytes of [snapshot, changes]) {
      // What carries no secret, and whoever is given none, cannot be told to be of the same gate.
      const codes = options.secret === undefined ? ["corrupt", "wrong_secret"] : ["corrupt"];
      for (let length = 0; length < bytes.length; length += 1) {
        const cut = bytes.subarray(0, length);
        await damaged(gate, { clock, ...options }, cut, codes, `${length} bytes`);
      }
      for (let bit = 0; bit < bytes.length * 8; bit += 1) {
        const flipped = new Uint8Array(bytes);
        flipped[bit >> 3] ^= 1 << (bit & 7);
        await damaged(gate, { clock, ...options }, flipped, codes, `bit ${bit}`);
      }
      const longer = new Uint8Array(bytes.length + 1);
      longer.set(bytes);
      await damaged(gate, { clock, ...options }, longer, codes, "longer by a byte");
    }
    judges(gate, [{ id: "a", content: 1 }, "duplicate"], [{ id: "c" }, "pending"]);
    gate.merge(changes);
    await Gate.open({ clock, ...options, snapshot });
  });
}

test("random bytes are no state, however they begin", async () => {
  const { gate, snapshot } = await sample({ secret: "of this test" });
  const random = seeded(7);
  for (let round = 0; round < 500; round += 1) {
    const bytes = Uint8Array.from({ length: random.below(300) }, () => random.below(256));
    bytes.set(snapshot.subarray(0, Math.min(random.pick([0, 4, 24, 100]), bytes.length)));
    await damaged(gate, { secret: "of this test" }, bytes, ["corrupt"], `round ${round}`);
  }
});

test("pieces of two states are none", async () => {
  const options = { secret: "of this test" };
  const { gate, first, snapshot, changes } = await sample(options);
  for (const [head, tail] of [
    [first, snapshot],
    [snapshot, changes],
    [changes, first],
  ]) {
    for (const at of [60, 112, head.length - 16]) {
      const bytes = Buffer.concat([head.subarray(0, at), tail.subarray(at)]);
      await damaged(gate, options, bytes, ["corrupt"], `cut at ${at}`);
    }
    await damaged(gate, options, Buffer.concat([head, tail]), ["corrupt"], "one after the other");
  }
});

test("what is not a Uint8Array is corrupt where it is merged", async () => {
  const { gate, snapshot } = await sample();
  const before = gate.snapshot();
  for (const bytes of [
    undefined,
    null,
    "state",
    5,
    {},
    [...snapshot],
    snapshot.buffer,
    new DataView(snapshot.buffer),
    new Uint16Array(snapshot.buffer, 0, 4),
  ]) {
    refuses("corrupt", () => gate.merge(bytes), String(bytes));
  }
  assert.deepEqual(gate.snapshot(), before);
  const { doubleRuns: _, ...changed } = gate.merge(Buffer.from(snapshot));
  assert.deepEqual(changed, { keys: 0, entities: 0, sources: 0 });
});

test("bytes of a newer version say so, whatever comes after their first bytes", async () => {
  const options = { secret: "of this test" };
  const { gate, snapshot } = await sample(options);
  const view = new DataView(snapshot.buffer, snapshot.byteOffset, PRELUDE_BYTES);
  const sound = siphash(PRELUDE_KEY, snapshot.subarray(0, PRELUDE_BYTES - 8));
  assert.equal(view.getBigUint64(PRELUDE_BYTES - 8, true), sound);
  for (const version of [2, 3, 255]) {
    const newer = new Uint8Array(snapshot);
    newer[VERSION_AT] = version;
    await damaged(gate, options, newer, ["corrupt"], "a version that is damaged");
    const check = siphash(PRELUDE_KEY, newer.subarray(0, PRELUDE_BYTES - 8));
    new DataView(newer.buffer).setBigUint64(PRELUDE_BYTES - 8, check, true);
    await damaged(gate, options, newer, ["unsupported_version"], `version ${version}`);
    const short = newer.subarray(0, PRELUDE_BYTES);
    await damaged(gate, options, short, ["unsupported_version"], `version ${version}, short`);
  }
});

test("the bytes are the caller's again once they are taken", async () => {
  const { gate, clock, snapshot } = await sample();
  const bytes = new Uint8Array(snapshot);
  const opening = Gate.open({ clock, snapshot: bytes });
  const copy = await opening;
  bytes.fill(0);
  assert.deepEqual(copy.snapshot(), snapshot);
  const merged = new Uint8Array(snapshot);
  gate.merge(merged);
  assert.deepEqual(merged, snapshot);
});

test("a merge for which there is no room leaves the gate as it was", async () => {
  const { gate: large } = await open();
  const ids = Array.from({ length: 20_000 }, (_, index) => `entity ${index}`);
  large.checkRevisions(ids, new BigUint64Array(ids.length).fill(1n));
  const { gate } = await open({ maxBytes: 64 * 1024 });
  judges(gate, [{ id: "a" }, "fresh"], [{ entity: "entity 5", revision: 1 }, "fresh"]);
  const before = gate.snapshot();
  refuses("capacity", () => gate.merge(large.snapshot()));
  assert.deepEqual(gate.snapshot(), before);
  judges(gate, [{ id: "a" }, "duplicate"], [{ id: "b" }, "fresh"]);
});
