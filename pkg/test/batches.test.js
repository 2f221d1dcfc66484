/**
 * A batch is one: in order, at one reading of the clock, and wholly undone by an error in it.
 * @module
 */
import assert from "node:assert/strict";
import test from "node:test";
import {
  bigintAsText,
  HOUR,
  judges,
  open,
  refuses,
  refusesAndChangesNothing,
  START,
  stateOf,
} from "./helpers/gate.js";
import { seeded } from "./helpers/random.js";

test("events are judged in their order, also against each other", async () => {
  const { gate } = await open();
  const events = [
    { id: "a", content: 1 },
    { id: "a", content: 1 },
    { id: "a", content: 2 },
    { entity: "e", revision: 5 },
    { entity: "e", revision: 4 },
    { source: "s", position: 1 },
    { source: "s", position: 1 },
  ];
  const expected = ["fresh", "duplicate", "conflict", "fresh", "stale", "fresh", "duplicate"];
  assert.deepEqual(gate.checkAll(events), expected);
  assert.deepEqual(gate.checkAll([]), []);
});

const ERRORS = [
  ["invalid_event", { id: "" }],
  ["invalid_event", { id: 5 }],
  ["invalid_event", null],
  ["invalid_event", { id: "x".repeat(100), content: [1n] }],
  ["invalid_event", { entity: "e" }],
  ["invalid_event", { id: "a", time: Number.NaN }],
  ["jump", { entity: "known", revision: 13 }],
];

for (const [code, bad] of ERRORS) {
  test(`${code} undoes the batch: ${JSON.stringify(bad, bigintAsText)}`, async () => {
    const { gate } = await open({ maxJump: 10, positions: { window: 8 } });
    judges(
      gate,
      [{ entity: "known", revision: 1 }, "fresh"],
      [{ source: "log", position: 3 }, "fresh"],
    );
    const events = [
      { id: "a" },
      { entity: "known", revision: 2 },
      { entity: "new", revision: 7 },
      { source: "log", position: 5 },
      { source: "new", position: 2n ** 70n },
    ];
    for (let index = 0; index <= events.length; index += 1) {
      const batch = events.toSpliced(index, 0, bad);
      const { message } = refusesAndChangesNothing(gate, code, () => gate.checkAll(batch));
      assert.ok(message.startsWith(`events[${index}]: `), message);
    }
    assert.deepEqual(gate.checkAll(events), ["fresh", "fresh", "fresh", "fresh", "fresh"]);
    judges(
      gate,
      [{ source: "log", position: 4 }, "fresh"],
      [{ entity: "known", revision: 1 }, "stale"],
    );
  });
}

test("an error undoes what the batch forgot, and the clock with it", async () => {
  const { gate, clock } = await open({ retention: HOUR });
  judges(gate, [{ id: "a" }, "fresh"]);
  clock.now += HOUR;
  refusesAndChangesNothing(gate, "invalid_event", () =>
    gate.checkAll([{ id: "a" }, { id: "b" }, {}]),
  );
  refusesAndChangesNothing(gate, "invalid_event", () => gate.checkIds(["a", "b", ""]));
  clock.now = START;
  judges(gate, [{ id: "a" }, "duplicate"], [{ id: "b", time: START }, "fresh"]);
});

test("capacity in the middle of a batch undoes it", async () => {
  const { gate } = await open({ maxBytes: 64 * 1024 });
  judges(gate, [{ id: "k" }, "fresh"], [{ entity: "e1", revision: 5 }, "fresh"]);
  const events = Array.from({ length: 50_000 }, (_, index) => ({
    entity: `e${index}`,
    revision: 7,
  }));
  const { message } = refusesAndChangesNothing(gate, "capacity", () => gate.checkAll(events));
  assert.match(message, /^events\[\d+\]: /);
  const entities = events.map(({ entity }) => entity);
  refusesAndChangesNothing(gate, "capacity", () =>
    gate.checkRevisions(
      entities,
      entities.map(() => 7),
    ),
  );
  judges(
    gate,
    [{ id: "k" }, "duplicate"],
    [{ entity: "e1", revision: 6 }, "fresh"],
    [{ entity: "e0", revision: 1 }, "fresh"],
  );
});

test("a batch that found no room leaves all the room there was", async () => {
  const rounds = async (fails) => {
    const { gate, clock } = await open({ maxBytes: 64 * 1024 });
    const horizons = [];
    for (let round = 0; round < 40; round += 1) {
      clock.now = START + round;
      gate.checkIds(Array.from({ length: 100 }, (_, index) => `${round}/${index}`));
      horizons.push(gate.stats().horizon);
      if (fails && round === 4) {
        const many = Array.from({ length: 50_000 }, (_, index) => `e${index}`);
        refuses("capacity", () =>
          gate.checkRevisions(
            many,
            many.map(() => 1),
          ),
        );
      }
    }
    return horizons;
  };
  assert.deepEqual(await rounds(true), await rounds(false));
});

test("what is no array of events is invalid_event, never a TypeError", async () => {
  const { gate } = await open();
  for (const events of [
    undefined,
    null,
    5,
    "ab",
    {},
    new Set([{ id: "a" }]),
    { length: 1, 0: { id: "a" } },
    () => [],
  ]) {
    refusesAndChangesNothing(gate, "invalid_event", () => gate.checkAll(events), String(events));
  }
  refuses("invalid_event", () => gate.checkAll(new Array(3)));
  refuses("invalid_event", () => gate.checkAll([{ id: "a" }, undefined]));
});

/** Events of all kinds over few names, so that most of them meet. */
function randomEvent(random) {
  const names = ["a", "b", "é", "a name that is longer than eighteen characters", "😀"];
  const event = {};
  if (random.chance(0.3)) {
    event.scope = random.pick(names);
  }
  if (random.chance(0.5)) {
    event.id = `${random.pick(names)}${random.below(40)}`;
    event.content = random.chance(0.5) ? undefined : { n: random.below(2) };
    event.time = random.chance(0.5) ? undefined : START - random.below(5000);
  }
  if (random.chance(0.5)) {
    event.entity = random.pick(names);
    event.revision = random.pick([
      random.below(60),
      BigInt(random.below(60)),
      String(random.below(60)),
    ]);
  }
  if (random.chance(0.3) || (event.id === undefined && event.entity === undefined)) {
    event.source = random.pick(names);
    event.position = random.below(60);
    event.epoch = random.below(2);
  }
  return event;
}

for (const positions of ["newer", "next", { window: 16 }]) {
  test(`batches give what single calls give, ${JSON.stringify(positions)}`, async () => {
    const options = { positions, retention: 2000, maxBytes: 1024 * 1024 };
    const one = await open(options);
    const all = await open(options);
    const random = seeded(7);
    for (let round = 0; round < 200; round += 1) {
      one.clock.now = START + round * 100;
      all.clock.now = one.clock.now;
      const events = Array.from({ length: random.below(60) }, () => randomEvent(random));
      const expected = events.map((event) => one.gate.check(event));
      assert.deepEqual(all.gate.checkAll(events), expected, `round ${round}`);
    }
    assert.deepEqual(stateOf(all.gate), stateOf(one.gate));
  });
}

test("a large batch is one batch", async () => {
  const { gate } = await open();
  const events = Array.from({ length: 100_000 }, (_, index) => ({
    id: `event number ${index}`,
    content: [index],
  }));
  const verdicts = gate.checkAll(events);
  assert.ok(verdicts.every((verdict) => verdict === "fresh"));
  assert.ok(gate.checkAll(events).every((verdict) => verdict === "duplicate"));
});
