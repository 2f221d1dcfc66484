/**
 * Which verdict wins when several would do, and what a refused event still settles.
 * @module
 */
import assert from "node:assert/strict";
import test from "node:test";
import { HOUR, judges, open, refuses, START } from "./helpers/gate.js";

test("a fresh event records all of its identities, a refused one none", async () => {
  const { gate } = await open();
  judges(
    gate,
    [{ id: "a", entity: "e", revision: 5, source: "s", position: 5 }, "fresh"],
    [{ id: "a" }, "duplicate"],
    [{ entity: "e", revision: 5 }, "duplicate"],
    [{ source: "s", position: 5 }, "duplicate"],
    [{ id: "b", entity: "e", revision: 4, source: "t", position: 1 }, "stale"],
    [{ id: "b", entity: "f", revision: 1 }, "fresh"],
    [{ id: "b", entity: "g", revision: 1 }, "duplicate"],
    [{ entity: "g", revision: 1 }, "fresh"],
  );
});

test("the key is judged before the position, and the position before the revision", async () => {
  const { gate } = await open();
  const event = { id: "a", entity: "e", revision: 5, source: "s", position: 5, content: 1 };
  judges(
    gate,
    [event, "fresh"],
    [{ ...event, epoch: 1, revision: 4, content: 2 }, "conflict"],
    [{ ...event, revision: 4, position: 4 }, "duplicate"],
    [{ ...event, epoch: 2, id: "b", revision: 4 }, "stale"],
    [{ ...event, id: "c", epoch: 2, revision: 5, content: 2 }, "duplicate"],
    [{ ...event, id: "c", epoch: 1, revision: 9 }, "stale"],
  );
  assert.equal(gate.inspect({ ...event, id: "c", epoch: 1, revision: 9 }).current, 2n);
});

test("a remembered key is a duplicate however old its event; a forgotten one is expired", async () => {
  const { gate, clock } = await open({ retention: HOUR });
  judges(gate, [{ id: "first" }, "fresh"]);
  clock.now += HOUR;
  judges(
    gate,
    [{ id: "a" }, "fresh"],
    [{ id: "a", time: 1 }, "duplicate"],
    [{ id: "first", time: START }, "expired"],
    [{ id: "never seen", time: START, source: "s", position: 1 }, "expired"],
    [{ source: "s", position: 1 }, "duplicate"],
    [{ entity: "e", revision: 1, time: START }, "fresh"],
  );
});

for (const [verdict, refused] of [
  ["duplicate", { id: "a" }],
  ["conflict", { id: "a", content: 2 }],
  ["expired", { id: "never seen", time: START }],
  ["stale", { entity: "e", revision: 4 }],
  ["duplicate", { entity: "e", revision: 5 }],
  ["conflict", { entity: "e", revision: 5, content: 2 }],
]) {
  const by = "id" in refused ? "key" : "revision";
  test(`a ${verdict} by its ${by} settles its position, so that the log is not blocked`, async () => {
    const { gate, clock } = await open({ retention: HOUR, positions: "next" });
    judges(gate, [{ id: "forgotten" }, "fresh"]);
    clock.now += HOUR;
    judges(
      gate,
      [{ id: "a", entity: "e", revision: 5, content: 1, source: "s", position: 1 }, "fresh"],
      [{ ...refused, source: "s", position: 3 }, by === "key" ? verdict : "early"],
      [{ ...refused, source: "s", position: 2 }, verdict],
      [{ source: "s", position: 2 }, "duplicate"],
      [{ source: "s", position: 3 }, "fresh"],
    );
  });
}

test("what is early settles nothing", async () => {
  const { gate } = await open({ revisions: "next" });
  judges(
    gate,
    [{ entity: "e", revision: 1, source: "s", position: 1 }, "fresh"],
    [{ entity: "e", revision: 3, source: "s", position: 2 }, "early"],
    [{ source: "s", position: 2 }, "fresh"],
  );
});

test("a position that is not fresh itself is not moved by what refused the event", async () => {
  const { gate } = await open({ positions: "next" });
  judges(
    gate,
    [{ id: "a", source: "s", position: 1 }, "fresh"],
    [{ id: "a", source: "s", position: 9 }, "duplicate"],
    [{ source: "s", position: 2 }, "fresh"],
    [{ id: "a", source: "t", position: 7, epoch: 1 }, "duplicate"],
    [{ source: "t", position: 8, epoch: 0 }, "stale"],
    [{ source: "t", position: 8, epoch: 1 }, "fresh"],
  );
});

