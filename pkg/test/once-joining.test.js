/**
 * Callers of `once` with the same event at the same gate join the one who acts.
 * @module
 */
import assert from "node:assert/strict";
import test from "node:test";
import { deferred, granted, lead, never, turn } from "./helpers/claims.js";
import { judges, MINUTE, open } from "./helpers/gate.js";

for (const [what, event] of [
  ["key", { id: "a" }],
  ["key and content", { id: "a", content: { x: 1 } }],
  ["revision", { entity: "e", revision: 5 }],
  ["position", { source: "s", position: 5, epoch: 2 }],
  ["all of them", { id: "a", entity: "e", revision: 5n, source: "s", position: "5" }],
]) {
  test(`of 50 callers with the same ${what} one acts, and all get its value`, async () => {
    const { gate } = await open();
    let effects = 0;
    const outcomes = await Promise.all(
      Array.from({ length: 50 }, () =>
        gate.once({ ...event }, async () => {
          effects += 1;
          await turn();
          return { answer: [42] };
        }),
      ),
    );
    assert.equal(effects, 1);
    const value = { answer: [42] };
    const [first, ...others] = outcomes;
    assert.deepEqual(first, { status: "applied", value });
    for (const other of others) {
      assert.deepEqual(other, { status: "replayed", value, omitted: false });
    }
    assert.equal(new Set(outcomes.map((outcome) => outcome.value)).size, 50);
    assert.equal(gate.stats().claims, 0);
  });
}

test("those who join get copies of their own, as of the commit", async () => {
  const { gate } = await open();
  for (const [id, value] of [
    ["bytes", Uint8Array.of(1, 2, 3)],
    ["json", [1, 2, 3]],
  ]) {
    const leader = lead(gate, { id });
    const joined = [1, 2].map(() => gate.once({ id }, never));
    leader.resolve(value);
    await leader.outcome.then((outcome) => outcome.value.fill(9));
    const [one, other] = await Promise.all(joined);
    assert.deepEqual([...one.value], [1, 2, 3]);
    one.value.fill(7);
    assert.deepEqual([...other.value], [1, 2, 3]);
  }
});

test("a value that is too large to be kept is still given to those who joined", async () => {
  const { gate } = await open({ maxResultBytes: 10 });
  const leader = lead(gate, { id: "a" });
  const joined = gate.once({ id: "a" }, never);
  leader.resolve("x".repeat(1000));
  assert.deepEqual(await joined, {
    status: "replayed",
    value: "x".repeat(1000),
    omitted: false,
  });
  assert.equal((await gate.once({ id: "a" }, never)).omitted, true);
});

test("a value that is neither JSON nor bytes is shared as it is", async () => {
  const { gate } = await open();
  const leader = lead(gate, { id: "a" });
  const joined = gate.once({ id: "a" }, never);
  const value = new Map([[1, 2]]);
  leader.resolve(value);
  assert.equal((await joined).value, value);
});

test("a joined caller with other content gets a conflict, not the value", async () => {
  const { gate } = await open();
  const leader = lead(gate, { id: "a", content: 1 });
  const other = await gate.once({ id: "a", content: 2 }, never);
  assert.deepEqual([other.status, other.verdict], ["refused", "conflict"]);
  const same = gate.once({ id: "a", content: 1 }, never);
  const none = gate.once({ id: "a" }, never);
  leader.resolve("value");
  assert.equal((await same).value, "value");
  assert.equal((await none).value, "value");
  const late = await gate.once({ id: "a", content: 2 }, never);
  assert.deepEqual(Object.keys(late.refusal).sort(), ["since", "verdict"]);
});

test("the same text in another scope is another event", async () => {
  const { gate } = await open();
  const leader = lead(gate, { id: "a" });
  const outcomes = await Promise.all([
    gate.once({ scope: "s", id: "a" }, () => "other scope"),
    gate.once({ entity: "a", revision: 1 }, () => "entity"),
    gate.once({ source: "a", position: 1 }, () => "source"),
  ]);
  assert.ok(outcomes.every(({ status }) => status === "applied"));
  leader.resolve();
  await leader.outcome;
});

