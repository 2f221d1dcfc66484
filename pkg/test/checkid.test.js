/**
 * `checkId` says what `check` says of a key alone, whatever its id and scope are made of.
 * @module
 */
import assert from "node:assert/strict";
import test from "node:test";
import { Gate } from "onceward";
import { initSync } from "../dist/internals.js";
import { open, refusesAndChangesNothing, START } from "./helpers/gate.js";
import { seeded } from "./helpers/random.js";
import { twins } from "./helpers/ways.js";

const repeated = (length, text = "a") => text.repeat(length);

/** Ids at the edges of how texts are written: by hand or by the encoder, in bytes or in more. */
const IDS = [
  ...[1, 2, 16, 17, 18, 19, 255, 256, 257, 5000].map((length) => repeated(length)),
  ...[17, 18, 256].map((length) => `${repeated(length - 1)}b`),
  ...["é", "😀", "\ufffd", "\0", "\0\0", "a\0", "\0a", "a\0b", "\ufeffa", "é", " "],
  ...[16, 17, 255, 1700].map((length) => `${repeated(length)}é`),
  ...[17, 86, 5000].map((length) => repeated(length, "é")),
  ...[9, 300].map((length) => repeated(length, "😀")),
  `${repeated(17)}\0`,
  `${repeated(5000, "\0")}a`,
];
const SCOPES = [
  undefined,
  "",
  "a",
  "\0",
  "ünïcode",
  "😀",
  repeated(17, "s"),
  repeated(18, "s"),
  `${repeated(16, "s")}é`,
  repeated(5000, "s"),
  repeated(5000, "é"),
];

/** Fills a gate of its own until the memory of all gates has moved. */
async function moveMemory() {
  const { buffer } = initSync().memory;
  const { gate } = await open();
  for (let round = 0; buffer.byteLength > 0; round += 1) {
    gate.checkIds(Array.from({ length: 20_000 }, (_, index) => `${round}/${index}`));
  }
}

test("every id in every scope is judged as check judges it, in any order", async () => {
  const pair = await twins({}, SCOPES);
  const random = seeded(5);
  const known = new Set();
  const remaining = IDS.flatMap((id) => SCOPES.flatMap((scope) => [0, 1].map(() => [id, scope])));
  while (remaining.length > 0) {
    const [[id, scope]] = remaining.splice(random.below(remaining.length), 1);
    const name = JSON.stringify([scope ?? "", id]);
    const verdict = known.has(name) ? "duplicate" : "fresh";
    pair.judge((gate) => gate.checkId(id, scope), { scope, id }, verdict);
    known.add(name);
  }
  pair.same();
  assert.equal(pair.quick.stats().keys, new Set(IDS).size * (SCOPES.length - 1));
});

test("an absent scope is the empty one", async () => {
  const { gate } = await open();
  assert.equal(gate.checkId("a"), "fresh");
  assert.equal(gate.checkId("a", ""), "duplicate");
  assert.equal(gate.checkId("a", undefined), "duplicate");
  assert.equal(gate.checkId("a", "s"), "fresh");
  assert.equal(gate.check({ id: "a" }), "duplicate");
  assert.equal(gate.check({ scope: "s", id: "a" }), "duplicate");
});

test("a long id leaves nothing behind that a short one could be taken for", async () => {
  const { gate } = await open();
  for (const text of [repeated(5000), repeated(5000, "é"), repeated(5000, "\0")]) {
    for (let length = text.length; length > 0; length = Math.floor(length * 0.9)) {
      assert.equal(gate.checkId(text.slice(0, length)), "fresh", `${length}`);
      assert.equal(gate.checkId(text.slice(0, length)), "duplicate", `${length}`);
    }
  }
});

test("scopes that alternate are not confused, also with other calls in between", async () => {
  const scopes = ["a", "b", "", "é", repeated(300)];
  const pair = await twins({}, scopes);
  const random = seeded(6);
  const between = [
    (gate) => gate.checkIds(["x", "é"], { scope: "elsewhere" }).at(0),
    (gate) => gate.check({ entity: "e", revision: 1 }),
    (gate) => gate.check({ scope: "other", entity: "e", revision: 1 }),
    (gate) => gate.inspect({ scope: "other", id: "x" }),
    (gate) => gate.forget({ scope: "a", id: "1" }),
    (gate) => gate.fingerprint({ scope: "a", id: "1" }),
    (gate) => gate.checkId("x", "\ud800"),
    (gate) => gate.checkId("", "nowhere"),
  ];
  for (let round = 0; round < 3000; round += 1) {
    const scope = random.pick(scopes);
    const id = `${random.below(200)}`;
    pair.agree((gate) => gate.checkId(id, scope), { scope, id }, `${round}`);
    if (random.chance(0.2)) {
      pair.both(random.pick(between));
    }
  }
  pair.same();
});

test("a getter may judge in another scope before its event is judged", async () => {
  const { gate } = await open();
  let asked = 0;
  const event = (scope) => ({
    scope,
    get id() {
      asked += 1;
      assert.equal(gate.checkId(repeated(700, "é"), `scope ${asked}`), "fresh");
      return "a";
    },
  });
  assert.deepEqual([gate.check(event("s")), gate.check(event("s"))], ["fresh", "duplicate"]);
  assert.deepEqual([gate.check(event()), gate.check(event())], ["fresh", "duplicate"]);
  assert.deepEqual([gate.checkId("a", "s"), gate.checkId("a")], ["duplicate", "duplicate"]);
});

