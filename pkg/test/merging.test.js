/**
 * Copies of a gate tell each other what they have recorded, and end up the same.
 * @module
 */
import assert from "node:assert/strict";
import test from "node:test";
import { granted, lead, lost, never, refused, turn } from "./helpers/claims.js";
import { handClock, judges, MINUTE, open, SECOND } from "./helpers/gate.js";
import { seeded } from "./helpers/random.js";

/** Opens two gates that share a clock and the secret. */
async function two(options) {
  const { gate: one, clock } = await open(options);
  const { gate: other } = await open({ ...options, clock });
  return { one, other, clock };
}

/** Merges each of two gates into the other; returns both reports. */
function meet(one, other) {
  const [ours, theirs] = [one.snapshot(), other.snapshot()];
  return [one.merge(theirs), other.merge(ours)];
}

const NOTHING = { keys: 0, entities: 0, sources: 0, doubleRuns: [] };

test("changes are a snapshot the first time, and then what is new", async () => {
  const { one, other } = await two();
  one.checkIds(Array.from({ length: 5000 }, (_, index) => `id ${index}`));
  const first = one.changes();
  assert.deepEqual(first, one.snapshot());
  judges(one, [{ id: "new" }, "fresh"], [{ id: "id 7" }, "duplicate"]);
  const second = one.changes();
  assert.ok(second.length < 200, `${second.length} bytes`);
  assert.deepEqual(other.merge(second), { ...NOTHING, keys: 1 });
  judges(other, [{ id: "new" }, "duplicate"], [{ id: "id 7" }, "fresh"]);
  assert.equal(other.merge(first).keys, 4999);
  assert.deepEqual(other.merge(first), NOTHING);
  const none = one.changes();
  assert.ok(none.length < second.length);
  assert.deepEqual(other.merge(none), NOTHING);
});

test("changes tell of every kind of record, of merges and of kept stages, and of each once", async () => {
  const { one, other } = await two();
  const { gate: third } = await open();
  one.changes();
  third.check({ id: "of a third" });
  one.merge(third.changes());
  judges(
    one,
    [{ id: "a", content: 5 }, "fresh"],
    [{ entity: "e", revision: 5, content: "five" }, "fresh"],
    [{ source: "s", position: 5, epoch: 2 }, "fresh"],
  );
  one.stage([{ id: "kept" }]).keep();
  one.stage([{ id: "dropped" }]).drop();
  granted(one, { id: "committed" }).commit({ receipt: 7 });
  granted(one, { id: "released" }).release();
  granted(one, { id: "live" });
  granted(one, { id: "doubted" }).doubt();
  for (let round = 0; round < 5000; round += 1) {
    one.check({ entity: "e", revision: 6 + round });
  }
  const bytes = one.changes();
  assert.ok(bytes.length < 2000, `${bytes.length} bytes`);
  assert.deepEqual(other.merge(bytes), { keys: 4, entities: 1, sources: 1, doubleRuns: [] });
  assert.deepEqual(other.snapshot(), one.snapshot());
  assert.deepEqual(refused(other, { id: "committed" }, "duplicate").result, { receipt: 7 });
  refused(other, { id: "live" }, "pending");
  refused(other, { id: "doubted" }, "in-doubt");
  judges(
    other,
    [{ id: "of a third" }, "duplicate"],
    [{ id: "kept" }, "duplicate"],
    [{ id: "dropped" }, "fresh"],
    [{ id: "a", content: 6 }, "conflict"],
    [{ entity: "e", revision: 7 }, "stale"],
    [{ source: "s", position: 9, epoch: 1 }, "stale"],
  );
});

test("when more has changed than a snapshot holds, changes are one", async () => {
  const { one, other, clock } = await two({ maxBytes: 64 * 1024 });
  one.changes();
  for (let batch = 0; batch < 50; batch += 1) {
    clock.now += 1;
    one.checkIds(Array.from({ length: 100 }, (_, index) => `id ${batch} ${index}`));
  }
  const bytes = one.changes();
  assert.deepEqual(bytes, one.snapshot());
  other.merge(bytes);
  assert.equal(other.stats().keys, one.stats().keys);
});

