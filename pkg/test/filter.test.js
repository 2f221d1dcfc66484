/**
 * `filter` keeps the items whose events are fresh, and changes nothing when something goes wrong.
 * @module
 */
import assert from "node:assert/strict";
import test from "node:test";
import { judges, open, refusesAndChangesNothing } from "./helpers/gate.js";

const byId = (id) => ({ id: String(id) });

test("it keeps what is fresh, in order, and gives the items themselves", async () => {
  const { gate } = await open();
  const items = [
    { id: "a", n: 1 },
    { id: "b", n: 2 },
    { id: "a", n: 3 },
  ];
  const kept = gate.filter(items, (item) => ({ id: item.id }));
  assert.equal(kept.length, 2);
  assert.ok(kept[0] === items[0] && kept[1] === items[1]);
  assert.deepEqual(
    gate.filter(items, (item) => ({ id: item.id })),
    [],
  );
});

test("it takes whatever can be iterated", async () => {
  const { gate } = await open();
  function* numbers() {
    yield* [1, 2, 1];
  }
  assert.deepEqual(gate.filter(numbers(), byId), [1, 2]);
  assert.deepEqual(gate.filter(new Set([2, 3]), byId), [3]);
  assert.deepEqual(gate.filter("4512", byId), ["4", "5"]);
  assert.deepEqual(gate.filter([], byId), []);
});

test("identify is called for all items before any is judged", async () => {
  const { gate } = await open();
  const seen = [];
  const kept = gate.filter([1, 2, 3], (item) => {
    seen.push(gate.inspect(byId(1)).verdict);
    return byId(item);
  });
  assert.deepEqual(seen, ["fresh", "fresh", "fresh"]);
  assert.deepEqual(kept, [1, 2, 3]);
});

test("identify may hand out the same object again and again", async () => {
  const { gate } = await open();
  const event = {};
  const kept = gate.filter(["a", "b", "a"], (id) => Object.assign(event, { id }));
  assert.deepEqual(kept, ["a", "b"]);
});

test("what identify or the items throw passes, and changes nothing", async () => {
  const { gate } = await open();
  const broken = new Error("cannot identify");
  const before = gate.stats();
  const throwing = (item) => {
    if (item === 3) {
      throw broken;
    }
    return byId(item);
  };
  function* failing() {
    yield 1;
    throw broken;
  }
  assert.throws(
    () => gate.filter([1, 2, 3], throwing),
    (error) => error === broken,
  );
  assert.throws(
    () => gate.filter(failing(), byId),
    (error) => error === broken,
  );
  assert.deepEqual(gate.stats(), before);
  judges(gate, [byId(1), "fresh"]);
});

test("wrong arguments and wrong events are invalid_event", async () => {
  const { gate } = await open();
  for (const items of [undefined, null, 5, {}, { length: 1 }]) {
    refusesAndChangesNothing(gate, "invalid_event", () => gate.filter(items, byId), String(items));
  }
  for (const identify of [undefined, null, "id", {}]) {
    refusesAndChangesNothing(
      gate,
      "invalid_event",
      () => gate.filter([1], identify),
      String(identify),
    );
  }
  for (const event of [undefined, null, "a", {}, { id: 1 }, Promise.resolve({ id: "a" })]) {
    const call = () => gate.filter([1, 2], (item) => (item === 1 ? byId(item) : event));
    const { message } = refusesAndChangesNothing(gate, "invalid_event", call, String(event));
    assert.match(message, /^events\[1\]: /);
  }
});
