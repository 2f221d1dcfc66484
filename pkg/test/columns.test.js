/**
 * Columns say what single checks say, take every form of text and number, and are as atomic.
 * @module
 */
import assert from "node:assert/strict";
import test from "node:test";
import { VERDICTS, Verdicts } from "../dist/internals.js";
import { HOUR, open, refuses, refusesAndChangesNothing, START, stateOf } from "./helpers/gate.js";
import { seeded } from "./helpers/random.js";

const LONG = "a name that is longer than eighteen characters";
const NAMES = [
  "a",
  "b",
  "é",
  "😀",
  "\ufffd",
  "\0",
  " ",
  "\ufeffbom",
  LONG,
  `${LONG}é`,
  "12345678901234567",
  "123456789012345678",
];
const SCOPES = [undefined, "", "s", "scope", "ünïcode", LONG];

/** Two gates with the same options: one is asked event by event, the other by columns. */
async function pair(options) {
  const single = await open(options);
  const column = await open(options);
  return { single: single.gate, column: column.gate };
}

function names(random, count, plain) {
  const choices = plain ? NAMES.filter((name) => /^[\x20-\x7e]*$/.test(name)) : NAMES;
  return Array.from({ length: count }, () => `${random.pick(choices)}${random.below(30)}`);
}

for (const plain of [true, false]) {
  const kind = plain ? "ASCII" : "any";
  test(`checkIds agrees with check, ${kind} ids`, async () => {
    const { single, column } = await pair();
    const random = seeded(1);
    for (let round = 0; round < 100; round += 1) {
      const ids = names(random, random.below(50), plain);
      const scope = random.pick(SCOPES);
      const times = random.chance(0.5) ? ids.map(() => START - random.below(1e6)) : undefined;
      const expected = ids.map((id, index) => single.check({ scope, id, time: times?.[index] }));
      const given = random.chance(0.5) && times !== undefined ? Float64Array.from(times) : times;
      assert.deepEqual(
        [...column.checkIds(ids, { scope, times: given })],
        expected,
        `round ${round}`,
      );
    }
    assert.deepEqual(stateOf(column), stateOf(single));
  });

  test(`checkRevisions agrees with check, ${kind} entities`, async () => {
    const { single, column } = await pair();
    const random = seeded(2);
    for (let round = 0; round < 100; round += 1) {
      const entities = names(random, random.below(50), plain);
      const scope = random.pick(SCOPES);
      const revisions = ordinals(random, entities.length);
      const expected = entities.map((entity, index) =>
        single.check({ scope, entity, revision: revisions[index] }),
      );
      assert.deepEqual(
        [...column.checkRevisions(entities, revisions, { scope })],
        expected,
        `round ${round}`,
      );
    }
    assert.deepEqual(stateOf(column), stateOf(single));
  });
}

/** A column of numbers, bigints, texts, or all of them. */
function ordinals(random, count) {
  const small = Array.from({ length: count }, () => random.below(200));
  const forms = [
    () => small,
    () => small.map(BigInt),
    () => small.map(String),
    () => BigUint64Array.from(small, BigInt),
    () => small.map((value) => 2 ** 40 + value),
    () =>
      small.map((value) =>
        random.pick([value, BigInt(value), String(value), 2n ** 64n + BigInt(value)]),
      ),
  ];
  return random.pick(forms)();
}

for (const positions of ["newer", "next", { window: 64 }]) {
  test(`checkPositions agrees with check, ${JSON.stringify(positions)}`, async () => {
    const { single, column } = await pair({ positions });
    const random = seeded(3);
    for (let round = 0; round < 100; round += 1) {
      const source = random.pick(NAMES);
      const scope = random.pick(SCOPES);
      const epoch = random.pick([undefined, 0, -0, 1, 2n, "1", 2n ** 65n]);
      const list = ordinals(random, random.below(40));
      const expected = Array.from(list, (position) =>
        single.check({ scope, source, position, epoch }),
      );
      assert.deepEqual(
        [...column.checkPositions(source, list, { scope, epoch })],
        expected,
        `round ${round}`,
      );
    }
    assert.deepEqual(stateOf(column), stateOf(single));
  });
}

