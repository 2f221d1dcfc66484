/**
 * Opening a gate on a store, and closing it: who is the writer, and what is refused.
 * @module
 */
import assert from "node:assert/strict";
import test from "node:test";
import { Gate, OncewardError } from "onceward";
import { refusesAll } from "./helpers/calls.js";
import { granted, lead, never, turn } from "./helpers/claims.js";
import { handClock, judges, open, refuses } from "./helpers/gate.js";
import { called, fencedError, isSettled, testStore } from "./helpers/teststore.js";

/** Opens a gate on a store of the test, whose calls so far are forgotten. */
async function openOn(stored, options = {}) {
  const { gate, clock } = await open({ store: stored.store, ...options });
  stored.calls.length = 0;
  return { gate, clock };
}

test("opening fences off whoever wrote before, even if neither has anything to tell", async () => {
  const stored = testStore();
  const { gate: first } = await openOn(stored);
  const claim = granted(first, { id: "claimed" });
  const stage = first.stage([{ id: "staged" }]);
  await first.flush();
  const { gate: second } = await openOn(stored);
  judges(first, [{ id: "a" }, "fresh"]);
  await assert.rejects(first.flush(), { name: "OncewardError", code: "fenced" });
  await refusesAll(first, "fenced");
  refuses("fenced", () => claim.commit());
  refuses("fenced", () => claim.release());
  refuses("fenced", () => stage.keep());
  refuses("fenced", () => stage.drop());
  judges(second, [{ id: "claimed" }, "pending"], [{ id: "a" }, "fresh"]);
  await second.flush();

  // The one that was fenced off gives nothing back: it is the other's.
  stored.calls.length = 0;
  await first.close();
  await first.close();
  called(stored);
  refuses("fenced", () => first.check({ id: "a" }));
  await second.flush();
  await second.close();
  called(stored, "release");
});

test("a gate that learns by closing that it was fenced off rejects, and is done", async () => {
  const stored = testStore();
  const { gate } = await openOn(stored);
  judges(gate, [{ id: "a" }, "fresh"]);
  stored.takeOver();
  await assert.rejects(gate.close(), { code: "fenced" });
  await refusesAll(gate, "fenced");
  await gate.close();
  called(stored, "append");
});

test("calls that wait hear that the gate was fenced off", async (t) => {
  const stored = testStore();
  const { gate } = await openOn(stored);
  granted(gate, { id: "a" });
  await gate.flush();
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const waiting = gate.once({ id: "a" }, never);
  const refused = assert.rejects(waiting, { code: "fenced" });
  await turn();
  judges(gate, [{ id: "b" }, "fresh"]);
  stored.takeOver();
  await assert.rejects(gate.flush(), { code: "fenced" });
  t.mock.timers.tick(1000);
  await refused;
});

test("where another one writes between the reading and the first write, the gate is opened again", async () => {
  const stored = testStore();
  const { gate: other } = await openOn(stored);
  judges(other, [{ id: "a" }, "fresh"]);
  stored.duringNext(() => other.flush());
  const { gate } = await open({ store: stored.store });
  called(stored, "load", "append", "append", "release", "load", "append");
  assert.equal(gate.recovery.records, 1);
  judges(gate, [{ id: "a" }, "duplicate"]);
  judges(other, [{ id: "b" }, "fresh"]);
  await assert.rejects(other.flush(), { code: "fenced" });
});

test("who never is the first to write gives up, and leaves the state as it is", async () => {
  const stored = testStore();
  await openOn(stored);
  const always = {
    ...stored.store,
    append: async () => {
      stored.takeOver();
      throw fencedError();
    },
  };
  await assert.rejects(Gate.open({ store: always, secret: "a secret of the tests" }), {
    code: "fenced",
  });
  assert.ok(stored.methods().filter((method) => method === "load").length > 1);
  assert.equal(stored.methods().at(-1), "release");
});

test("a write that was interrupted is reported, and the next write is a replacement", async () => {
  const stored = testStore();
  const { gate } = await openOn(stored);
  judges(gate, [{ id: "a" }, "fresh"]);
  await gate.flush();
  stored.alter({ tornBytes: 17 });
  const { gate: again } = await open({ store: stored.store });
  called(stored, "append", "load", "replace");
  assert.deepEqual(again.recovery, { records: 1, tornBytes: 17 });
  assert.deepEqual(again.snapshot(), gate.snapshot());
  const { gate: third } = await open({ store: stored.store });
  assert.deepEqual(third.recovery, { records: 0, tornBytes: 0 });
  judges(third, [{ id: "a" }, "duplicate"]);
});

