/**
 * A store that several copies of a gate share: what others write is merged, and not written again.
 * @module
 */
import assert from "node:assert/strict";
import test from "node:test";
import { refusesAll } from "./helpers/calls.js";
import { granted, lead, lost, never, refused, turn } from "./helpers/claims.js";
import { judges, open, refuses } from "./helpers/gate.js";
import { called, testStore } from "./helpers/teststore.js";

/** Opens a gate on a store, and another one that writes elsewhere; reports are noted. */
async function shared(options = {}) {
  const stored = testStore();
  const reports = [];
  const onMerge = (report) => reports.push(report);
  const { gate, clock } = await open({ store: stored.store, onMerge, ...options });
  const { gate: other } = await open({ clock, ...options });
  other.changes();
  stored.calls.length = 0;
  return { stored, reports, gate, other, clock };
}

test("what another copy has written is known here, and told to the user", async () => {
  const { stored, reports, gate, other } = await shared();
  judges(
    other,
    [{ id: "a" }, "fresh"],
    [{ entity: "e", revision: 5 }, "fresh"],
    [{ source: "s", position: 5 }, "fresh"],
  );
  assert.equal(stored.deliver(other.changes()), 1);
  assert.deepEqual(reports, [{ keys: 1, entities: 1, sources: 1, doubleRuns: [] }]);
  judges(
    gate,
    [{ id: "a" }, "duplicate"],
    [{ entity: "e", revision: 4 }, "stale"],
    [{ source: "s", position: 5 }, "duplicate"],
  );
  judges(other, [{ id: "b" }, "fresh"]);
  stored.deliver(other.changes());
  assert.equal(reports.length, 2);
});

test("it is not written to the store again, also not beside what is new here", async () => {
  const { stored, gate, other } = await shared();
  other.checkIds(Array.from({ length: 1000 }, (_, index) => `id ${index}`));
  granted(other, { id: "claimed" });
  stored.deliver(other.changes());
  await gate.flush();
  called(stored);
  judges(gate, [{ id: "id 7" }, "duplicate"]);
  await gate.flush();
  called(stored);
  judges(gate, [{ id: "new" }, "fresh"]);
  await gate.flush();
  assert.deepEqual(stored.methods(), ["append"]);
  assert.ok(stored.writes()[0].bytes.length < 200);
  // For other copies it is as new as anything else.
  assert.deepEqual(gate.changes(), gate.snapshot());
});

test("changes() has a cursor of its own, which hears of others", async () => {
  const { stored, gate, other } = await shared();
  gate.changes();
  judges(gate, [{ id: "ours" }, "fresh"]);
  await gate.flush();
  judges(other, [{ id: "theirs" }, "fresh"]);
  stored.deliver(other.changes());
  const { gate: third } = await open();
  assert.equal(third.merge(gate.changes()).keys, 2);
  judges(third, [{ id: "ours" }, "duplicate"], [{ id: "theirs" }, "duplicate"]);
});

test("what is merged by hand is written, even if it was written elsewhere", async () => {
  const { stored, reports, gate, other } = await shared();
  judges(other, [{ id: "a" }, "fresh"]);
  gate.merge(other.changes());
  await gate.flush();
  called(stored, "append");
  assert.deepEqual(reports, []);
  const { gate: again } = await open({ store: stored.store });
  judges(again, [{ id: "a" }, "duplicate"]);
});

test("a double run that is found so is reported", async () => {
  const { stored, reports, gate, other } = await shared();
  granted(gate, { id: "a" }).commit("ours");
  granted(other, { id: "a" }).commit("theirs");
  stored.deliver(other.changes());
  const [{ key }] = reports[0].doubleRuns;
  assert.equal(key, gate.fingerprint({ id: "a" }));
});

test("a double run that is found in the store at opening is reported, too", async () => {
  const { stored, reports, gate, other } = await shared();
  granted(gate, { id: "a" }).commit("ours");
  await gate.flush();
  granted(other, { id: "a" }).commit("theirs");
  stored.alter({ changes: [...stored.state().changes, other.changes()] });
  const { gate: again } = await open({
    store: stored.store,
    onMerge: (report) => reports.push(report),
  });
  assert.equal(reports.length, 1);
  assert.equal(reports[0].doubleRuns[0].key, again.fingerprint({ id: "a" }));
});

