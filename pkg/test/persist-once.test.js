/**
 * Acting once with a store: what it has confirmed before an effect starts, and after it has happened.
 * @module
 */
import assert from "node:assert/strict";
import test from "node:test";
import { granted, lead, never, refused, turn } from "./helpers/claims.js";
import { judges, MINUTE, open, SECOND } from "./helpers/gate.js";
import { called, isSettled, testStore } from "./helpers/teststore.js";

/** Opens a gate on a store of the test, whose calls so far are forgotten. */
async function openOn(stored, options = {}) {
  const { gate, clock } = await open({ store: stored.store, ...options });
  stored.calls.length = 0;
  return { gate, clock };
}

/** Opens what is stored now, as another process would after a crash. */
async function crashed(stored, options = {}) {
  const { store } = testStore();
  const state = structuredClone(stored.state());
  const { gate, clock } = await open({
    store: { ...store, load: async () => ({ ...state, version: 0n }) },
    ...options,
  });
  return { gate, clock };
}

test("the claim is confirmed before the effect starts, and the commit before the value is told", async () => {
  const stored = testStore();
  const { gate } = await openOn(stored);
  const first = stored.holdNext();
  const leader = lead(gate, { id: "a" });
  await first.arrived;
  await turn();
  assert.equal(leader.calls.count, 0);
  first.go();
  await turn();
  assert.equal(leader.calls.count, 1);
  refused((await crashed(stored)).gate, { id: "a" }, "pending");

  const second = stored.holdNext();
  leader.resolve({ receipt: 7 });
  await second.arrived;
  assert.equal(await isSettled(leader.outcome), false);
  refused((await crashed(stored)).gate, { id: "a" }, "pending");
  second.go();
  assert.deepEqual(await leader.outcome, { status: "applied", value: { receipt: 7 } });
  assert.deepEqual(refused((await crashed(stored)).gate, { id: "a" }, "duplicate").result, {
    receipt: 7,
  });
  called(stored, "append", "append");
});

test("after a crash between the two, nobody else acts within the lease, and then one takes over", async () => {
  for (const [afterCrash, verdict] of [
    ["retry", "fresh"],
    ["hold", "in-doubt"],
  ]) {
    const stored = testStore();
    const { gate } = await openOn(stored);
    const leader = lead(gate, { id: "a" });
    await turn();
    assert.equal(leader.calls.count, 1);
    const { gate: again, clock } = await crashed(stored, { afterCrash });
    refused(again, { id: "a" }, "pending");
    clock.now += MINUTE;
    const { verdict: next, takeover } = again.claim({ id: "a" });
    assert.deepEqual([next, takeover], [verdict, verdict === "fresh" ? true : undefined]);
  }
});

test("when the claim cannot be confirmed the effect does not run, and the event is free again", async () => {
  const stored = testStore();
  const { gate } = await openOn(stored);
  const cause = stored.failNext();
  await assert.rejects(gate.once({ id: "a", entity: "e", revision: 1 }, never), (error) => {
    assert.equal(error.cause, cause);
    return error.code === "store";
  });
  assert.equal(gate.stats().claims, 0);
  const { attempt, takeover } = granted(gate, { id: "a", entity: "e", revision: 1 });
  assert.deepEqual([attempt, takeover], [1, false]);
});

test("when the claim of a call cannot be confirmed, one that waits for it tries its luck", async () => {
  const stored = testStore();
  const { gate } = await openOn(stored);
  const held = stored.holdNext();
  const first = assert.rejects(gate.once({ id: "a" }, never), { code: "store" });
  const second = gate.once({ id: "a" }, () => "of the second");
  await held.arrived;
  held.fail(new Error("interrupted"));
  await first;
  assert.deepEqual(await second, { status: "applied", value: "of the second" });
});