test("reports count what was not known, or known otherwise", async () => {
  const { one, other } = await two();
  judges(
    one,
    [{ id: "both" }, "fresh"],
    [{ id: "one" }, "fresh"],
    [{ entity: "e", revision: 5 }, "fresh"],
    [{ entity: "f", revision: 5 }, "fresh"],
    [{ source: "s", position: 5 }, "fresh"],
    [{ source: "t", position: 5 }, "fresh"],
  );
  judges(
    other,
    [{ id: "both" }, "fresh"],
    [{ entity: "e", revision: 6 }, "fresh"],
    [{ entity: "f", revision: 4 }, "fresh"],
    [{ source: "s", position: 5 }, "fresh"],
    [{ source: "u", position: 5 }, "fresh"],
  );
  const [ours, theirs] = meet(one, other);
  assert.deepEqual(ours, { keys: 0, entities: 1, sources: 1, doubleRuns: [] });
  assert.deepEqual(theirs, { keys: 1, entities: 1, sources: 1, doubleRuns: [] });
  assert.deepEqual(one.snapshot(), other.snapshot());
  assert.deepEqual(meet(one, other), [NOTHING, NOTHING]);
  judges(
    one,
    [{ entity: "e", revision: 6 }, "duplicate"],
    [{ source: "u", position: 5 }, "duplicate"],
  );
});

test("a key that was acted on in two copies is reported, with the same winner everywhere", async () => {
  const { one, other, clock } = await two();
  const event = { scope: "pay", id: "a" };
  const first = granted(one, event);
  first.commit({ receipt: 1 });
  clock.now += SECOND;
  const second = granted(other, event);
  second.commit({ receipt: 2 });
  const [ours, theirs] = meet(one, other);
  assert.equal(ours.doubleRuns.length, 1);
  assert.deepEqual(ours.doubleRuns, theirs.doubleRuns);
  const [{ key, winner, loser }] = ours.doubleRuns;
  assert.equal(key, one.fingerprint(event));
  assert.match(winner, new RegExp(`^${second.token}-[0-9a-f]{32}$`));
  assert.match(loser, new RegExp(`^${first.token}-[0-9a-f]{32}$`));
  assert.deepEqual(one.snapshot(), other.snapshot());
  for (const gate of [one, other]) {
    assert.deepEqual(refused(gate, event, "duplicate").result, { receipt: 2 });
  }
  assert.deepEqual(meet(one, other), [NOTHING, NOTHING]);
});

test("runs with equal tokens differ by their results, and equal runs are one", async () => {
  const { one, other } = await two();
  for (const [id, ...results] of [
    ["same", 1, 1],
    ["other result", 1, 2],
    ["with and without", 1, undefined],
  ]) {
    const tokens = [one, other].map((gate, index) => {
      const claim = granted(gate, { id });
      claim.commit(results[index]);
      return claim.token;
    });
    assert.equal(tokens[0], tokens[1]);
  }
  const [ours, theirs] = meet(one, other);
  assert.deepEqual(ours.doubleRuns, theirs.doubleRuns);
  const keys = ours.doubleRuns.map(({ key }) => key).sort();
  const expected = ["other result", "with and without"].map((id) => one.fingerprint({ id }));
  assert.deepEqual(keys, expected.sort());
  for (const { winner, loser } of ours.doubleRuns) {
    assert.notEqual(winner, loser);
  }
});

test("a key that was only checked in two copies is no double run", async () => {
  const { one, other } = await two();
  judges(one, [{ id: "a" }, "fresh"]);
  granted(other, { id: "a" }).commit(5);
  const [ours, theirs] = meet(one, other);
  assert.deepEqual([ours.doubleRuns, theirs.doubleRuns], [[], []]);
  assert.deepEqual(one.snapshot(), other.snapshot());
});

test("a commit that is merged in makes a claim here lost, with the winner's result", async () => {
  const { one, other } = await two();
  const claim = granted(one, { id: "a" });
  granted(other, { id: "a" }).commit({ receipt: 7 });
  one.merge(other.changes());
  for (const end of [() => claim.commit(1), () => claim.release(), () => claim.extend("1s")]) {
    const { verdict, result } = lost(end);
    assert.deepEqual({ verdict, result }, { verdict: "duplicate", result: { receipt: 7 } });
  }
});