test("a claim here is lost to a commit there", async () => {
  const { stored, gate, other } = await shared();
  const claim = granted(gate, { id: "a" });
  granted(other, { id: "a" }).commit({ receipt: 7 });
  stored.deliver(other.changes());
  assert.deepEqual(lost(() => claim.commit(1)).result, { receipt: 7 });
});

test("those who wait are woken by what others write", async (t) => {
  const { stored, gate, other } = await shared();
  const claim = granted(other, { id: "a" });
  stored.deliver(other.changes());
  refused(gate, { id: "a" }, "pending");
  // Without being woken they would wait for ever.
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const waiting = gate.once({ id: "a" }, never);
  await turn();
  claim.commit("theirs");
  stored.deliver(other.changes());
  assert.deepEqual(await waiting, { status: "replayed", value: "theirs", omitted: false });
});

test("what comes while a write is under way is merged, and does not get into it", async () => {
  const { stored, gate, other } = await shared();
  judges(gate, [{ id: "a" }, "fresh"]);
  const held = stored.holdNext();
  const flushed = gate.flush();
  const { bytes } = await held.arrived;
  const copy = new Uint8Array(bytes);
  judges(other, [{ id: "b" }, "fresh"]);
  stored.deliver(other.changes());
  judges(gate, [{ id: "b" }, "duplicate"]);
  held.go();
  await flushed;
  await gate.flush();
  called(stored, "append");
  assert.deepEqual(stored.state().changes, [copy]);
});

test("a gate listens once its first write is confirmed, and not before", async () => {
  const stored = testStore();
  const reports = [];
  let listeners;
  stored.duringNext(() => {
    listeners = stored.listeners();
  });
  const onMerge = (report) => reports.push(report.keys);
  const { gate } = await open({ store: stored.store, onMerge });
  assert.equal(listeners, 0);
  const { gate: other } = await open();
  judges(other, [{ id: "a" }, "fresh"]);
  stored.deliver(other.snapshot());
  judges(gate, [{ id: "a" }, "duplicate"]);
  assert.deepEqual(reports, [1]);
});

test("a message that is no state makes the gate fail closed", async () => {
  for (const message of [
    (bytes) => bytes.subarray(0, 30),
    (bytes) => bytes.with(40, bytes[40] ^ 1),
    () => new Uint8Array(),
    () => "text",
    () => undefined,
  ]) {
    const { stored, reports, gate, other } = await shared();
    const claim = granted(gate, { id: "a" });
    const leader = lead(gate, { id: "led" });
    await turn();
    judges(other, [{ id: "b" }, "fresh"]);
    stored.deliver(message(other.changes()));
    await refusesAll(gate, "corrupt");
    refuses("corrupt", () => claim.commit());
    leader.resolve("value");
    assert.deepEqual(await leader.outcome, {
      status: "applied",
      value: "value",
      unconfirmed: true,
    });
    assert.deepEqual(reports, []);
    stored.calls.length = 0;
    await gate.close();
    called(stored, "release");
    assert.equal(stored.deliver(other.snapshot()), 0);
    await refusesAll(gate, "corrupt");
  }
});

for (const [code, options] of [
  ["wrong_secret", { secret: "another secret" }],
  ["invalid_option", { revisions: "next" }],
]) {
  test(`changes that cannot be merged make the gate fail closed: ${code}`, async () => {
    const { stored, gate } = await shared();
    const { gate: stranger } = await open(options);
    stored.deliver(stranger.snapshot());
    await refusesAll(gate, code);
  });
}

test("nothing is heard of after close, after being fenced off, and where opening failed", async () => {
  const { stored, gate, other } = await shared();
  await gate.close();
  assert.equal(stored.deliver(other.snapshot()), 0);

  const second = await shared();
  judges(second.gate, [{ id: "a" }, "fresh"]);
  second.stored.takeOver();
  await assert.rejects(second.gate.flush(), { code: "fenced" });
  assert.equal(second.stored.deliver(other.snapshot()), 0);

  const third = testStore();
  third.failNext();
  await assert.rejects(open({ store: third.store }), { code: "store" });
  assert.equal(third.deliver(other.snapshot()), 0);
});
