/**
 * A gate with a store: what it writes, when, and what it finds when it is opened again.
 * @module
 */
import assert from "node:assert/strict";
import test from "node:test";
import { Gate } from "onceward";
import { granted, refused } from "./helpers/claims.js";
import { handClock, judges, MINUTE, open, START } from "./helpers/gate.js";
import { called, isSettled, testStore } from "./helpers/teststore.js";

/** Opens a gate on a store of the test, whose calls so far are forgotten. */
async function openOn(stored, options = {}) {
  const { gate, clock } = await open({ store: stored.store, ...options });
  stored.calls.length = 0;
  return { gate, clock };
}

/** The bytes of what was written. */
const bytesOf = (calls) => calls.map(({ bytes }) => bytes);

test("on an empty store, a gate writes a snapshot at once", async () => {
  const stored = testStore();
  const { gate } = await open({ store: stored.store });
  assert.deepEqual(stored.calls, [
    { method: "load", name: "default" },
    { method: "replace", name: "default", bytes: gate.snapshot(), expect: 0n },
  ]);
  assert.deepEqual(gate.recovery, { records: 0, tornBytes: 0 });
  const { gate: alone } = await open();
  assert.equal(alone.recovery, undefined);
});

test("a flush appends what was recorded, and writes nothing where there is nothing to tell", async () => {
  const stored = testStore();
  const { gate } = await openOn(stored);
  await gate.flush();
  called(stored);
  judges(gate, [{ id: "a" }, "fresh"]);
  called(stored);
  await gate.flush();
  await gate.flush();
  judges(gate, [{ id: "a" }, "duplicate"]);
  await gate.flush();
  called(stored, "append");
  gate.inspect({ id: "c" });
  gate.changes();
  gate.snapshot();
  await gate.flush();
  called(stored);
  assert.deepEqual(
    stored.state().changes.map(({ length }) => length < 200),
    [true],
  );
});

test("without a store a flush resolves at once", async () => {
  const { gate } = await open();
  judges(gate, [{ id: "a" }, "fresh"]);
  assert.equal(await gate.flush(), undefined);
  assert.equal(await gate.close(), undefined);
});

test("a gate that is opened again goes on where the last flush left it", async () => {
  const stored = testStore();
  const { gate, clock } = await openOn(stored);
  judges(gate, [{ id: "a", content: 1 }, "fresh"], [{ entity: "e", revision: 5 }, "fresh"]);
  await gate.flush();
  granted(gate, { id: "b" }).commit({ receipt: 7 });
  granted(gate, { id: "held" });
  await gate.flush();
  const kept = gate.snapshot();
  judges(gate, [{ id: "lost" }, "fresh"]);
  called(stored, "append", "append");

  const { gate: again } = await open({ store: stored.store, clock });
  assert.deepEqual(again.recovery, { records: 2, tornBytes: 0 });
  assert.deepEqual(again.snapshot(), kept);
  judges(
    again,
    [{ id: "a", content: 2 }, "conflict"],
    [{ entity: "e", revision: 4 }, "stale"],
    [{ id: "held" }, "pending"],
    [{ id: "lost" }, "fresh"],
  );
  assert.deepEqual(refused(again, { id: "b" }, "duplicate").result, { receipt: 7 });
  await again.flush();
  const { gate: third } = await open({ store: stored.store, clock });
  assert.deepEqual(third.snapshot(), again.snapshot());
});

test("a secret that was drawn is in the store, and one that was given is needed again", async () => {
  const stored = testStore();
  const drawn = await Gate.open({ store: stored.store });
  drawn.check({ id: "a" });
  await drawn.flush();
  const again = await Gate.open({ store: stored.store });
  judges(again, [{ id: "a" }, "duplicate"]);
  const { store } = testStore();
  await Gate.open({ store, secret: "one" });
  await assert.rejects(Gate.open({ store }), { code: "wrong_secret" });
  await assert.rejects(Gate.open({ store, secret: "other" }), { code: "wrong_secret" });
  await Gate.open({ store, secret: "one" });
});

