/**
 * How long a key is remembered, to the millisecond, and what happens when memory is full.
 * @module
 */
import assert from "node:assert/strict";
import test from "node:test";
import { DAY, HOUR, judges, open, refuses, SECOND, START } from "./helpers/gate.js";

test("a key is remembered for exactly its retention", async () => {
  const { gate, clock } = await open({ retention: SECOND });
  judges(gate, [{ id: "a" }, "fresh"]);
  clock.now = START + SECOND - 1;
  judges(gate, [{ id: "a" }, "duplicate"]);
  clock.now = START + SECOND;
  judges(gate, [{ id: "a" }, "fresh"], [{ id: "a" }, "duplicate"]);
  assert.equal(gate.stats().horizon, START + 1);
});

test("a duplicate does not make a key younger", async () => {
  const { gate, clock } = await open({ retention: 10 });
  judges(gate, [{ id: "a" }, "fresh"]);
  for (let elapsed = 1; elapsed < 10; elapsed += 1) {
    clock.now = START + elapsed;
    judges(gate, [{ id: "a" }, "duplicate"]);
  }
  clock.now = START + 10;
  judges(gate, [{ id: "a" }, "fresh"]);
});

test("a time ahead of now makes a key younger, one in the past does not make it older", async () => {
  const { gate, clock } = await open({ retention: SECOND });
  judges(gate, [{ id: "ahead", time: START + 500 }, "fresh"], [{ id: "past", time: 1 }, "fresh"]);
  clock.now = START + SECOND - 1;
  judges(gate, [{ id: "past" }, "duplicate"]);
  clock.now = START + 1499;
  judges(gate, [{ id: "ahead" }, "duplicate"]);
  clock.now = START + 1500;
  judges(gate, [{ id: "ahead" }, "fresh"]);
});

test("before anything was forgotten, old events are taken: the first backfill", async () => {
  const { gate, clock } = await open({ retention: HOUR });
  judges(
    gate,
    [{ id: "a", time: 0 }, "fresh"],
    [{ id: "b", time: "1970-01-01T00:00:00Z" }, "fresh"],
  );
  assert.equal(gate.stats().horizon, 0);
  clock.now += HOUR - 1;
  judges(gate, [{ id: "c", time: 1 }, "fresh"]);
  clock.now += 1;
  judges(gate, [{ id: "d", time: 1 }, "expired"], [{ id: "a", time: 0 }, "expired"]);
});

test("a forgotten key that carries a time is never fresh again", async () => {
  const { gate, clock } = await open({ retention: SECOND });
  const event = { id: "a", time: START };
  judges(gate, [event, "fresh"]);
  clock.now = START + SECOND - 1;
  judges(gate, [event, "duplicate"]);
  clock.now = START + SECOND;
  judges(
    gate,
    [event, "expired"],
    [{ id: "b", time: START + 1 }, "fresh"],
    [{ id: "c", time: START }, "expired"],
  );
});

test("a Date, milliseconds and ISO-8601 are the same time", async () => {
  const { gate, clock } = await open({ retention: SECOND });
  judges(gate, [{ id: "z" }, "fresh"]);
  clock.now = START + SECOND;
  for (const [ms, verdict] of [
    [START, "expired"],
    [START + 1, "fresh"],
  ]) {
    const iso = new Date(ms).toISOString();
    judges(
      gate,
      [{ id: `number ${ms}`, time: ms }, verdict],
      [{ id: `date ${ms}`, time: new Date(ms) }, verdict],
      [{ id: `iso ${ms}`, time: iso }, verdict],
      [{ id: `zone ${ms}`, time: iso.replace("Z", "+00:00") }, verdict],
    );
  }
});

/** A UUIDv7 of that time. */
function uuid7(ms) {
  const time = ms.toString(16).padStart(12, "0");
  return `${time.slice(0, 8)}-${time.slice(8)}-7000-8000-000000000000`;
}

test("timeFromId takes the time from a UUIDv7, unless one is given", async () => {
  for (const timeFromId of [true, false]) {
    const { gate, clock } = await open({ retention: SECOND, timeFromId });
    judges(gate, [{ id: uuid7(START) }, "fresh"]);
    clock.now = START + SECOND;
    judges(
      gate,
      [{ id: uuid7(START), time: START + 1 }, "fresh"],
      [{ id: uuid7(START - 1) }, timeFromId ? "expired" : "fresh"],
      [{ id: uuid7(START + 1) }, "fresh"],
      [{ id: "not a uuid" }, "fresh"],
    );
  }
});