test("after the memory has moved, what is judged is what was given", async () => {
  const calls = [
    (gate, name) => gate.checkId(name),
    (gate, name) => gate.checkId(name, "s"),
    (gate, name) => gate.checkId(`${repeated(300)}${name}`, "s"),
    (gate, name) => gate.checkId(`${name}é`, "another"),
    (gate, name) => gate.check({ scope: "s", entity: name, revision: 1 }),
    (gate, name) => gate.check({ id: name, content: 1 }),
    (gate, name) => gate.checkIds([name], { scope: "é" }).at(0),
    (gate, name) => gate.checkAll([{ scope: "t", id: name }])[0],
  ];
  const { gate } = await open();
  for (const [index, call] of calls.entries()) {
    assert.equal(call(gate, "before"), index === 5 ? "duplicate" : "fresh", String(call));
    await moveMemory();
    assert.equal(call(gate, "before"), "duplicate", String(call));
    assert.equal(call(gate, `after ${index}`), "fresh", String(call));
    assert.equal(call(gate, `after ${index}`), "duplicate", String(call));
  }
});

/** What is no key, and what keeps a text from being one. */
const WRONG = [
  [""],
  ["", "s"],
  [5],
  [undefined],
  [null],
  [true],
  [{ id: "a" }],
  [["a"]],
  [Symbol("a")],
  [],
  ["a", 5],
  ["a", null],
  ["a", {}],
  [5, 5],
  ["\ud800"],
  ["\udc00", "s"],
  [`${repeated(17)}\ud800`],
  [`${repeated(300)}\ud83d`],
  [`\ude00\ud83d${repeated(300, "é")}`],
  ["a", "\ud800"],
  ["a", `${repeated(17)}\udc00`],
  ["a", `${repeated(300, "é")}\ud83d`],
  ["", "\ud800"],
  ["\ud800", "\ud800"],
];

test("what is no key is invalid_event, changes nothing, and leaves no trace", async () => {
  const { gate } = await open();
  assert.equal(gate.checkId("known", "s"), "fresh");
  for (const [index, args] of WRONG.entries()) {
    const message = `case ${index}`;
    refusesAndChangesNothing(gate, "invalid_event", () => gate.checkId(...args), message);
    // In the scope of before, in one that is new, and in none.
    assert.equal(gate.checkId("known", "s"), "duplicate", message);
    assert.equal(gate.checkId(message), "fresh", message);
    assert.equal(gate.checkId(message, "s"), "fresh", message);
    refusesAndChangesNothing(gate, "invalid_event", () => gate.checkId(...args), message);
    assert.equal(gate.checkId(message, `new ${index}`), "fresh", message);
  }
});

test("what is wrong is told as check tells it, with a clock that is wrong as well", async () => {
  const { gate, clock } = await open();
  const told = (call) => {
    try {
      return call();
    } catch ({ code, message }) {
      return { code, message };
    }
  };
  for (const now of [START, Number.NaN, -1, 1.5, 2 ** 53, "5", undefined, null]) {
    clock.now = now;
    for (const [index, [id, scope]] of WRONG.entries()) {
      const found = told(() => gate.checkId(id, scope));
      const expected = told(() => gate.check({ id, scope }));
      assert.deepEqual(found, expected, `case ${index}, ${String(now)}`);
      assert.equal(typeof found.code, "string");
    }
  }
});

test("a clock that gives nonsense changes nothing, not even which scope is meant", async () => {
  const { gate, clock } = await open();
  assert.equal(gate.checkId("a", "one"), "fresh");
  for (const now of [Number.NaN, -1, -0.5, Number.POSITIVE_INFINITY, 2 ** 53, "5", undefined, 5n]) {
    clock.now = now;
    for (const scope of ["one", "other", undefined]) {
      const call = () => gate.checkId("b", scope);
      refusesAndChangesNothing(gate, "invalid_option", call, `${String(now)} ${scope}`);
    }
  }
  clock.now = START;
  const scopes = ["other", "one", undefined];
  assert.deepEqual(
    scopes.map((scope) => gate.checkId("b", scope)),
    ["fresh", "fresh", "fresh"],
  );
});

test("what the clock throws passes, and the clock may ask the gate itself", async () => {
  const broken = new Error("the clock is broken");
  let read = () => START;
  const gate = await Gate.open({ clock: () => read() });
  read = () => {
    throw broken;
  };
  const before = gate.stats();
  assert.throws(
    () => gate.checkId("a", "s"),
    (error) => error === broken,
  );
  assert.deepEqual(gate.stats(), before);
  const verdicts = [];
  read = () => {
    read = () => START;
    verdicts.push(gate.checkId(repeated(900, "é"), "another scope"), gate.checkId("a", "s"));
    return START;
  };
  verdicts.push(gate.checkId("a", "s"));
  assert.deepEqual(verdicts, ["fresh", "fresh", "duplicate"]);
});

test("an id tells its time where the options say so", async () => {
  const pair = await twins({ timeFromId: true, retention: 1000 });
  const { clock } = pair;
  const uuid = (ms) => `${ms.toString(16).padStart(12, "0")}`;
  const id = (ms) => `${uuid(ms).slice(0, 8)}-${uuid(ms).slice(8)}-7000-8000-000000000000`;
  const checkId = (gate, event) => gate.checkId(event.id);
  pair.judge(checkId, { id: id(START) }, "fresh");
  pair.judge(checkId, { id: id(START) }, "duplicate");
  pair.judge(checkId, { id: id(START + 300_000) }, "fresh");
  const { code } = pair.agree(checkId, { id: id(START + 300_001) });
  assert.equal(code, "invalid_event");
  clock.now = START + 1000;
  pair.judge(checkId, { id: id(START) }, "expired");
  pair.judge(checkId, { id: id(START + 1) }, "fresh");
  pair.judge(checkId, { id: id(START + 300_000) }, "duplicate");
  pair.judge(checkId, { id: `${id(START)}é` }, "fresh");
  pair.same();
});