test("columns and single checks share one memory", async () => {
  const { gate } = await open();
  gate.check({ scope: "s", id: "a" });
  gate.check({ entity: "e", revision: 5 });
  gate.check({ source: "log", position: 5 });
  assert.deepEqual([...gate.checkIds(["a", "b"], { scope: "s" })], ["duplicate", "fresh"]);
  assert.deepEqual([...gate.checkRevisions(["e", "e"], [4, 6])], ["stale", "fresh"]);
  assert.deepEqual([...gate.checkPositions("log", [5, 6])], ["duplicate", "fresh"]);
  assert.equal(gate.check({ id: "a" }), "fresh");
  assert.equal(gate.check({ scope: "s", id: "b" }), "duplicate");
});

test("empty columns are taken", async () => {
  const { gate } = await open();
  const empty = [
    gate.checkIds([]),
    gate.checkIds([], { scope: "s", times: [] }),
    gate.checkIds([], { times: new Float64Array() }),
    gate.checkRevisions([], []),
    gate.checkRevisions([], new BigUint64Array()),
    gate.checkPositions("s", []),
    gate.checkPositions("s", new BigUint64Array(), { scope: "s", epoch: 1 }),
  ];
  for (const verdicts of empty) {
    assert.deepEqual([verdicts.length, [...verdicts]], [0, []]);
  }
});

test("columns of unequal length are invalid_event", async () => {
  const { gate } = await open();
  for (const call of [
    () => gate.checkIds(["a"], { times: [] }),
    () => gate.checkIds(["a"], { times: [1, 2] }),
    () => gate.checkIds([], { times: new Float64Array(1) }),
    () => gate.checkRevisions(["a"], []),
    () => gate.checkRevisions([], [1]),
    () => gate.checkRevisions(["a"], new BigUint64Array(2)),
  ]) {
    refusesAndChangesNothing(gate, "invalid_event", call, String(call));
  }
});

const WHERE = /^events\[2\]: /;

test("a bad item undoes the column, and the message says which it was", async () => {
  const { gate } = await open();
  const texts = [5, null, undefined, "", {}, ["a"], "\ud800", `${LONG}\udc00`, Symbol("a")];
  for (const bad of texts) {
    const ids = ["a", "b", bad, "c"];
    for (const call of [() => gate.checkIds(ids), () => gate.checkRevisions(ids, [1, 2, 3, 4])]) {
      assert.match(
        refusesAndChangesNothing(gate, "invalid_event", call, String(bad)).message,
        WHERE,
      );
    }
  }
  for (const bad of [-1, 1.5, Number.NaN, null, undefined, "007", "", true, -1n, 10n ** 129n, {}]) {
    const list = [1, 2n, bad, 2n ** 65n];
    for (const call of [
      () => gate.checkRevisions(["a", "b", "c", "d"], list),
      () => gate.checkRevisions(["a", "b", "c"], list.slice(0, 3)),
      () => gate.checkPositions("s", list),
    ]) {
      assert.match(
        refusesAndChangesNothing(gate, "invalid_event", call, String(bad)).message,
        WHERE,
      );
    }
  }
  for (const bad of [Number.NaN, -1, START * 2, null, "5", new Date()]) {
    const call = () => gate.checkIds(["a", "b", "c"], { times: [1, 2, bad] });
    assert.match(refusesAndChangesNothing(gate, "invalid_event", call, String(bad)).message, WHERE);
  }
});

test("what is no column is invalid_event, never a TypeError", async () => {
  const { gate } = await open();
  for (const bad of [
    undefined,
    null,
    5,
    "abc",
    {},
    new Set(["a"]),
    { length: 1, 0: "a" },
    new Uint8Array(1),
  ]) {
    for (const call of [
      () => gate.checkIds(bad),
      () => gate.checkRevisions(bad, [1]),
      () => gate.checkRevisions(["a"], bad),
      () => gate.checkPositions("s", bad),
    ]) {
      refusesAndChangesNothing(gate, "invalid_event", call, String(call));
    }
  }
  refuses("invalid_event", () => gate.checkIds(["a"], { times: new BigUint64Array(1) }));
  for (const bad of [undefined, null, 5, {}, "", "\ud800"]) {
    refusesAndChangesNothing(
      gate,
      "invalid_event",
      () => gate.checkPositions(bad, [1]),
      String(bad),
    );
    refusesAndChangesNothing(
      gate,
      "invalid_event",
      () => gate.checkPositions(bad, ["1"]),
      String(bad),
    );
  }
  for (const scope of [null, 5, {}, "\ud800", `${LONG}\udc00`]) {
    refuses("invalid_event", () => gate.checkIds(["a"], { scope }), String(scope));
    refuses("invalid_event", () => gate.checkRevisions(["a"], [1], { scope }), String(scope));
    refuses("invalid_event", () => gate.checkPositions("a", [1], { scope }), String(scope));
  }
  for (const epoch of [null, -1, "01", {}]) {
    refusesAndChangesNothing(
      gate,
      "invalid_event",
      () => gate.checkPositions("a", [1], { epoch }),
      String(epoch),
    );
  }
});

