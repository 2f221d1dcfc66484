/**
 * Stages: judged now, recorded when they are kept, and forgotten when they are dropped.
 * @module
 */
import assert from "node:assert/strict";
import test from "node:test";
import { granted, never, refused, turn } from "./helpers/claims.js";
import {
  DAY,
  HOUR,
  judges,
  MINUTE,
  open,
  refuses,
  refusesAndChangesNothing,
} from "./helpers/gate.js";
import { seeded } from "./helpers/random.js";
import { testStore } from "./helpers/teststore.js";

/** Opens a gate that starts where another one is. */
async function copyOf(gate, clock, options) {
  const { gate: copy } = await open({ clock, snapshot: gate.snapshot(), ...options });
  return copy;
}

test("a stage judges its events in their order, each knowing those before it", async () => {
  const { gate } = await open();
  judges(gate, [{ id: "old" }, "fresh"], [{ entity: "e", revision: 5 }, "fresh"]);
  const { verdicts } = gate.stage([
    { id: "a", content: 1 },
    { id: "old" },
    { id: "a", content: 1 },
    { id: "a", content: 2 },
    { entity: "e", revision: 4 },
    { entity: "e", revision: 6 },
    { entity: "e", revision: 6 },
    { entity: "e", revision: 7 },
    { source: "s", position: 1 },
    { id: "b", entity: "f", revision: 1, source: "s", position: 2 },
  ]);
  assert.deepEqual(
    [...verdicts],
    [
      "fresh",
      "duplicate",
      "duplicate",
      "conflict",
      "stale",
      "fresh",
      "duplicate",
      "fresh",
      "fresh",
      "fresh",
    ],
  );
  assert.equal(verdicts.at(0), "fresh");
  assert.equal(verdicts.count("duplicate"), 3);
});

const STAGED = [
  { id: "a", content: "x" },
  { entity: "e", revision: 5 },
  { source: "s", position: 5 },
];

test("what is staged is pending for everyone until the stage is kept, and then it is recorded", async () => {
  const { gate, clock } = await open();
  const stage = gate.stage(STAGED);
  for (const event of STAGED) {
    assert.equal(gate.check(event), "pending");
    assert.equal(gate.inspect(event).retryAfter, undefined);
    assert.equal(refused(gate, event, "pending").retryAfter, undefined);
    assert.deepEqual([...gate.stage([event]).verdicts], ["pending"]);
  }
  judges(
    gate,
    [{ id: "a", content: "y" }, "conflict"],
    [{ entity: "e", revision: 6 }, "pending"],
    [{ source: "s", position: 6 }, "pending"],
    [{ id: "b" }, "fresh"],
  );
  clock.now += 30 * DAY;
  clock.now += 1;
  judges(gate, [{ id: "a" }, "pending"], [{ id: "a" }, "pending"]);
  stage.keep();
  judges(
    gate,
    [{ entity: "e", revision: 5 }, "duplicate"],
    [{ entity: "e", revision: 6 }, "fresh"],
    [{ source: "s", position: 5 }, "duplicate"],
    [{ source: "s", position: 6 }, "fresh"],
  );
});

test("a stage that is dropped has never been, but for the verdicts that were given", async () => {
  const { gate } = await open();
  judges(gate, [{ id: "before" }, "fresh"]);
  const before = gate.snapshot();
  const stage = gate.stage(STAGED);
  assert.deepEqual(gate.snapshot(), before);
  stage.drop();
  assert.deepEqual(gate.snapshot(), before);
  assert.equal(gate.stats().verdicts.fresh, 4);
  for (const event of STAGED) {
    judges(gate, [event, "fresh"], [event, "duplicate"]);
  }
});

test("only the first end of a stage counts", async () => {
  const { gate } = await open();
  const kept = gate.stage([{ id: "kept" }]);
  kept.keep();
  const after = gate.snapshot();
  kept.drop();
  kept.keep();
  assert.deepEqual(gate.snapshot(), after);
  judges(gate, [{ id: "kept" }, "duplicate"]);
  const dropped = gate.stage([{ id: "dropped" }]);
  dropped.drop();
  dropped.keep();
  dropped.drop();
  judges(gate, [{ id: "dropped" }, "fresh"], [{ id: "dropped" }, "duplicate"]);
  dropped.drop();
  judges(gate, [{ id: "dropped" }, "duplicate"]);
});

