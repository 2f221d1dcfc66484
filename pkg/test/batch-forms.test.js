/**
 * A batch is handed over as a column while all of it are keys of one scope, and in frames from the
 * first event that is not; nobody can tell which.
 * @module
 */
import assert from "node:assert/strict";
import test from "node:test";
import { judges, open, refusesAndChangesNothing, START, stateOf } from "./helpers/gate.js";
import { seeded } from "./helpers/random.js";
import { itself, twins } from "./helpers/ways.js";

const SIZE = 300;

/** Around the groups that are looked at together, around the pieces that are written together. */
const PLACES = [0, 1, 31, 32, 33, 255, 256, 257, SIZE - 1];

const SCOPES = ["", "s", "é"];

/** Keys of one scope, most of them more than once: some in one group, some far apart. */
function keys(scope) {
  return Array.from({ length: SIZE }, (_, index) => {
    const id = index % 3 === 0 ? `near ${index >> 3}` : `far é ${index % 70}`;
    return scope === undefined ? { id } : { scope, id };
  });
}

/** Asserts that a batch is judged as in full, by `checkAll` or `filter`; returns the verdicts. */
function agreeOn(pair, batch, filters, message) {
  const verdicts = pair.slow.checkAll(batch);
  if (filters) {
    const fresh = batch.filter((_, index) => verdicts[index] === "fresh");
    assert.deepEqual(pair.quick.filter(batch, itself), fresh, message);
  } else {
    assert.deepEqual(pair.quick.checkAll(batch), verdicts, message);
  }
  pair.same(message);
  return verdicts;
}

for (const filters of [false, true]) {
  const named = filters ? "filter" : "checkAll";
  for (const scope of [undefined, ...SCOPES]) {
    test(`keys of one scope, and duplicates among them: ${named}, ${scope}`, async () => {
      const pair = await twins({}, SCOPES);
      const verdicts = agreeOn(pair, keys(scope), filters);
      const distinct = new Set(keys(scope).map(({ id }) => id)).size;
      assert.equal(verdicts.filter((verdict) => verdict === "fresh").length, distinct);
      const again = agreeOn(pair, keys(scope), filters);
      assert.ok(again.every((verdict) => verdict === "duplicate"));
    });
  }

  for (const [what, odd] of Object.entries({
    "a key of another scope": { scope: "é", id: "far é 1" },
    "a key of the scope that is absent": { id: "far é 1" },
    "a key with content": { scope: "s", id: "far é 1", content: { a: 1 } },
    "a key with a time": { scope: "s", id: "far é 1", time: START - 5 },
    "a revision": { scope: "s", entity: "far é 1", revision: 7 },
    "a position": { scope: "s", source: "far é 1", position: 7, epoch: "3" },
    "all of it": { scope: "s", id: "a", entity: "e", revision: "1", source: "l", position: 5n },
  })) {
    test(`${what} among keys, wherever it stands: ${named}`, async () => {
      for (const place of PLACES) {
        const pair = await twins({}, SCOPES);
        const batch = keys("s").toSpliced(place, 1, odd);
        agreeOn(pair, batch, filters, `${place}`);
        // Twice, with keys only before the one and behind the other.
        agreeOn(pair, batch.toSpliced(SIZE - 5, 1, odd), filters, `${place}`);
        agreeOn(pair, batch, filters, `${place}`);
      }
    });
  }

  test(`a batch that changes its scope again and again: ${named}`, async () => {
    const random = seeded(21);
    const pair = await twins({}, SCOPES);
    for (let round = 0; round < 60; round += 1) {
      const run = random.pick([1, 3, 32, 64, 100]);
      const batch = Array.from({ length: random.below(SIZE) }, (_, index) => {
        const scope = [undefined, ...SCOPES][Math.floor(index / run) % 4];
        return { scope, id: `${random.below(5000)}` };
      });
      agreeOn(pair, batch, filters, `round ${round}`);
    }
  });
}

test("batches of every length up to some groups", async () => {
  const pair = await twins({}, SCOPES);
  for (let size = 0; size <= 100; size += 1) {
    const ids = Array.from({ length: size }, (_, index) => `${size % 7}/${index}`);
    agreeOn(
      pair,
      ids.map((id) => ({ id })),
      size % 2 === 0,
      `${size}`,
    );
    assert.deepEqual(
      [...pair.quick.checkIds(ids)],
      pair.slow.checkAll(ids.map((id) => ({ id }))),
      `${size}`,
    );
  }
});

const WRONG = [
  ["invalid_event", { scope: "s", id: "" }],
  ["invalid_event", { scope: "s", id: 5 }],
  ["invalid_event", { scope: "s", id: "\ud800" }],
  ["invalid_event", { scope: "s", id: `${"a".repeat(40)}\udc00` }],
  ["invalid_event", { scope: "\ud800", id: "a" }],
  ["invalid_event", { scope: 5, id: "a" }],
  ["invalid_event", { scope: "s" }],
  ["invalid_event", {}],
  ["invalid_event", null],
  ["invalid_event", "far 1"],
  ["invalid_event", { scope: "s", id: "x", time: START * 2 }],
  ["invalid_event", { scope: "s", id: "x", content: undefined, entity: "e" }],
  ["invalid_event", { scope: "s", entity: "e", revision: "01" }],
  ["jump", { scope: "s", entity: "known", revision: 100 }],
];