test("states of different names do not know of each other", async () => {
  const stored = testStore();
  const names = ["", "default", "orders", "a/../orders"];
  const gates = [];
  for (const name of names) {
    const { gate } = await openOn(stored, { name });
    judges(gate, [{ id: name || "none" }, "fresh"]);
    await gate.flush();
    assert.deepEqual(
      stored.calls.map((call) => call.name),
      [name],
    );
    gates.push(gate);
  }
  const { gate: unnamed } = await openOn(stored);
  judges(unnamed, [{ id: "default" }, "duplicate"], [{ id: "orders" }, "fresh"]);
  await gates[2].close();
  called(stored, "release");
});

test("a flush resolves when the store has confirmed, and not before", async () => {
  const stored = testStore();
  const { gate } = await openOn(stored);
  judges(gate, [{ id: "a" }, "fresh"]);
  const held = stored.holdNext();
  const flushed = gate.flush();
  await held.arrived;
  assert.equal(await isSettled(flushed), false);
  held.go();
  await flushed;
  const { gate: again } = await open({ store: stored.store });
  judges(again, [{ id: "a" }, "duplicate"]);
});

test("any number of flushes at a time are two writes at most, and each is told the truth", async () => {
  const stored = testStore();
  const { gate } = await openOn(stored);
  judges(gate, [{ id: "a" }, "fresh"]);
  const held = stored.holdNext();
  const early = gate.flush();
  await held.arrived;
  judges(gate, [{ id: "b" }, "fresh"]);
  const next = stored.holdNext();
  const late = Array.from({ length: 100 }, () => gate.flush());
  held.go();
  await early;
  const { gate: between } = await open({ snapshot: stored.state().snapshot });
  between.merge(stored.state().changes[0]);
  judges(between, [{ id: "a" }, "duplicate"], [{ id: "b" }, "fresh"]);
  await next.arrived;
  judges(gate, [{ id: "c" }, "fresh"]);
  for (const flushed of late) {
    assert.equal(await isSettled(flushed), false);
  }
  next.go();
  await Promise.all(late);
  called(stored, "append", "append");
  await gate.flush();
  called(stored, "append");
});

test("writes come one after the other, each expecting what the last one returned", async () => {
  const stored = testStore();
  const { gate } = await openOn(stored);
  for (let round = 0; round < 50; round += 1) {
    gate.check({ id: `${round}` });
    const flushed = gate.flush();
    if (round % 3 > 0) {
      await flushed;
    }
  }
  await gate.flush();
  const expected = stored.writes().map(({ expect }) => expect);
  assert.deepEqual(
    expected,
    expected.map((_, index) => BigInt(index + 1)),
  );
  const { gate: again } = await open({ store: stored.store });
  assert.equal(
    again.checkIds(Array.from({ length: 50 }, (_, id) => `${id}`)).count("duplicate"),
    50,
  );
});

for (const [how, thrown] of [
  ["an error of its own", new Error("the disk is full")],
  ["something that is no error", "full"],
  ["nothing", null],
]) {
  test(`when the store fails with ${how}, nothing is lost, and the next flush tells it again`, async () => {
    const stored = testStore();
    const { gate } = await openOn(stored);
    judges(gate, [{ id: "a" }, "fresh"]);
    stored.failNext(thrown);
    await assert.rejects(gate.flush(), (error) => {
      assert.equal(error.name, "OncewardError");
      assert.equal(error.code, "store");
      assert.equal(error.cause, thrown);
      return true;
    });
    judges(gate, [{ id: "a" }, "duplicate"], [{ id: "b" }, "fresh"]);
    stored.failNext();
    await assert.rejects(gate.flush(), { code: "store" });
    await gate.flush();
    called(stored, "append", "append", "append", "append");
    const { gate: again } = await open({ store: stored.store });
    judges(again, [{ id: "a" }, "duplicate"], [{ id: "b" }, "duplicate"]);
  });
}

test("after a failure the same bytes are written first, then what came later", async () => {
  const stored = testStore();
  const { gate } = await openOn(stored);
  judges(gate, [{ id: "a" }, "fresh"]);
  stored.failNext();
  await assert.rejects(gate.flush(), { code: "store" });
  judges(gate, [{ entity: "e", revision: 5 }, "fresh"]);
  await gate.flush();
  const [first, again, later] = bytesOf(stored.writes());
  assert.deepEqual(again, first);
  assert.notDeepEqual(later, first);
  assert.deepEqual(stored.state().changes, [first, later]);
  assert.deepEqual(
    stored.writes().map(({ expect }) => expect),
    [1n, 1n, 2n],
  );
});