test("inspect says what check would, with what it knows, and records nothing", async () => {
  const { gate } = await open({ revisions: "next", positions: "next" });
  judges(gate, [
    { id: "a", entity: "e", revision: 5, source: "s", position: 5, epoch: 3 },
    "fresh",
  ]);
  const before = gate.stats();
  assert.deepEqual(gate.inspect({ id: "a" }), { verdict: "duplicate", since: START });
  assert.deepEqual(gate.inspect({ id: "b" }), { verdict: "fresh" });
  assert.deepEqual(gate.inspect({ entity: "e", revision: 7n }), { verdict: "early", expected: 6n });
  assert.deepEqual(gate.inspect({ entity: "e", revision: 4 }), { verdict: "stale", current: 5n });
  assert.deepEqual(gate.inspect({ entity: "e", revision: 5 }), { verdict: "duplicate" });
  assert.deepEqual(gate.inspect({ source: "s", position: 8, epoch: 3 }), {
    verdict: "early",
    expected: 6n,
  });
  assert.deepEqual(gate.inspect({ source: "s", position: 9, epoch: 2 }), {
    verdict: "stale",
    current: 3n,
  });
  assert.deepEqual(gate.stats(), before);
  judges(gate, [{ id: "b" }, "fresh"]);
});

test("inspect gives the whole ordinal, however large", async () => {
  const { gate } = await open({ revisions: "next" });
  const revision = 10n ** 128n;
  judges(gate, [{ entity: "e", revision }, "fresh"]);
  assert.equal(gate.inspect({ entity: "e", revision: revision + 2n }).expected, revision + 1n);
  assert.equal(gate.inspect({ entity: "e", revision: 1 }).current, revision);
});

test("inspect does not advance the clock", async () => {
  const { gate, clock } = await open({ retention: HOUR });
  judges(gate, [{ id: "a" }, "fresh"]);
  clock.now += HOUR;
  assert.equal(gate.inspect({ id: "a" }).verdict, "fresh");
  clock.now -= HOUR;
  assert.equal(gate.inspect({ id: "a" }).verdict, "duplicate");
  judges(gate, [{ id: "a" }, "duplicate"]);
});

test("every verdict is counted under its name", async () => {
  const { gate, clock } = await open({ retention: HOUR, revisions: "next" });
  judges(gate, [{ id: "z" }, "fresh"]);
  clock.now += HOUR;
  judges(
    gate,
    [{ id: "a", content: 1, entity: "e", revision: 1 }, "fresh"],
    [{ id: "a" }, "duplicate"],
    [{ id: "a", content: 2 }, "conflict"],
    [{ entity: "e", revision: 0 }, "stale"],
    [{ entity: "e", revision: 3 }, "early"],
    [{ id: "z", time: START }, "expired"],
  );
  refuses("invalid_event", () => gate.check({}));
  const { verdicts, keys, entities, sources, horizon, bytes, maxBytes } = gate.stats();
  const expected = {
    fresh: 2,
    duplicate: 1,
    stale: 1,
    conflict: 1,
    pending: 0,
    "in-doubt": 0,
    early: 1,
    expired: 1,
  };
  assert.deepEqual(verdicts, expected);
  assert.deepEqual(
    { keys, entities, sources, horizon },
    { keys: 1, entities: 1, sources: 0, horizon: START + 1 },
  );
  assert.equal(maxBytes, 32 * 1024 * 1024);
  assert.ok(bytes > 0 && bytes <= maxBytes);
});

test("scope and name are two things, never one text", async () => {
  const { gate } = await open();
  judges(
    gate,
    [{ scope: "a:b", id: "c" }, "fresh"],
    [{ scope: "a", id: "b:c" }, "fresh"],
    [{ scope: "a:b:c", id: "c" }, "fresh"],
    [{ id: "c" }, "fresh"],
    [{ scope: "a:b", id: "c" }, "duplicate"],
    [{ scope: "a", entity: "c", revision: 1 }, "fresh"],
    [{ scope: "a", source: "c", position: 1 }, "fresh"],
    [{ scope: "a", id: "c" }, "fresh"],
    [{ id: "é" }, "fresh"],
    [{ id: "e\u0301" }, "fresh"],
  );
});