test("when the commit cannot be confirmed, the value is told as unconfirmed, and the next flush tells the store", async () => {
  const stored = testStore();
  const { gate } = await openOn(stored);
  const outcome = await gate.once({ id: "a" }, () => {
    stored.failNext();
    return { receipt: 7 };
  });
  assert.deepEqual(outcome, { status: "applied", value: { receipt: 7 }, unconfirmed: true });
  judges(gate, [{ id: "a" }, "duplicate"]);
  await gate.flush();
  assert.deepEqual(refused((await crashed(stored)).gate, { id: "a" }, "duplicate").result, {
    receipt: 7,
  });
});

test("when the gate is fenced off while the effect runs, its value is told as unconfirmed", async () => {
  const stored = testStore();
  const { gate } = await openOn(stored);
  const outcome = await gate.once({ id: "a" }, () => {
    stored.takeOver();
    return "value";
  });
  assert.deepEqual(outcome, { status: "applied", value: "value", unconfirmed: true });
  await assert.rejects(gate.once({ id: "b" }, never), { code: "fenced" });
});

test("when the gate is fenced off before the effect, it does not run", async () => {
  const stored = testStore();
  const { gate } = await openOn(stored);
  stored.takeOver();
  await assert.rejects(gate.once({ id: "a" }, never), { code: "fenced" });
});

test("how a throwing effect ended is confirmed, and its error matters more than the store's", async () => {
  const stored = testStore();
  const { gate } = await openOn(stored);
  const mine = new Error("mine");
  const fail = () => {
    throw mine;
  };
  for (const [id, onError, verdict] of [
    ["released", undefined, "fresh"],
    ["doubted", () => "doubt", "in-doubt"],
    ["committed", () => "commit", "duplicate"],
  ]) {
    await assert.rejects(gate.once({ id }, fail, { onError }), (error) => error === mine);
    const { gate: again } = await crashed(stored);
    assert.equal(again.claim({ id }).verdict, verdict);
  }
  const failing = () => {
    stored.failNext();
    throw mine;
  };
  await assert.rejects(gate.once({ id: "b" }, failing), (error) => error === mine);
  judges(gate, [{ id: "b" }, "fresh"]);
});

for (const [how, end, expected, ran] of [
  ["committed", (claim) => claim.commit("theirs"), { status: "replayed", value: "theirs" }, 0],
  ["doubted", (claim) => claim.doubt(), { status: "refused", verdict: "in-doubt" }, 0],
  ["released", (claim) => claim.release(), { status: "applied", value: "ours" }, 1],
]) {
  test(`a claim that is lost while it is confirmed does not act; the winner has ${how}`, async () => {
    const stored = testStore();
    const { gate, clock } = await openOn(stored);
    const { gate: other } = await open({ clock });
    clock.now += SECOND;
    const held = stored.holdNext();
    let runs = 0;
    const outcome = gate.once({ id: "a" }, () => {
      runs += 1;
      return "ours";
    });
    await held.arrived;
    clock.now += SECOND;
    const winner = granted(other, { id: "a" });
    // Of two claims that are alive the one with the higher token wins.
    gate.merge(other.changes());
    held.go();
    await turn();
    assert.equal(runs, 0);
    assert.equal(await isSettled(outcome), false);
    end(winner);
    gate.merge(other.changes());
    const { status, value, verdict } = await outcome;
    assert.deepEqual(
      { status, value, verdict },
      { value: undefined, verdict: undefined, ...expected },
    );
    assert.equal(runs, ran);
  });
}

test("a commit that is merged in while the claim is confirmed is replayed, and nothing runs", async () => {
  const stored = testStore();
  const { gate, clock } = await openOn(stored);
  const { gate: other } = await open({ clock });
  const held = stored.holdNext();
  const outcome = gate.once({ id: "a" }, never);
  await held.arrived;
  granted(other, { id: "a" }).commit("theirs");
  gate.merge(other.changes());
  held.go();
  assert.deepEqual(await outcome, { status: "replayed", value: "theirs", omitted: false });
});

