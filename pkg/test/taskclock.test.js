/**
 * `taskClock` reads another clock once for all code that runs without a pause.
 * @module
 */
import assert from "node:assert/strict";
import test from "node:test";
import { setImmediate, setTimeout } from "node:timers/promises";
import { Gate, taskClock } from "onceward";
import { handClock, judges, refuses, SECOND, START } from "./helpers/gate.js";

test("one run of code is one reading, however often it asks", () => {
  const source = handClock();
  const clock = taskClock(source);
  assert.equal(source.reads, 0);
  for (let index = 0; index < 1000; index += 1) {
    assert.equal(clock(), START);
    source.now += 1;
  }
  assert.equal(source.reads, 1);
});

for (const [what, pause] of Object.entries({
  "an await of nothing": () => undefined,
  "a microtask": () => new Promise((resolve) => queueMicrotask(resolve)),
  "a promise that is settled already": () => Promise.resolve(),
  "a turn of the loop": () => setImmediate(),
  "a timer": () => setTimeout(1),
})) {
  test(`after ${what} it reads again`, async () => {
    const source = handClock();
    const clock = taskClock(source);
    for (let round = 0; round < 5; round += 1) {
      source.now = START + round;
      assert.deepEqual([clock(), clock(), clock()], Array(3).fill(START + round));
      assert.equal(source.reads, round + 1);
      await pause();
    }
  });
}

test("a microtask that was queued before the reading still sees it, a later one does not", async () => {
  const source = handClock();
  const clock = taskClock(source);
  const seen = [];
  const look = () => seen.push(clock());
  queueMicrotask(look);
  look();
  source.now += 1;
  queueMicrotask(look);
  await setImmediate();
  assert.deepEqual(seen, [START, START, START + 1]);
  assert.equal(source.reads, 2);
});

test("two of them have nothing to do with each other", async () => {
  const [one, other] = [handClock(START), handClock(START + 5)];
  const clocks = [taskClock(one), taskClock(other), taskClock(one)];
  assert.deepEqual(
    clocks.map((clock) => clock()),
    [START, START + 5, START],
  );
  assert.deepEqual([one.reads, other.reads], [2, 1]);
});

test("what the clock throws passes, and is not kept", async () => {
  const broken = new Error("the clock is broken");
  let fails = true;
  let reads = 0;
  const clock = taskClock(() => {
    reads += 1;
    if (fails) {
      throw broken;
    }
    return START;
  });
  for (const expected of [1, 2]) {
    assert.throws(clock, (error) => error === broken);
    assert.equal(reads, expected);
  }
  fails = false;
  assert.deepEqual([clock(), clock()], [START, START]);
  assert.equal(reads, 3);
});

test("without another clock it is the system's", async () => {
  const clock = taskClock();
  const first = clock();
  assert.ok(Math.abs(Date.now() - first) < 60_000);
  const until = Date.now() + 5;
  while (Date.now() < until) {
    assert.equal(clock(), first);
  }
  await undefined;
  assert.ok(clock() > first);
});

test("a gate goes by it: time stands still while code runs", async () => {
  const source = handClock();
  const gate = await Gate.open({ clock: taskClock(source), retention: SECOND });
  const { reads } = source;
  judges(gate, [{ id: "a" }, "fresh"]);
  source.now += SECOND;
  for (let index = 0; index < 100; index += 1) {
    assert.equal(gate.checkId("a"), "duplicate");
    assert.equal(gate.checkIds(["a"]).at(0), "duplicate");
    gate.check({ entity: "e", revision: index });
  }
  assert.equal(source.reads, reads + 1);
  await undefined;
  assert.equal(gate.checkId("a"), "fresh");
  assert.equal(source.reads, reads + 2);
});

test("a gate refuses what it gives if that is no time", async () => {
  const source = handClock();
  const gate = await Gate.open({ clock: taskClock(source) });
  for (const now of [Number.NaN, -1, undefined, "5"]) {
    source.now = now;
    refuses("invalid_option", () => gate.checkId("a"), String(now));
    await undefined;
  }
  source.now = START;
  judges(gate, [{ id: "a" }, "fresh"]);
});