test("timeFromId refuses an id from too far ahead", async () => {
  const { gate } = await open({ timeFromId: true });
  refuses("invalid_event", () => gate.check({ id: uuid7(START + DAY) }));
  judges(gate, [{ id: uuid7(START + DAY), time: START }, "fresh"]);
});

test("above 24 days a key is remembered to the second", async () => {
  const retention = 30 * DAY;
  const { gate, clock } = await open({ retention, maxClockJump: retention * 2 });
  clock.now += 777;
  judges(gate, [{ id: "a" }, "fresh"]);
  clock.now += retention - 1;
  judges(gate, [{ id: "a" }, "duplicate"]);
  clock.now += SECOND;
  judges(gate, [{ id: "a" }, "fresh"]);
});

test("a key may come back with other content once it was forgotten", async () => {
  const { gate, clock } = await open({ retention: SECOND });
  judges(gate, [{ id: "a", content: 1 }, "fresh"], [{ id: "a", content: 2 }, "conflict"]);
  clock.now += SECOND;
  judges(gate, [{ id: "a", content: 2 }, "fresh"], [{ id: "a", content: 1 }, "conflict"]);
});

test("when memory is full the oldest keys go first, and the horizon says so", async () => {
  const maxBytes = 256 * 1024;
  const { gate, clock } = await open({ maxBytes });
  const batch = (round) => Array.from({ length: 1000 }, (_, index) => `${round}/${index}`);
  for (let round = 0; round < 100; round += 1) {
    clock.now = START + round;
    assert.equal(gate.checkIds(batch(round)).count("fresh"), 1000);
  }
  const { bytes, horizon, keys } = gate.stats();
  assert.ok(bytes <= maxBytes, `${bytes}`);
  assert.ok(horizon > START && horizon <= clock.now, `${horizon - START}`);
  assert.equal(keys, (clock.now - horizon + 1) * 1000);
  judges(gate, [{ id: `${horizon - START - 1}/0`, time: horizon - 1 }, "expired"]);
  assert.equal(gate.checkIds(batch(99)).count("duplicate"), 1000);
});

test("revisions are never forgotten to make room: capacity, and nothing is changed", async () => {
  const { gate } = await open({ maxBytes: 64 * 1024 });
  let entities = 0;
  let refusal;
  while (refusal === undefined) {
    try {
      gate.check({ entity: `e${entities}`, revision: 1 });
      entities += 1;
    } catch (error) {
      refusal = error;
    }
  }
  assert.equal(refusal.code, "capacity");
  const before = gate.stats();
  assert.equal(before.entities, entities);
  refuses("capacity", () => gate.check({ id: "k", entity: `e${entities}`, revision: 1 }));
  assert.deepEqual(gate.stats(), before);
  judges(gate, [{ entity: "e0", revision: 2 }, "fresh"], [{ entity: "e0", revision: 1 }, "stale"]);
});

test("forget removes one key, and only it", async () => {
  const { gate } = await open();
  judges(gate, [{ id: "a" }, "fresh"], [{ scope: "s", id: "a" }, "fresh"], [{ id: "b" }, "fresh"]);
  assert.equal(gate.forget({ id: "a" }), 1);
  assert.equal(gate.forget({ id: "a" }), 0);
  judges(
    gate,
    [{ id: "a" }, "fresh"],
    [{ scope: "s", id: "a" }, "duplicate"],
    [{ id: "b" }, "duplicate"],
  );
});

test("forget wants exactly one name", async () => {
  const { gate } = await open();
  judges(gate, [{ id: "a" }, "fresh"]);
  const wrong = [
    undefined,
    null,
    "a",
    {},
    { scope: "a" },
    { id: 5 },
    { id: "" },
    { entity: "" },
    { source: "" },
  ];
  const tooMany = [
    { id: "a", entity: "e" },
    { id: "a", revision: 1 },
    { entity: "e", revision: 1 },
    { id: "a", time: 1 },
  ];
  for (const what of [...wrong, ...tooMany]) {
    refuses("invalid_event", () => gate.forget(what), JSON.stringify(what));
  }
  judges(gate, [{ id: "a" }, "duplicate"]);
});
