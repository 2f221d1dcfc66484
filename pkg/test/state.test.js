/**
 * What a gate remembers, as bytes: another gate that is opened from them goes on in its place.
 * @module
 */
import assert from "node:assert/strict";
import test from "node:test";
import { Gate } from "onceward";
import { granted, refused } from "./helpers/claims.js";
import { DAY, HOUR, handClock, judges, MINUTE, open, refuses, SECOND } from "./helpers/gate.js";
import { seeded } from "./helpers/random.js";

/** A gate that remembers something of every kind. */
async function filled(options = {}) {
  const { gate, clock } = await open({ afterCrash: "hold", positions: { window: 8 }, ...options });
  judges(
    gate,
    [{ id: "plain" }, "fresh"],
    [{ scope: "s", id: "content", content: { amount: 5 } }, "fresh"],
    [{ id: "timed", time: clock.now - HOUR }, "fresh"],
    [{ entity: "e", revision: 7, content: "seven" }, "fresh"],
    [{ entity: "big", revision: 10n ** 40n }, "fresh"],
    [{ source: "log", position: 3 }, "fresh"],
    [{ source: "log", position: 5 }, "fresh"],
    [{ source: "moved", position: 9, epoch: 2 }, "fresh"],
  );
  granted(gate, { id: "json" }).commit({ receipt: [1, "two", null] });
  granted(gate, { id: "bytes" }).commit(Uint8Array.of(1, 2, 3));
  granted(gate, { id: "released" }).release();
  granted(gate, { id: "doubted" }).doubt();
  granted(gate, { id: "lapsed" }, { lease: "1s" });
  clock.now += 2 * SECOND;
  granted(gate, { id: "live", entity: "busy", revision: 1, source: "work", position: 1 });
  return { gate, clock };
}

/** The doubts in an order that does not depend on how they came to be. */
function sortedDoubts(gate) {
  return gate.doubts().sort((a, b) => (a.key < b.key ? -1 : 1));
}

const EVENTS = [
  { id: "plain" },
  { id: "content" },
  { scope: "s", id: "content", content: { amount: 5 } },
  { scope: "s", id: "content", content: { amount: 6 } },
  { id: "timed" },
  { id: "new" },
  { entity: "e", revision: 6 },
  { entity: "e", revision: 7 },
  { entity: "e", revision: 7, content: "eight" },
  { entity: "e", revision: 8 },
  { entity: "big", revision: 10n ** 40n - 1n },
  { entity: "big", revision: 10n ** 40n + 1n },
  ...[2, 3, 4, 5, 6].map((position) => ({ source: "log", position })),
  { source: "moved", position: 1, epoch: 1 },
  { source: "moved", position: 1, epoch: 3 },
  ...["json", "bytes", "released", "doubted", "lapsed", "live"].map((id) => ({ id })),
  { entity: "busy", revision: 2 },
  { source: "work", position: 1 },
  { source: "work", position: 2 },
];

test("a gate that is opened from a snapshot says the same, and gives the same bytes", async () => {
  const { gate, clock } = await filled();
  const snapshot = gate.snapshot();
  const options = { clock: handClock(clock.now), afterCrash: "hold", positions: { window: 8 } };
  const { gate: copy } = await open({ ...options, snapshot });
  assert.deepEqual(copy.snapshot(), snapshot);
  for (const event of EVENTS) {
    assert.deepEqual(copy.inspect(event), gate.inspect(event), `${Object.values(event)}`);
  }
  assert.deepEqual(sortedDoubts(copy), sortedDoubts(gate));
  assert.equal(copy.doubts().length, 2);
  assert.equal(copy.recovery, undefined);
  assert.deepEqual(
    EVENTS.map((event) => copy.check(event)),
    EVENTS.map((event) => gate.check(event)),
  );
  const tokens = [gate, copy].map((one) => granted(one, { id: "next" }).token);
  assert.equal(tokens[0], tokens[1]);
  assert.deepEqual(copy.snapshot(), gate.snapshot());
});

test("looking at the state changes nothing", async () => {
  const { gate, clock } = await filled();
  const first = gate.snapshot();
  gate.stats();
  gate.doubts();
  EVENTS.forEach((event) => {
    gate.inspect(event);
  });
  clock.now += HOUR;
  assert.deepEqual(gate.snapshot(), first);
  first.fill(0);
  assert.notDeepEqual(gate.snapshot(), first);
});

test("the same things in another order give the same bytes", async () => {
  const ids = Array.from({ length: 500 }, (_, index) => `id ${index}`);
  const entities = ids.slice(0, 100);
  const snapshots = [];
  for (const order of [(all) => all, (all) => all.toReversed()]) {
    const { gate } = await open();
    gate.checkIds(order(ids));
    gate.checkRevisions(
      order(entities),
      entities.map(() => 1),
    );
    snapshots.push(gate.snapshot());
  }
  assert.deepEqual(snapshots[0], snapshots[1]);
});