test("a claim whose lease is over before the store has confirmed it is claimed anew", async () => {
  const stored = testStore();
  const { gate, clock } = await openOn(stored);
  const held = stored.holdNext();
  const seen = [];
  const outcome = gate.once({ id: "a" }, ({ attempt, takeover }) => {
    seen.push([attempt, takeover]);
    return "value";
  });
  await held.arrived;
  clock.now += MINUTE;
  held.go();
  assert.deepEqual(await outcome, { status: "applied", value: "value" });
  assert.deepEqual(seen, [[1, false]]);
  called(stored, "append", "append", "append");
});

test("a lost claim that waits again waits no longer than it may", async (t) => {
  const stored = testStore();
  const { gate, clock } = await openOn(stored);
  const { gate: other } = await open({ clock });
  const blocking = granted(gate, { id: "a" });
  await gate.flush();
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const outcome = gate.once({ id: "a" }, never, { maxWait: "5s", lease: "1h" });
  await turn();
  const held = stored.holdNext();
  blocking.release();
  await held.arrived;
  clock.now += SECOND;
  granted(other, { id: "a" }, { lease: "1h" });
  gate.merge(other.changes());
  held.go();
  for (let second = 0; second < 6; second += 1) {
    await turn();
    t.mock.timers.tick(SECOND);
  }
  assert.equal(await isSettled(outcome), true);
  assert.equal((await outcome).verdict, "pending");
});

test("those who join are told no sooner than the store knows", async () => {
  const stored = testStore();
  const { gate } = await openOn(stored);
  const leader = lead(gate, { id: "a" });
  const joined = gate.once({ id: "a" }, never);
  await turn();
  const held = stored.holdNext();
  leader.resolve("value");
  await held.arrived;
  const after = gate.once({ id: "a" }, never);
  for (const outcome of [leader.outcome, joined, after]) {
    assert.equal(await isSettled(outcome), false);
  }
  held.go();
  assert.deepEqual(await leader.outcome, { status: "applied", value: "value" });
  for (const outcome of [joined, after]) {
    assert.deepEqual(await outcome, { status: "replayed", value: "value", omitted: false });
  }
  called(stored, "append", "append");
});

test("those who join are told when the store could not be told", async () => {
  const stored = testStore();
  const { gate } = await openOn(stored);
  const leader = lead(gate, { id: "a" });
  const joined = gate.once({ id: "a" }, never);
  await turn();
  stored.failNext();
  leader.resolve("value");
  assert.deepEqual(await leader.outcome, { status: "applied", value: "value", unconfirmed: true });
  const { status, value } = await joined;
  assert.deepEqual({ status, value }, { status: "replayed", value: "value" });
  stored.failNext();
  gate.check({ id: "b" });
  assert.deepEqual(await gate.once({ id: "a" }, never), {
    status: "replayed",
    value: "value",
    omitted: false,
    unconfirmed: true,
  });
});

test("a duplicate of long ago asks the store nothing", async () => {
  const stored = testStore();
  const { gate } = await openOn(stored);
  await gate.once({ id: "a" }, () => "value");
  called(stored, "append", "append");
  const { status } = await gate.once({ id: "a" }, never);
  assert.equal(status, "replayed");
  called(stored);
});

test("many calls at a time share their writes", async () => {
  const stored = testStore();
  const { gate } = await openOn(stored);
  const ids = Array.from({ length: 100 }, (_, index) => `${index}`);
  const outcomes = await Promise.all(ids.map((id) => gate.once({ id }, async () => id)));
  assert.deepEqual(
    outcomes.map(({ status, value }) => [status, value]),
    ids.map((id) => ["applied", id]),
  );
  assert.ok(stored.methods().length <= 4, `${stored.methods().length} writes`);
  const { gate: again } = await crashed(stored);
  assert.equal(again.checkIds(ids).count("duplicate"), 100);
});