test("close flushes and then releases; what comes afterwards is closed", async () => {
  const stored = testStore();
  const { gate } = await openOn(stored);
  judges(gate, [{ id: "a" }, "fresh"]);
  const held = stored.holdNext();
  const closing = [gate.close(), gate.close()];
  await held.arrived;
  assert.equal(await isSettled(closing[0]), false);
  judges(gate, [{ id: "a" }, "duplicate"]);
  held.go();
  await Promise.all(closing);
  called(stored, "append", "release");
  await refusesAll(gate, "closed");
  await gate.close();
  called(stored);
  const { gate: again } = await open({ store: stored.store });
  judges(again, [{ id: "a" }, "duplicate"]);
});

test("when the flush fails close rejects, and the gate stays usable", async () => {
  const stored = testStore();
  const { gate } = await openOn(stored);
  judges(gate, [{ id: "a" }, "fresh"]);
  stored.failNext();
  const closing = [gate.close(), gate[Symbol.asyncDispose]()];
  for (const { reason } of await Promise.allSettled(closing)) {
    assert.equal(reason.code, "store");
  }
  judges(gate, [{ id: "a" }, "duplicate"], [{ id: "b" }, "fresh"]);
  called(stored, "append");
  await gate.close();
  called(stored, "append", "append", "release");
  const { gate: again } = await open({ store: stored.store });
  judges(again, [{ id: "a" }, "duplicate"], [{ id: "b" }, "duplicate"]);
});

test("when releasing fails close rejects, the gate is closed, and closing again tries again", async () => {
  const stored = testStore();
  const failures = [new Error("no handle")];
  const store = {
    ...stored.store,
    release: async () => {
      if (failures.length > 0) {
        throw failures.pop();
      }
    },
  };
  const { gate } = await open({ store });
  await assert.rejects(gate.close(), ({ code, cause }) => {
    assert.equal(cause.message, "no handle");
    return code === "store";
  });
  refuses("closed", () => gate.check({ id: "a" }));
  await gate.close();
});

test("a store without release, subscribe and close will do", async () => {
  const { load, append, replace } = testStore().store;
  const { gate } = await open({ store: { load, append, replace } });
  judges(gate, [{ id: "a" }, "fresh"]);
  await gate.close();
  const { gate: again } = await open({ store: { load, append, replace } });
  judges(again, [{ id: "a" }, "duplicate"]);
});

test("an effect that runs while its gate is closed is unconfirmed", async () => {
  const stored = testStore();
  const { gate } = await openOn(stored);
  const leader = lead(gate, { id: "a" });
  await turn();
  await gate.close();
  leader.resolve("value");
  assert.deepEqual(await leader.outcome, { status: "applied", value: "value", unconfirmed: true });
});

const GOOD = { changes: [], version: 0n };

for (const [what, state] of Object.entries({
  "a version that is a number": { ...GOOD, version: 1 },
  "a version that is a text": { ...GOOD, version: "1" },
  "no version": { changes: [] },
  "no changes": { version: 1n },
  "changes that are no array": { version: 1n, changes: new Uint8Array(5) },
  null: null,
  "a text": "state",
})) {
  test(`a store that loads nonsense is refused: ${what}`, async () => {
    const stored = testStore();
    const store = { ...stored.store, load: async () => state };
    await assert.rejects(open({ store }), (error) => {
      assert.ok(error instanceof OncewardError, `${error}`);
      return error.code === "store";
    });
    assert.deepEqual(stored.writes(), []);
    called(stored, "release");
  });
}

