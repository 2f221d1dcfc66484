/**
 * A closed gate answers nothing; others go on.
 * @module
 */
import assert from "node:assert/strict";
import test from "node:test";
import { judges, open, refuses } from "./helpers/gate.js";

/** A call of every method that a closed gate refuses. */
function callsOf(gate) {
  return {
    check: () => gate.check({ id: "a" }),
    checkId: () => gate.checkId("a"),
    checkAll: () => gate.checkAll([]),
    filter: () => gate.filter([], () => ({ id: "a" })),
    checkIds: () => gate.checkIds([]),
    checkRevisions: () => gate.checkRevisions([], []),
    checkPositions: () => gate.checkPositions("s", []),
    inspect: () => gate.inspect({ id: "a" }),
    claim: () => gate.claim({ id: "a" }),
    resolve: () => gate.resolve({ id: "a" }, "released"),
    doubts: () => gate.doubts(),
    fingerprint: () => gate.fingerprint({ id: "a" }),
    forget: () => gate.forget({ id: "a" }),
    stats: () => gate.stats(),
  };
}

test("after close every method throws closed", async () => {
  const { gate } = await open();
  judges(gate, [{ id: "a" }, "fresh"]);
  await gate.close();
  const calls = callsOf(gate);
  for (const [name, call] of Object.entries(calls)) {
    refuses("closed", call, name);
  }
  await assert.rejects(
    gate.once({ id: "a" }, () => assert.fail("the effect ran")),
    { name: "OncewardError", code: "closed" },
  );
  const methods = Object.getOwnPropertyNames(Object.getPrototypeOf(gate));
  assert.deepEqual(
    methods.filter((name) => !["constructor", "close", "once"].includes(name)).sort(),
    Object.keys(calls).sort(),
  );
});

test("closed comes before what is wrong with the arguments, and before the caller's code runs", async () => {
  const { gate, clock } = await open();
  await gate.close();
  const reads = clock.reads;
  refuses("closed", () => gate.check(null));
  refuses("closed", () => gate.checkId(5));
  refuses("closed", () => gate.checkId("a", 5));
  refuses("closed", () => gate.checkAll(5));
  refuses("closed", () => gate.checkIds([1]));
  refuses("closed", () => gate.claim(null, { ttl: 1 }));
  refuses("closed", () => gate.resolve(null));
  refuses("closed", () => gate.fingerprint(null));
  refuses("closed", () => gate.filter([1], () => assert.fail("identify was called")));
  assert.equal(clock.reads, reads);
});

test("closing twice is closing once", async () => {
  const { gate } = await open();
  await gate.close();
  await gate.close();
  await gate[Symbol.asyncDispose]();
  refuses("closed", () => gate.stats());
});

test("disposing closes", async () => {
  const { gate } = await open();
  await gate[Symbol.asyncDispose]();
  refuses("closed", () => gate.check({ id: "a" }));
});

test("other gates do not notice", async () => {
  const { gate: one } = await open();
  const { gate: other } = await open();
  judges(one, [{ id: "a" }, "fresh"]);
  judges(other, [{ id: "a" }, "fresh"]);
  await one.close();
  const { gate: third } = await open();
  judges(other, [{ id: "a" }, "duplicate"]);
  judges(third, [{ id: "a" }, "fresh"]);
});

test("a thousand gates, opened and closed, do not pile up", async () => {
  const ids = Array.from({ length: 1000 }, (_, index) => `id ${index}`);
  const usage = [];
  for (let round = 0; round < 1000; round += 1) {
    const { gate } = await open();
    gate.checkIds(ids);
    await gate.close();
    if (round % 500 === 499) {
      usage.push(process.memoryUsage().arrayBuffers + process.memoryUsage().external);
    }
  }
  assert.ok(usage[1] < usage[0] + 16 * 1024 * 1024, usage.join(" to "));
});