test("a claim that is merged in is in the way here, and its release is heard of", async () => {
  const { one, other } = await two();
  other.changes();
  const claim = granted(other, { id: "a" });
  one.merge(other.changes());
  assert.equal(refused(one, { id: "a" }, "pending").retryAfter, MINUTE);
  claim.release();
  const late = other.snapshot();
  one.merge(other.changes());
  const next = granted(one, { id: "a" });
  other.merge(one.snapshot());
  one.merge(late);
  refused(other, { id: "a" }, "pending");
  assert.equal(next.commit(1), "committed");
});

for (const [how, run, expected] of [
  ["commit", (claim) => claim.commit("theirs"), { status: "replayed", value: "theirs" }],
  ["release", (claim) => claim.release(), { status: "applied", value: "ours" }],
  ["doubt", (claim) => claim.doubt(), { status: "refused", verdict: "in-doubt" }],
]) {
  test(`merging a ${how} wakes those who wait for it`, async (t) => {
    const { one, other } = await two();
    const claim = granted(other, { id: "a" });
    one.merge(other.changes());
    // Without being woken they would wait for ever.
    t.mock.timers.enable({ apis: ["setTimeout"] });
    const waiting = one.once({ id: "a" }, () => "ours");
    await turn();
    run(claim);
    one.merge(other.changes());
    const { status, value, verdict } = await waiting;
    assert.deepEqual(
      { value: undefined, verdict: undefined, ...expected },
      { status, value, verdict },
    );
  });
}

test("an effect whose key another copy has committed meanwhile is unconfirmed, and told of", async () => {
  const { one, other } = await two();
  const leader = lead(one, { id: "a" });
  const joined = one.once({ id: "a" }, never);
  await turn();
  granted(other, { id: "a" }).commit("theirs");
  one.merge(other.changes());
  const { status, value } = await joined;
  assert.deepEqual({ status, value }, { status: "replayed", value: "theirs" });
  leader.resolve("ours");
  assert.deepEqual(await leader.outcome, { status: "applied", value: "ours", unconfirmed: true });
});

test("what is forgotten is not told, and comes back with older bytes", async () => {
  const { one, other } = await two();
  judges(one, [{ id: "a" }, "fresh"], [{ id: "b" }, "fresh"]);
  const older = one.changes();
  other.merge(older);
  assert.equal(one.forget({ id: "a" }), 1);
  assert.deepEqual(other.merge(one.changes()), NOTHING);
  judges(other, [{ id: "a" }, "duplicate"]);
  assert.equal(one.inspect({ id: "a" }).verdict, "fresh");
  one.merge(older);
  judges(one, [{ id: "a" }, "duplicate"]);
});

test("the order and the number of times do not matter", async () => {
  const random = seeded(11);
  const clock = handClock();
  const pieces = [];
  for (let copy = 0; copy < 4; copy += 1) {
    const { gate } = await open({ clock });
    gate.changes();
    for (let round = 0; round < 6; round += 1) {
      for (let count = 0; count < 20; count += 1) {
        clock.now += random.below(3);
        const id = `${random.below(30)}`;
        gate.check({ id, content: random.below(2) });
        gate.check({ entity: id, revision: random.below(50) });
        gate.check({ source: id, position: random.below(50), epoch: random.below(2) });
        const claim = gate.claim({ scope: "claims", id });
        if (claim.verdict === "fresh") {
          claim[random.pick(["commit", "release", "doubt"])]();
        }
      }
      pieces.push(gate.changes());
    }
  }
  const results = [];
  for (let order = 0; order < 5; order += 1) {
    const { gate } = await open({ clock });
    const queue = [...pieces, ...pieces.slice(0, 7)];
    while (queue.length > 0) {
      gate.merge(queue.splice(random.below(queue.length), 1)[0]);
    }
    results.push(gate.snapshot());
  }
  for (const result of results) {
    assert.deepEqual(result, results[0]);
  }
});

test("tokens rise beyond those of every copy that was heard of", async () => {
  const { one, other, clock } = await two();
  clock.now += MINUTE;
  const ahead = granted(other, { id: "a" }).token;
  clock.now -= MINUTE;
  const before = granted(one, { id: "b" }).token;
  assert.ok(before < ahead);
  one.merge(other.changes());
  assert.ok(granted(one, { id: "c" }).token > ahead);
});