test("bytes of a store that are no state are corrupt, and are left as they are", async () => {
  const stored = testStore();
  const { gate } = await openOn(stored);
  judges(gate, [{ id: "a" }, "fresh"]);
  await gate.flush();
  const { snapshot, changes } = stored.state();
  for (const broken of [
    { snapshot: snapshot.subarray(1), changes },
    { snapshot: "text", changes },
    { snapshot, changes: [changes[0].subarray(0, 40)] },
    { snapshot, changes: ["text"] },
    { snapshot, changes: [changes[0], new Uint8Array()] },
  ]) {
    stored.alter(broken);
    const before = stored.state();
    stored.calls.length = 0;
    await assert.rejects(open({ store: stored.store }), { name: "OncewardError", code: "corrupt" });
    called(stored, "load", "release");
    assert.equal(stored.state(), before);
  }
  stored.alter({ snapshot, changes });
  const { gate: again } = await open({ store: stored.store });
  judges(again, [{ id: "a" }, "duplicate"]);
});

for (const [method, wrap] of [
  ["load", "be read"],
  ["replace", "be written"],
]) {
  test(`when ${method} fails at opening, that is told, whether it rejects or throws`, async () => {
    for (const fail of [
      () => Promise.reject(new Error(wrap)),
      () => {
        throw new Error(wrap);
      },
    ]) {
      const stored = testStore();
      const store = { ...stored.store, [method]: fail };
      await assert.rejects(open({ store }), ({ code, cause }) => {
        assert.equal(cause.message, wrap);
        return code === "store";
      });
      assert.equal(stored.methods().at(-1), "release");
      assert.equal(stored.deliver(new Uint8Array()), 0);
    }
  });
}

test("what releasing throws after a failed opening does not hide why it failed", async () => {
  const store = {
    ...testStore().store,
    load: () => Promise.reject(new OncewardError("store", "someone else has it")),
    release: () => {
      throw new Error("not open");
    },
  };
  await assert.rejects(open({ store }), { code: "store", message: "someone else has it" });
});

test("a write that returns no version is a failure", async () => {
  const stored = testStore();
  const { gate } = await openOn(stored);
  const store = { ...stored.store, append: async () => 5 };
  const { gate: other } = await open({
    store: { ...store, replace: stored.store.replace },
    name: "b",
  });
  judges(other, [{ id: "a" }, "fresh"]);
  await assert.rejects(other.flush(), { code: "store" });
  await assert.rejects(open({ store }), { code: "store" });
  judges(gate, [{ id: "a" }, "fresh"]);
});

test("a snapshot is where an empty store starts", async () => {
  const { gate: source, clock } = await open();
  judges(source, [{ id: "a" }, "fresh"], [{ entity: "e", revision: 5 }, "fresh"]);
  const snapshot = source.snapshot();
  const stored = testStore();
  const { gate } = await open({ store: stored.store, snapshot, clock });
  called(stored, "load", "replace");
  assert.deepEqual(stored.state().snapshot, snapshot);
  judges(gate, [{ id: "a" }, "duplicate"], [{ entity: "e", revision: 4 }, "stale"]);
});

for (const ids of [[], ["of the store"]]) {
  test(`a snapshot is merged into a store that has ${ids.length} keys, and written to it`, async () => {
    const stored = testStore();
    const { gate: before } = await openOn(stored);
    before.checkIds(ids);
    await before.flush();
    const { gate: source } = await open();
    judges(source, [{ id: "of the snapshot" }, "fresh"]);
    const options = { store: stored.store, clock: handClock() };
    const { gate } = await open({ ...options, snapshot: source.snapshot() });
    const all = [...ids, "of the snapshot"];
    assert.equal(gate.checkIds(all).count("duplicate"), all.length);
    const { gate: again } = await open(options);
    assert.equal(again.checkIds(all).count("duplicate"), all.length);
    assert.equal(again.checkIds(["new"]).count("fresh"), 1);
  });
}

test("a snapshot of another gate does not get into a store", async () => {
  const stored = testStore();
  const { gate } = await openOn(stored);
  judges(gate, [{ id: "a" }, "fresh"]);
  await gate.flush();
  const before = stored.state();
  const drawn = await Gate.open();
  for (const [code, snapshot] of [
    ["wrong_secret", drawn.snapshot()],
    ["corrupt", gate.snapshot().subarray(1)],
    ["invalid_option", (await open({ revisions: "next" })).gate.snapshot()],
  ]) {
    await assert.rejects(open({ store: stored.store, snapshot }), { code });
    assert.equal(stored.state(), before);
    assert.equal(stored.methods().at(-1), "release");
  }
});