test("a stage of nothing, or of nothing new, can be kept and dropped", async () => {
  const { gate } = await open();
  judges(gate, [{ id: "a" }, "fresh"]);
  const before = gate.snapshot();
  for (const events of [[], [{ id: "a" }]]) {
    for (const end of ["keep", "drop"]) {
      const stage = gate.stage(events);
      assert.equal(stage.verdicts.count("fresh"), 0);
      stage[end]();
      assert.deepEqual(gate.snapshot(), before);
    }
  }
});

test("keeping is what merging its changes is elsewhere, to the byte", async () => {
  const random = seeded(5);
  const { gate, clock } = await open({ positions: { window: 16 } });
  for (let round = 0; round < 100; round += 1) {
    clock.now += random.below(1000);
    const events = Array.from({ length: random.below(10) }, () => {
      const id = `${random.below(50)}`;
      return random.pick([
        { id },
        { id, content: random.below(3) },
        { id, time: clock.now - random.below(HOUR) },
        { entity: id, revision: random.below(100), content: id },
        { source: id, position: random.below(30), epoch: random.below(2) },
        { id: `${round} ${id}`, entity: id, revision: random.below(100) },
      ]);
    });
    // A reading of its own, so that both clocks are the same.
    gate.check({ id: `round ${round}` });
    const copy = await copyOf(gate, clock, { positions: { window: 16 } });
    const stage = gate.stage(events);
    assert.deepEqual([...stage.verdicts], copy.checkAll(events));
    const merged = await copyOf(gate, clock, { positions: { window: 16 } });
    merged.merge(stage.changes);
    if (random.chance(0.3)) {
      stage.drop();
      continue;
    }
    stage.keep();
    assert.deepEqual(gate.snapshot(), merged.snapshot(), `round ${round}`);
    assert.deepEqual(gate.snapshot(), copy.snapshot(), `round ${round}`);
  }
});

test("changes that were merged before the stage is kept do no harm", async () => {
  const { gate } = await open();
  const stage = gate.stage(STAGED);
  gate.merge(stage.changes);
  judges(gate, [{ id: "a" }, "pending"]);
  stage.keep();
  judges(
    gate,
    [{ id: "a", content: "x" }, "duplicate"],
    [{ entity: "e", revision: 5 }, "duplicate"],
  );
});

test("stages side by side end on their own", async () => {
  const { gate } = await open();
  const stages = ["a", "b", "c"].map((id) => gate.stage([{ id }, { id: "shared" }]));
  assert.deepEqual(
    stages.map(({ verdicts }) => [...verdicts]),
    [
      ["fresh", "fresh"],
      ["fresh", "pending"],
      ["fresh", "pending"],
    ],
  );
  stages[1].keep();
  stages[0].drop();
  judges(
    gate,
    [{ id: "a" }, "fresh"],
    [{ id: "b" }, "duplicate"],
    [{ id: "c" }, "pending"],
    [{ id: "shared" }, "fresh"],
  );
  stages[2].keep();
  judges(gate, [{ id: "c" }, "duplicate"]);
});

test("what is claimed cannot be staged, and a stage outranks a claim that has lapsed", async () => {
  const { gate, clock } = await open();
  const claim = granted(gate, { id: "a" });
  const early = gate.stage([{ id: "a" }]);
  assert.deepEqual([...early.verdicts], ["pending"]);
  early.keep();
  clock.now += MINUTE;
  const stage = gate.stage([{ id: "a" }]);
  assert.deepEqual([...stage.verdicts], ["fresh"]);
  refused(gate, { id: "a" }, "pending");
  stage.keep();
  judges(gate, [{ id: "a" }, "duplicate"]);
  assert.equal(refuses("lost_claim", () => claim.commit()).refusal.verdict, "duplicate");
});

