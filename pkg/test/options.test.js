/**
 * Options: what is unknown or out of range is `invalid_option`, and nothing is opened.
 * @module
 */
import assert from "node:assert/strict";
import test from "node:test";
import { Gate, OncewardError } from "onceward";
import { DAY, HOUR, handClock, judges, MINUTE, open, SECOND, START } from "./helpers/gate.js";
import { testStore } from "./helpers/teststore.js";

async function refused(options, message = "") {
  await assert.rejects(Gate.open(options), (error) => {
    assert.ok(error instanceof OncewardError, `${message} threw ${error}`);
    assert.equal(error.code, "invalid_option", message);
    return true;
  });
}

test("no options, none of them, and undefined ones are the defaults", async () => {
  const nothing = {
    retention: undefined,
    maxBytes: undefined,
    positions: undefined,
    clock: undefined,
    secret: undefined,
  };
  for (const options of [undefined, {}, Object.create(null), nothing]) {
    const gate = await Gate.open(options);
    judges(
      gate,
      [{ id: "a" }, "fresh"],
      [{ source: "s", position: 5 }, "fresh"],
      [{ source: "s", position: 9 }, "fresh"],
    );
    assert.equal(gate.stats().maxBytes, 32 * 1024 * 1024);
  }
});

test("what is no object of options is refused", async () => {
  for (const options of [null, 5, "7d", true, [], [{ retention: 5 }], () => ({})]) {
    await refused(options, String(options));
  }
});

test("a name that is not known is refused, and named", async () => {
  for (const name of [
    "ttl",
    "Retention",
    "maxbytes",
    "max_bytes",
    "Store",
    "snapshots",
    "onmerge",
    "Lease",
    "path",
    "constructor",
    "__proto__",
  ]) {
    const options = JSON.parse(`{"retention":5,"${name}":1}`);
    await assert.rejects(
      Gate.open(options),
      ({ code, message }) => code === "invalid_option" && message.includes(name),
    );
  }
});

test("inherited options are not options", async () => {
  const options = Object.create({ ttl: 5, retention: "nonsense" });
  const gate = await Gate.open(options);
  judges(gate, [{ id: "a" }, "fresh"]);
});

for (const [text, ms] of [
  ["1ms", 1],
  ["250ms", 250],
  ["30s", 30 * SECOND],
  ["15m", 15 * MINUTE],
  ["24h", 24 * HOUR],
  ["7d", 7 * DAY],
  [1, 1],
  [1500, 1500],
]) {
  test(`a retention of ${JSON.stringify(text)} is ${ms} ms`, async () => {
    const { gate, clock } = await open({ retention: text, maxClockJump: "100d" });
    judges(gate, [{ id: "a" }, "fresh"]);
    clock.now = START + ms - 1;
    judges(gate, [{ id: "a" }, "duplicate"]);
    clock.now = START + ms;
    judges(gate, [{ id: "a" }, "fresh"]);
  });
}

const NOT_DURATIONS = [
  ...[
    "",
    "5",
    "s",
    "5 s",
    " 5s",
    "5s ",
    "5S",
    "5sec",
    "1.5h",
    "-5s",
    "+5s",
    "05s",
    "1e3s",
    "5w",
    "5y",
    "５s",
    `${"9".repeat(20)}d`,
  ],
  ...[-1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53, null, true, {}, [], 5n, new Date()],
];

for (const name of ["retention", "resultRetention", "lease", "maxSkew", "maxClockJump"]) {
  test(`${name} takes no nonsense`, async () => {
    for (const value of NOT_DURATIONS) {
      await refused({ [name]: value }, `${name} ${String(value)}`);
    }
  });
}