test("a flush that waits behind one that fails is tried on its own", async () => {
  const stored = testStore();
  const { gate } = await openOn(stored);
  judges(gate, [{ id: "a" }, "fresh"]);
  const held = stored.holdNext();
  const first = assert.rejects(gate.flush(), { code: "store" });
  await held.arrived;
  judges(gate, [{ id: "b" }, "fresh"]);
  const second = gate.flush();
  held.fail(new Error("interrupted"));
  await first;
  await second;
  const { gate: again } = await open({ store: stored.store });
  judges(again, [{ id: "a" }, "duplicate"], [{ id: "b" }, "duplicate"]);
});

test("when enough was appended, the next write puts it together", async () => {
  const stored = testStore();
  const { gate } = await openOn(stored);
  let appended = 0;
  for (let round = 0; round < 100 && stored.state().changes.length === round; round += 1) {
    gate.checkIds(Array.from({ length: 500 }, (_, index) => `id ${round} ${index}`));
    await gate.flush();
    appended += stored.writes().at(-1).bytes.length;
  }
  const methods = stored.methods();
  assert.equal(methods.pop(), "replace");
  assert.ok(methods.every((method) => method === "append"));
  const last = stored.writes().at(-1).bytes;
  assert.ok(appended - last.length > 64 * 1024, `${appended - last.length} bytes`);
  assert.deepEqual(last, gate.snapshot());
  assert.deepEqual(stored.state().changes, []);
  gate.check({ id: "next" });
  await gate.flush();
  assert.equal(stored.methods().at(-1), "append");

  const { gate: again } = await open({ store: stored.store });
  assert.equal(again.recovery.records, 1);
  assert.deepEqual(again.snapshot(), gate.snapshot());
});

test("a state that grew much before it was opened is put together at opening", async () => {
  const stored = testStore();
  const { gate } = await openOn(stored);
  gate.checkIds(Array.from({ length: 6000 }, (_, index) => `id ${index}`));
  await gate.flush();
  called(stored, "append");
  const { gate: again } = await open({ store: stored.store });
  called(stored, "load", "replace");
  assert.equal(again.recovery.records, 1);
  assert.deepEqual(again.snapshot(), gate.snapshot());
});

test("after forget the next write is a replacement, and the record is gone from the store", async () => {
  const stored = testStore();
  const { gate } = await openOn(stored);
  judges(gate, [{ id: "a" }, "fresh"], [{ id: "b" }, "fresh"]);
  await gate.flush();
  assert.equal(gate.forget({ id: "a" }), 1);
  await gate.flush();
  called(stored, "append", "replace");
  assert.deepEqual(stored.state().changes, []);
  const { gate: again } = await open({ store: stored.store });
  judges(again, [{ id: "a" }, "fresh"], [{ id: "b" }, "duplicate"]);
});

test("a replacement that fails is tried again", async () => {
  const stored = testStore();
  const { gate } = await openOn(stored);
  judges(gate, [{ id: "a" }, "fresh"]);
  gate.forget({ id: "a" });
  const whole = gate.snapshot();
  stored.failNext();
  await assert.rejects(gate.flush(), { code: "store" });
  judges(gate, [{ id: "b" }, "fresh"]);
  await gate.flush();
  called(stored, "replace", "replace", "append");
  assert.deepEqual(stored.state().snapshot, whole);
  const { gate: again } = await open({ store: stored.store });
  assert.deepEqual(again.snapshot(), gate.snapshot());
});

test("what is forgotten for its age needs no write, and a later opening knows it", async () => {
  const stored = testStore();
  const { gate, clock } = await openOn(stored, { retention: "1m" });
  judges(gate, [{ id: "a" }, "fresh"]);
  await gate.flush();
  clock.now += MINUTE;
  judges(gate, [{ id: "b" }, "fresh"]);
  await gate.flush();
  const clockBack = handClock(START);
  const { gate: again } = await open({ store: stored.store, retention: "1m", clock: clockBack });
  assert.deepEqual(again.snapshot(), gate.snapshot());
  judges(again, [{ id: "a", time: START }, "expired"], [{ id: "b" }, "duplicate"]);
});