test("options that are none, or unknown, are invalid_option", async () => {
  const { gate } = await open();
  for (const options of [null, 5, "scope", [], { scop: "a" }, { times: [1], ttl: 1 }]) {
    refuses("invalid_option", () => gate.checkIds(["a"], options), JSON.stringify(options));
    refuses(
      "invalid_option",
      () => gate.checkRevisions(["a"], [1], options),
      JSON.stringify(options),
    );
    refuses(
      "invalid_option",
      () => gate.checkPositions("a", [1], options),
      JSON.stringify(options),
    );
  }
  refuses("invalid_option", () => gate.checkRevisions(["a"], [1], { epoch: 1 }));
});

test("two ids with half a character each are refused, though joined they would be one", async () => {
  const { gate } = await open();
  refusesAndChangesNothing(gate, "invalid_event", () => gate.checkIds(["a\ud83d", "\ude00b"]));
});

test("a column over 1 MB grows the memory below it", async () => {
  const { gate } = await open();
  const ids = Array.from({ length: 60_000 }, (_, index) => `${LONG} ${index}`);
  assert.equal(gate.checkIds(ids).count("fresh"), ids.length);
  assert.equal(gate.check({ id: ids[59_999] }), "duplicate");
  assert.equal(gate.checkIds(ids.map((id) => `${id} é`)).count("fresh"), ids.length);
  assert.equal(gate.checkIds(ids).count("duplicate"), ids.length);
});

test("verdicts are a compact list", async () => {
  const { gate } = await open();
  const verdicts = gate.checkRevisions(["e", "e", "e", "e"], [2, 2, 1, 3]);
  assert.equal(verdicts.length, 4);
  assert.deepEqual(verdicts.codes, Uint8Array.of(0, 1, 2, 0));
  assert.deepEqual([...verdicts], ["fresh", "duplicate", "stale", "fresh"]);
  assert.deepEqual([verdicts.at(1), verdicts.at(-2)], ["duplicate", "stale"]);
  assert.deepEqual([verdicts.count("fresh"), verdicts.count("pending")], [2, 0]);
  for (const index of [4, -5]) {
    refuses("invalid_option", () => verdicts.at(index));
  }
});

test("every verdict is counted, and nothing else", () => {
  // As many of each as its code and one more, in no order.
  const codes = VERDICTS.flatMap((_, code) => Array(code + 1).fill(code));
  const mixed = codes.map((_, index) => codes[(index * 7) % codes.length]);
  const verdicts = new Verdicts(Uint8Array.from(mixed));
  for (const [code, verdict] of VERDICTS.entries()) {
    assert.equal(verdicts.count(verdict), code + 1, verdict);
    assert.equal([...verdicts].filter((each) => each === verdict).length, code + 1, verdict);
    assert.equal(new Verdicts(new Uint8Array()).count(verdict), 0);
    assert.equal(new Verdicts(new Uint8Array(1000).fill(code)).count(verdict), 1000);
  }
  for (const other of ["Fresh", "", "0", 0, undefined, null]) {
    assert.equal(verdicts.count(other), 0, String(other));
  }
});

test("every verdict that columns can give is counted", async () => {
  const { gate, clock } = await open({ retention: HOUR, revisions: "next" });
  gate.checkIds(["old"]);
  clock.now += HOUR;
  gate.claim({ id: "claimed" });
  gate.claim({ id: "doubted" }).doubt();
  const ids = ["new", "new", "claimed", "doubted", "old", "newer", "doubted"];
  const times = ids.map((id) => (id === "old" ? START : clock.now));
  const keys = gate.checkIds(ids, { times });
  const revisions = gate.checkRevisions(["e", "e", "e", "e", "e"], [2, 2, 1, 4, 9]);
  const counts = (verdicts) => VERDICTS.map((verdict) => verdicts.count(verdict));
  assert.deepEqual(counts(keys), [2, 1, 0, 0, 1, 2, 0, 1]);
  assert.deepEqual(counts(revisions), [1, 1, 1, 0, 0, 0, 2, 0]);
});