test("options of other kinds take no nonsense", async () => {
  const wrong = {
    retention: [0, "0s"],
    lease: [0, "0s", "99999d"],
    maxResultBytes: [-1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, "64KiB", null, 5n, 2 ** 60],
    afterCrash: ["", "Retry", "release", null, 1, true, {}],
    maxBytes: [0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, "32MiB", null, 5n, 2 ** 60],
    revisions: ["", "older", "Newer", null, 1, {}, ["newer"]],
    positions: [
      "",
      "window",
      null,
      1,
      [],
      {},
      { window: 0 },
      { window: 65_537 },
      { window: -1 },
      { window: 1.5 },
      { window: "5" },
      { window: null },
      { window: 5, ttl: 1 },
      { Window: 5 },
    ],
    firstRevision: [-1, 1.5, "007", "", null, {}, 10n ** 129n],
    firstPosition: [-1, 1.5, "007", "", null, {}, 10n ** 129n],
    maxJump: [-1, 1.5, "1e3", "", null, {}, 2 ** 53],
    timeFromId: [null, 0, 1, "true", {}],
    secret: [
      "",
      null,
      5,
      {},
      [],
      new Uint8Array(),
      new Uint16Array(4),
      new ArrayBuffer(4),
      "a\ud800",
    ],
    clock: [null, 5, "now", {}, new Date()],
    name: [null, 5, {}, ["a"], "a\ud800"],
    store: [
      null,
      5,
      "state",
      {},
      () => ({}),
      { load() {}, append() {} },
      { load() {}, append() {}, replace: 5 },
    ],
    snapshot: [null, "", 5, [], [79, 78, 87, 68], new ArrayBuffer(4), new Uint16Array(4)],
    onMerge: [null, 5, "log", {}],
  };
  const needed = { firstRevision: { revisions: "next" }, firstPosition: { positions: "next" } };
  for (const [name, values] of Object.entries(wrong)) {
    for (const [index, value] of values.entries()) {
      await refused({ ...needed[name], [name]: value }, `${name} number ${index}`);
    }
  }
});

test("what is nearest to nonsense is taken", async () => {
  const right = {
    positions: [{ window: 1 }, { window: 65_536 }, "newer", "next"],
    revisions: ["newer", "next"],
    maxJump: [1, 1n, "1", 2n ** 64n],
    secret: ["s", "\0", "é😀", Uint8Array.of(0), new Uint8Array(1000), Buffer.from("secret")],
    timeFromId: [true, false],
    maxSkew: ["0s", 0],
    maxBytes: [64 * 1024, 2 ** 30],
    maxResultBytes: [0, 1, 64 * 1024, 1024 * 1024],
    lease: [1, "1ms", "24h"],
    resultRetention: [1, "24h", "30d"],
    afterCrash: ["retry", "hold"],
    name: ["", "default", "a/../b", "é😀\0", "n".repeat(1000)],
    store: [testStore().store, Object.create(testStore().store)],
    onMerge: [() => {}, async () => {}, assert.fail],
  };
  for (const [name, values] of Object.entries(right)) {
    for (const value of values) {
      const { gate } = await open({ [name]: value });
      judges(gate, [{ id: "a", entity: "e", revision: 1, source: "s", position: 1 }, "fresh"]);
    }
  }
});

test("a snapshot is any array of bytes that holds one", async () => {
  const { gate } = await open();
  judges(gate, [{ id: "a" }, "fresh"]);
  const bytes = gate.snapshot();
  const within = new Uint8Array(bytes.length + 8);
  within.set(bytes, 5);
  for (const snapshot of [bytes, Buffer.from(bytes), within.subarray(5, 5 + bytes.length)]) {
    const { gate: copy } = await open({ snapshot });
    judges(copy, [{ id: "a" }, "duplicate"], [{ id: "b" }, "fresh"]);
  }
});

test("first ordinals go with the order next", async () => {
  await refused({ firstRevision: 1 });
  await refused({ firstPosition: 1 });
  await refused({ firstPosition: 1, positions: { window: 4 } });
});

test("an error in one option leaves the clock alone", async () => {
  const clock = handClock();
  await refused({ clock, ttl: 1 });
  await refused({ clock, secret: "" });
  assert.equal(clock.reads, 0);
});

test("an error in one option leaves the store as it was", async () => {
  const stored = testStore();
  await refused({ store: stored.store, ttl: 1 });
  await refused({ store: stored.store, snapshot: "state" });
  assert.deepEqual(stored.methods(), []);
  await refused({ store: stored.store, retention: 0 });
  await refused({ store: stored.store, clock: () => Number.NaN });
  assert.deepEqual(stored.writes(), []);
  assert.equal(stored.methods().at(-1), "release");
});

test("options are read once, when the gate is opened", async () => {
  const options = { revisions: "next", clock: handClock(), positions: { window: 4 } };
  const gate = await Gate.open(options);
  options.revisions = "newer";
  options.positions.window = 1;
  options.clock = () => Number.NaN;
  judges(gate, [{ entity: "e", revision: 1 }, "fresh"], [{ entity: "e", revision: 3 }, "early"]);
});

test("a gate is made by open alone", () => {
  assert.throws(() => new Gate(), OncewardError);
  assert.throws(() => new Gate({}, () => 5), OncewardError);
});
