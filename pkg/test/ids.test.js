/**
 * Ids of version 7: unique, and in the order of their making.
 * @module
 */
import assert from "node:assert/strict";
import test from "node:test";
import { newId, ordinal } from "onceward";
import { judges, open, refuses, START } from "./helpers/gate.js";

const UUID7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const msOf = (id) => Number(ordinal.uuid7(id) >> 80n);

test("a million ids go up, and none comes twice", () => {
  let last = "";
  for (let count = 0; count < 1_000_000; count += 1) {
    const id = newId();
    if (id <= last) {
      assert.fail(`${id} after ${last}, number ${count}`);
    }
    last = id;
  }
  assert.match(last, UUID7);
});

test("an id tells when it was made, and goes up while the clock goes back", (t) => {
  const id = newId();
  assert.ok(Math.abs(msOf(id) - Date.now()) < 10_000);
  t.mock.method(Date, "now", () => 5);
  const next = newId();
  assert.ok(next > id);
  assert.ok(msOf(next) >= msOf(id));
});

test("an id of a given time is of exactly that time", () => {
  for (const now of [0, 5, START, 2 ** 48 - 1, START, 1, 1]) {
    const id = newId(now);
    assert.match(id, UUID7);
    assert.equal(msOf(id), now);
  }
  const same = Array.from({ length: 1000 }, () => newId(START));
  assert.deepEqual(same, same.toSorted());
  assert.equal(new Set(same).size, 1000);
  // The others do not move with them.
  newId(2 ** 48 - 1);
  assert.ok(Math.abs(msOf(newId()) - Date.now()) < 10_000);
});

test("a time that is none, or has no room, is an error", () => {
  for (const now of [-1, 0.5, Number.NaN, Infinity, 2 ** 48, 2 ** 53, "5", null, new Date(), 5n]) {
    refuses("invalid_option", () => newId(now), String(now));
  }
});

test("a gate reads the time of such an id", async () => {
  const { gate, clock } = await open({ timeFromId: true, retention: "1h" });
  const id = newId(START);
  judges(gate, [{ id }, "fresh"], [{ id }, "duplicate"]);
  clock.now += 2 * 3_600_000;
  judges(gate, [{ id: newId(clock.now) }, "fresh"], [{ id }, "expired"]);
});