/** One step of a random history; returns what came of it. */
function step(gate, random, claims) {
  const id = `${random.below(40)}`;
  const event = random.pick([
    { id },
    { id, content: random.below(2) },
    { entity: id, revision: random.below(20) },
    { source: id, position: random.below(20), epoch: random.below(2) },
    { id, entity: id, revision: random.below(20) },
  ]);
  switch (random.below(6)) {
    case 0: {
      const claim = gate.claim(event, { lease: 1 + random.below(100) });
      claims.push(claim.verdict === "fresh" ? claim : undefined);
      return [claim.verdict, claim.token, claim.attempt];
    }
    case 1:
    case 2: {
      const claim = claims[random.below(claims.length + 1)];
      const how = random.pick(["commit", "release", "doubt"]);
      try {
        return [how, claim?.[how]()];
      } catch (error) {
        return [error.code];
      }
    }
    default:
      return [gate.check(event)];
  }
}

for (let seed = 1; seed <= 20; seed += 1) {
  test(`history ${seed} goes on the same in a gate that was opened on the way`, async () => {
    const options = seed % 2 ? { afterCrash: "hold", retention: 300 } : { retention: "1h" };
    const { gate, clock } = await open(options);
    const start = seeded(seed);
    const before = [];
    for (let count = 0; count < 200; count += 1) {
      clock.now += start.below(5);
      step(gate, start, before);
    }
    const ownClock = handClock(clock.now);
    const { gate: copy } = await open({ ...options, clock: ownClock, snapshot: gate.snapshot() });
    // The claims that are open belong to the gate that made them.
    for (const [one, time] of [
      [gate, clock],
      [copy, ownClock],
    ]) {
      time.now += 1;
      one.check({ id: "both have read the clock" });
    }
    assert.deepEqual(copy.snapshot(), gate.snapshot());
    const randoms = [seeded(-seed), seeded(-seed)];
    const claims = [[], []];
    for (let count = 0; count < 200; count += 1) {
      clock.now += randoms[0].below(5);
      ownClock.now += randoms[1].below(5);
      assert.deepEqual(step(copy, randoms[1], claims[1]), step(gate, randoms[0], claims[0]));
    }
    assert.deepEqual(copy.snapshot(), gate.snapshot());
  });
}

test("a claim outlives its gate: nobody else may act, and its lease still ends", async () => {
  const { gate, clock } = await open();
  granted(gate, { id: "a" });
  const { gate: copy } = await open({ clock, snapshot: gate.snapshot() });
  assert.equal(refused(copy, { id: "a" }, "pending").retryAfter, MINUTE);
  clock.now += MINUTE;
  const next = granted(copy, { id: "a" });
  assert.deepEqual([next.attempt, next.takeover], [2, true]);
});

test("old keys are judged by the retention of whoever opens them", async () => {
  const { gate, clock } = await open({ retention: "7d" });
  judges(gate, [{ id: "a" }, "fresh"]);
  clock.now += 3 * HOUR;
  const snapshot = gate.snapshot();
  const { gate: longer } = await open({ clock, snapshot, retention: "4h" });
  judges(longer, [{ id: "a" }, "duplicate"]);
  const { gate: shorter } = await open({ clock, snapshot, retention: "2h" });
  judges(shorter, [{ id: "a" }, "fresh"]);
});

test("opening is a reading of the clock, and one that went back changes nothing", async () => {
  const { gate, clock } = await open({ retention: "1h" });
  judges(gate, [{ id: "a" }, "fresh"]);
  const snapshot = gate.snapshot();
  const { gate: later } = await open({
    clock: handClock(clock.now + 2 * HOUR),
    snapshot,
    retention: "1h",
  });
  assert.equal(later.stats().keys, 0);
  assert.ok(later.stats().horizon > 0);
  const { gate: earlier } = await open({
    clock: handClock(clock.now - DAY),
    snapshot,
    retention: "1h",
  });
  judges(earlier, [{ id: "a" }, "duplicate"], [{ id: "b" }, "fresh"]);
});

test("a secret that was drawn is carried, and one that was given is not", async () => {
  const clock = handClock();
  const drawn = await Gate.open({ clock });
  judges(drawn, [{ id: "a" }, "fresh"]);
  const copy = await Gate.open({ clock, snapshot: drawn.snapshot() });
  judges(copy, [{ id: "a" }, "duplicate"]);
  assert.equal(copy.fingerprint({ id: "a" }), drawn.fingerprint({ id: "a" }));
  assert.deepEqual(copy.snapshot(), drawn.snapshot());
  const other = await Gate.open({ clock });
  assert.notEqual(other.fingerprint({ id: "a" }), drawn.fingerprint({ id: "a" }));

  const secret = "a secret with 24 letters";
  const given = await Gate.open({ clock, secret });
  judges(given, [{ id: "a name that is not kept" }, "fresh"]);
  const snapshot = given.snapshot();
  const text = Buffer.from(snapshot).toString("latin1");
  assert.ok(!text.includes(secret) && !text.includes("a name"));
  const same = await Gate.open({ clock, secret: new TextEncoder().encode(secret), snapshot });
  assert.deepEqual(same.snapshot(), snapshot);
  for (const wrong of [undefined, "another secret", `${secret}\0`]) {
    await assert.rejects(Gate.open({ clock, snapshot, secret: wrong }), { code: "wrong_secret" });
  }
  await assert.rejects(Gate.open({ clock, snapshot: drawn.snapshot(), secret }), {
    code: "wrong_secret",
  });
  const before = given.snapshot();
  refuses("wrong_secret", () => given.merge(drawn.snapshot()));
  refuses("wrong_secret", () => given.merge(other.changes()));
  assert.deepEqual(given.snapshot(), before);
});