test("an error in any event undoes the stage, and says where", async () => {
  const { gate } = await open({ maxJump: 10 });
  judges(gate, [{ entity: "e", revision: 1 }, "fresh"]);
  for (const [code, bad] of [
    ["invalid_event", { id: "" }],
    ["invalid_event", null],
    ["jump", { entity: "e", revision: 100 }],
  ]) {
    const events = [{ id: "a" }, { id: "b" }, bad];
    const error = refusesAndChangesNothing(gate, code, () => gate.stage(events));
    assert.match(error.message, /^events\[2\]: /);
  }
  refusesAndChangesNothing(gate, "invalid_event", () => gate.stage({ id: "a" }));
  refusesAndChangesNothing(gate, "invalid_event", () => gate.stage());
  judges(gate, [{ id: "a" }, "fresh"]);
});

test("where there is no room for a stage there is none", async () => {
  const { gate } = await open({ maxBytes: 64 * 1024 });
  const events = Array.from({ length: 5000 }, (_, index) => ({ entity: `${index}`, revision: 1 }));
  const before = gate.snapshot();
  refuses("capacity", () => gate.stage(events));
  assert.deepEqual(gate.snapshot(), before);
  judges(gate, [{ entity: "7", revision: 1 }, "fresh"]);
  const stage = gate.stage(events.slice(10, 50));
  stage.keep();
  judges(gate, [{ entity: "49", revision: 1 }, "duplicate"]);
});

test("a stage is not in the state, and does not survive its gate", async () => {
  const { store } = testStore();
  const { gate, clock } = await open({ store });
  judges(gate, [{ id: "a" }, "fresh"]);
  const stage = gate.stage([{ id: "b" }]);
  const copy = await copyOf(gate, clock);
  judges(copy, [{ id: "a" }, "duplicate"], [{ id: "b" }, "fresh"]);
  await gate.close();
  refuses("closed", () => stage.keep());
  refuses("closed", () => stage.drop());
  const { gate: again } = await open({ store, clock });
  judges(again, [{ id: "a" }, "duplicate"], [{ id: "b" }, "fresh"]);
});

test("a stage that was kept is flushed, and can be merged from where the user saved it", async () => {
  const { store } = testStore();
  const { gate, clock } = await open({ store });
  const [kept, saved] = [gate.stage([{ id: "kept" }]), gate.stage([{ id: "saved" }])];
  kept.keep();
  await gate.flush();
  const { gate: again } = await open({ store, clock });
  judges(again, [{ id: "kept" }, "duplicate"]);
  assert.equal(again.merge(saved.changes).keys, 1);
  judges(again, [{ id: "saved" }, "duplicate"]);
});

for (const [how, end, expected] of [
  ["kept", (stage) => stage.keep(), { status: "replayed", value: undefined }],
  ["dropped", (stage) => stage.drop(), { status: "applied", value: "by once" }],
]) {
  test(`once waits for a stage, and is woken when it is ${how}`, async (t) => {
    const { gate, clock } = await open();
    const stage = gate.stage([{ id: "a" }]);
    // Without being woken it would wait for ever.
    t.mock.timers.enable({ apis: ["setTimeout"] });
    const waiting = gate.once({ id: "a" }, () => "by once");
    await turn();
    const { reads } = clock;
    await turn();
    assert.equal(clock.reads, reads);
    end(stage);
    const { status, value } = await waiting;
    assert.deepEqual({ status, value }, expected);
  });
}

test("while a stage is open, a caller asks again each second, and no longer than it may wait", async (t) => {
  const { gate, clock } = await open();
  gate.stage([{ id: "a" }]);
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const waiting = gate.once({ id: "a" }, never, { maxWait: "10s" });
  const { reads } = clock;
  for (let tenths = 0; tenths < 100; tenths += 1) {
    await turn();
    t.mock.timers.tick(100);
  }
  const { verdict, refusal } = await waiting;
  assert.equal(verdict, "pending");
  assert.equal(refusal.retryAfter, undefined);
  assert.ok(clock.reads - reads <= 11, `${clock.reads - reads} times`);
  const { status } = await gate.once({ id: "a" }, never, { onPending: "refuse" });
  assert.equal(status, "refused");
});