for (const [index, [code, wrong]] of WRONG.entries()) {
  test(`an error undoes the batch, wherever it stands, and says where: case ${index}`, async () => {
    const { gate } = await open({ maxJump: 10 });
    const { gate: untouched } = await open({ maxJump: 10 });
    for (const one of [gate, untouched]) {
      judges(one, [{ scope: "s", entity: "known", revision: 1 }, "fresh"]);
      one.checkIds(["far é 3", "near 5"], { scope: "s" });
    }
    const good = keys("s");
    for (const place of [...PLACES, SIZE]) {
      const batch = good.toSpliced(place, 0, wrong);
      for (const call of [() => gate.checkAll(batch), () => gate.filter(batch, itself)]) {
        const { message } = refusesAndChangesNothing(gate, code, call, `${place}`);
        assert.ok(message.startsWith(`events[${place}]: `), `${place}: ${message}`);
      }
    }
    // With another event in front, every key has a frame.
    const mixed = [{ scope: "s", entity: "known", revision: 2 }, ...good.slice(0, 40), wrong];
    const { message } = refusesAndChangesNothing(gate, code, () => gate.checkAll(mixed));
    assert.ok(message.startsWith("events[41]: "), message);
    assert.deepEqual(gate.checkAll(good), untouched.checkAll(good));
    assert.deepEqual(stateOf(gate), stateOf(untouched));
  });
}

test("a key that cannot be written is named, however far behind it the batch needs frames", async () => {
  const { gate } = await open();
  const odd = { entity: "e", revision: 1 };
  for (const place of PLACES) {
    for (const id of ["\ud800", `${"a".repeat(40)}\udc00`]) {
      const batch = [...keys().toSpliced(place, 0, { id }), odd];
      for (const call of [() => gate.checkAll(batch), () => gate.filter(batch, itself)]) {
        const { message } = refusesAndChangesNothing(gate, "invalid_event", call, `${place}`);
        assert.ok(message.startsWith(`events[${place}]: `), `${place}: ${message}`);
      }
    }
  }
  assert.equal(gate.checkAll([...keys(), odd]).at(-1), "fresh");
});

test("an error in a column undoes it, and says where", async () => {
  const { gate } = await open();
  const ids = keys().map(({ id }) => id);
  for (const place of [...PLACES, SIZE]) {
    for (const wrong of ["", 5, "\ud800", "é\udc00"]) {
      const batch = ids.toSpliced(place, 0, wrong);
      const revisions = batch.map((_, index) => index);
      const calls = [() => gate.checkIds(batch), () => gate.checkRevisions(batch, revisions)];
      for (const call of calls) {
        const { message } = refusesAndChangesNothing(gate, "invalid_event", call, `${place}`);
        assert.ok(message.startsWith(`events[${place}]: `), `${place}: ${message}`);
      }
    }
  }
  assert.equal(gate.checkIds(ids).count("fresh"), new Set(ids).size);
});

test("a getter may ask the same gate while a batch is read", async () => {
  const { gate } = await open();
  const asked = [];
  const asking = (id, ask) => ({
    get id() {
      asked.push(ask());
      return id;
    },
  });
  const long = "a name that is longer than eighteen characters";
  const batch = [
    { id: "first" },
    asking("second", () => gate.checkAll([{ id: "first" }, { id: "inner" }])),
    asking("third", () => [...gate.checkIds(["second", "é", long])]),
    asking("inner", () => gate.filter(["third", "é"], (id) => ({ scope: "s", id }))),
    asking("fourth", () => gate.checkAll([{ id: "x", content: 1 }, { id: "fourth" }])),
    asking("fifth", () => gate.checkId(long.repeat(300), "another scope")),
    asking("x", () => gate.checkAll([asking("deep", () => gate.checkId("deep"))])),
    { id: long },
    { id: "first" },
  ];
  assert.deepEqual(gate.checkAll(batch), [
    ...["duplicate", "duplicate", "fresh", "duplicate", "duplicate", "fresh", "duplicate"],
    ...["duplicate", "duplicate"],
  ]);
  assert.deepEqual(asked, [
    ["fresh", "fresh"],
    ["fresh", "fresh", "fresh"],
    ["third", "é"],
    ["fresh", "fresh"],
    "fresh",
    "fresh",
    ["duplicate"],
  ]);
});

test("identify may judge other batches, at this gate or another", async () => {
  const { gate } = await open();
  const { gate: other } = await open();
  const items = Array.from({ length: SIZE }, (_, index) => index % 200);
  const kept = gate.filter(items, (item) => {
    const inner = gate.filter([item, item + 1], (number) => ({ scope: "inner", id: `${number}` }));
    const outer = other.checkAll([{ id: `${item}` }, { entity: `${item}`, revision: 1 }]);
    assert.ok(inner.length <= 2 && outer[0] === outer[1]);
    return item === 150 ? { id: `${item}`, content: "framed" } : { id: `${item}` };
  });
  assert.deepEqual(kept, items.slice(0, 200));
  assert.equal(gate.stats().keys, 200 + 201);
  assert.equal(other.stats().keys, 200);
});

test("what identify throws in the middle leaves nothing of the batch for the next", async () => {
  const { gate } = await open();
  const broken = new Error("cannot identify");
  const ids = keys().map(({ id }) => id);
  for (const place of PLACES) {
    const before = stateOf(gate);
    const identify = (id) => {
      if (id === place) {
        throw broken;
      }
      return { id };
    };
    assert.throws(
      () => gate.filter(ids.toSpliced(place, 0, place), identify),
      (error) => error === broken,
    );
    assert.deepEqual(stateOf(gate), before);
    assert.deepEqual(
      gate.filter([`only ${place}`], (id) => ({ id })),
      [`only ${place}`],
    );
  }
});

test("an object that is handed out again and again is read each time", async () => {
  const { gate } = await open();
  const event = { scope: "s" };
  const ids = keys().map(({ id }) => id);
  const kept = gate.filter(ids, (id) => Object.assign(event, { id }));
  assert.deepEqual(kept, [...new Set(ids)]);
});