test("changes carry no secret: only who has it can open them", async () => {
  const drawn = await Gate.open();
  drawn.changes();
  judges(drawn, [{ id: "a" }, "fresh"]);
  await assert.rejects(Gate.open({ snapshot: drawn.changes() }), { code: "wrong_secret" });
  const { gate } = await open();
  gate.changes();
  judges(gate, [{ id: "a" }, "fresh"]);
  const { gate: copy } = await open({ snapshot: gate.changes() });
  judges(copy, [{ id: "a" }, "duplicate"]);
});

const MODES = [
  {},
  { revisions: "next" },
  { positions: "next" },
  { positions: { window: 8 } },
  { positions: { window: 9 } },
];

for (const mode of MODES) {
  test(`state goes to gates of the same modes alone: ${JSON.stringify(mode)}`, async () => {
    const { gate } = await open(mode);
    judges(gate, [{ id: "a" }, "fresh"]);
    const snapshot = gate.snapshot();
    const whole = gate.changes();
    judges(gate, [{ id: "b" }, "fresh"]);
    const changes = gate.changes();
    for (const other of MODES) {
      const { gate: copy } = await open(other);
      if (other === mode) {
        copy.merge(whole);
        copy.merge(changes);
        judges(copy, [{ id: "a" }, "duplicate"], [{ id: "b" }, "duplicate"]);
        await open({ ...other, snapshot });
        continue;
      }
      const before = copy.snapshot();
      refuses("invalid_option", () => copy.merge(whole));
      refuses("invalid_option", () => copy.merge(changes));
      assert.deepEqual(copy.snapshot(), before);
      await assert.rejects(open({ ...other, snapshot }), { code: "invalid_option" });
    }
  });
}

test("a snapshot that does not fit the memory is refused", async () => {
  const { gate } = await open();
  for (let batch = 0; batch < 20; batch += 1) {
    gate.checkRevisions(
      Array.from({ length: 1000 }, (_, index) => `entity ${batch} ${index}`),
      new Array(1000).fill(1),
    );
  }
  const snapshot = gate.snapshot();
  await assert.rejects(open({ snapshot, maxBytes: 64 * 1024 }), { code: "capacity" });
  const { gate: copy } = await open({ snapshot });
  assert.equal(copy.stats().entities, 20_000);
});

test("a large state is restored in slices, between which other things go on", async (t) => {
  const { gate, clock } = await open();
  const ids = Array.from({ length: 100_000 }, (_, index) => `id ${index}`);
  gate.checkIds(ids);
  gate.checkAll(ids.slice(0, 1000).map((id) => ({ scope: "s", id, content: id })));
  gate.checkRevisions(ids.slice(0, 1000), new BigUint64Array(1000).fill(5n));
  const claim = granted(gate, { id: "claimed" });
  const snapshot = gate.snapshot();
  // Each slice seems to take longer than a gate may hold things up.
  let time = 0;
  t.mock.method(performance, "now", () => {
    time += 5;
    return time;
  });
  let turns = 0;
  let isOpen = false;
  const count = () => {
    turns += 1;
    if (!isOpen) {
      setImmediate(count);
    }
  };
  setImmediate(count);
  const { gate: copy } = await open({ clock, snapshot });
  isOpen = true;
  assert.ok(turns >= 6, `others had ${turns} turns`);
  assert.equal(copy.checkIds(ids).count("duplicate"), ids.length);
  assert.equal(copy.checkRevisions(["id 0", "id 1000"], [4, 4]).count("stale"), 1);
  gate.checkRevisions(["id 1000"], [4]);
  assert.deepEqual(copy.snapshot(), gate.snapshot());
  assert.equal(claim.commit(), "committed");
});

test("a gate that is closed while another is restored does not matter to it", async (t) => {
  const { gate, clock } = await open();
  gate.checkIds(Array.from({ length: 50_000 }, (_, index) => `id ${index}`));
  const snapshot = gate.snapshot();
  let time = 0;
  t.mock.method(performance, "now", () => {
    time += 5;
    return time;
  });
  const opening = open({ clock, snapshot });
  await gate.close();
  const { gate: copy } = await opening;
  assert.deepEqual(copy.snapshot(), snapshot);
});