test("each scope has a leader of its own, and callers join theirs", async () => {
  const { gate } = await open();
  const scopes = [undefined, "s", "t"];
  const leaders = scopes.map((scope) => lead(gate, { scope, id: "a" }));
  const joined = scopes.map((scope) => gate.once({ scope, id: "a" }, never));
  leaders.forEach((leader, index) => {
    leader.resolve(index);
  });
  const outcomes = await Promise.all(joined);
  assert.deepEqual(
    outcomes.map(({ value }) => value),
    [0, 1, 2],
  );
});

test("callers join the one who has taken over, also when the one before it ends", async () => {
  const { gate, clock } = await open();
  const event = { entity: "e", revision: 1 };
  const stale = lead(gate, event);
  clock.now += MINUTE;
  const winner = lead(gate, event);
  stale.resolve("stale");
  assert.equal((await stale.outcome).unconfirmed, true);
  const joined = gate.once(event, never);
  winner.resolve("winner");
  assert.equal((await winner.outcome).value, "winner");
  assert.deepEqual(await joined, { status: "replayed", value: "winner", omitted: false });
});

test("when the leader fails and releases, one of those who joined takes over", async () => {
  const { gate } = await open();
  const leader = lead(gate, { id: "a" });
  let effects = 0;
  const joined = Array.from({ length: 49 }, () =>
    gate.once({ id: "a" }, async (claim) => {
      effects += 1;
      assert.deepEqual([claim.attempt, claim.takeover], [1, false]);
      await turn();
      return "second";
    }),
  );
  const own = new Error("mine");
  leader.reject(own);
  await assert.rejects(leader.outcome, (error) => error === own);
  const outcomes = await Promise.all(joined);
  assert.equal(effects, 1);
  assert.equal(outcomes.filter(({ status }) => status === "applied").length, 1);
  assert.ok(outcomes.every(({ value }) => value === "second"));
});

test("each of those who joined may fail in its turn, with its own error", async () => {
  const { gate } = await open();
  let running = 0;
  const calls = Array.from({ length: 20 }, (_, index) =>
    gate.once({ id: "a" }, async () => {
      running += 1;
      assert.equal(running, 1);
      await turn();
      running -= 1;
      throw new Error(`${index}`);
    }),
  );
  const results = await Promise.allSettled(calls);
  assert.deepEqual(
    results.map(({ reason }) => reason.message),
    results.map((_, index) => `${index}`),
  );
  judges(gate, [{ id: "a" }, "fresh"]);
});

test("when the leader's error is the answer, it is so for those who joined", async () => {
  const { gate } = await open();
  for (const event of [{ id: "a" }, { entity: "e", revision: 1 }]) {
    const leader = lead(gate, event, { onError: () => "commit" });
    const joined = gate.once(event, never);
    leader.reject(new RangeError("no"));
    await assert.rejects(leader.outcome, RangeError);
    assert.deepEqual(await joined, {
      status: "replayed",
      value: { error: { name: "RangeError", message: "no" } },
      omitted: false,
    });
  }
});

test("when the leader is in doubt, those who joined are refused", async () => {
  const { gate } = await open();
  const leader = lead(gate, { id: "a" }, { onError: () => "doubt" });
  const joined = gate.once({ id: "a" }, never);
  leader.reject(new Error("timeout"));
  await assert.rejects(leader.outcome);
  assert.equal((await joined).verdict, "in-doubt");
});

test("when the leader's commit is lost, those who joined get the winner's result", async () => {
  const { gate, clock } = await open();
  const leader = lead(gate, { id: "a" });
  const joined = gate.once({ id: "a" }, never);
  clock.now += MINUTE;
  granted(gate, { id: "a" }).commit("winner");
  assert.equal((await joined).value, "winner");
  leader.resolve("stale");
  assert.deepEqual(await leader.outcome, {
    status: "applied",
    value: "stale",
    unconfirmed: true,
  });
});

test("when the effect commits itself, those who joined get that", async () => {
  const { gate } = await open();
  const held = deferred();
  const leading = gate.once({ id: "a" }, async (claim) => {
    await held.promise;
    claim.commit("its own");
    return "returned";
  });
  const joined = gate.once({ id: "a" }, never);
  held.resolve();
  assert.equal((await leading).value, "returned");
  assert.equal((await joined).value, "its own");
});
