/**
 * A closed gate answers nothing; others go on.
 * @module
 */
import assert from "node:assert/strict";
import test from "node:test";
import { callsOf, promisesOf, refusesAll } from "./helpers/calls.js";
import { granted, lead, never, turn } from "./helpers/claims.js";
import { judges, open, refuses } from "./helpers/gate.js";

/** The names of all methods, those of the base class as well. */
function methodsOf(gate) {
  const names = [];
  let proto = Object.getPrototypeOf(gate);
  while (proto !== Object.prototype) {
    names.push(...Object.getOwnPropertyNames(proto));
    proto = Object.getPrototypeOf(proto);
  }
  return names.filter((name) => !["constructor", "close"].includes(name)).sort();
}

test("after close every method throws closed, or rejects", async () => {
  const { gate } = await open();
  judges(gate, [{ id: "a" }, "fresh"]);
  await gate.close();
  await refusesAll(gate, "closed");
  const named = [callsOf(gate), promisesOf(gate)].flatMap((calls) => Object.keys(calls));
  assert.deepEqual(methodsOf(gate), named.sort());
});

test("open claims and stages are closed with their gate", async () => {
  const { gate } = await open();
  const claim = granted(gate, { id: "a" });
  const stage = gate.stage([{ id: "b" }]);
  await gate.close();
  refuses("closed", () => claim.commit());
  refuses("closed", () => claim.release());
  refuses("closed", () => claim.doubt());
  refuses("closed", () => claim.extend("1s"));
  refuses("closed", () => stage.keep());
  refuses("closed", () => stage.drop());
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
  refuses("closed", () => gate.stage(5));
  refuses("closed", () => gate.merge(5));
  refuses("closed", () => gate.forget(null));
  await assert.rejects(gate.once(null, 5), { code: "closed" });
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

test("closing twice at once is closing once, too", async () => {
  const { gate } = await open();
  const leader = lead(gate, { id: "a" });
  const waiting = gate.once({ id: "a" }, never);
  await turn();
  await Promise.all([gate.close(), gate.close(), gate[Symbol.asyncDispose]()]);
  await assert.rejects(waiting, { code: "closed" });
  leader.resolve("value");
  assert.deepEqual(await leader.outcome, { status: "applied", value: "value", unconfirmed: true });
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
