/**
 * An event's fields are its own, and each is read once, before anything is written.
 * @module
 */
import assert from "node:assert/strict";
import test from "node:test";
import { runInNewContext } from "node:vm";
import { Gate } from "onceward";
import { judges, open, refuses, refusesAndChangesNothing, START } from "./helpers/gate.js";

/** Runs a step while all objects inherit some fields. */
function polluted(fields, step) {
  Object.assign(Object.prototype, fields);
  try {
    return step();
  } finally {
    for (const name of Object.keys(fields)) {
      delete Object.prototype[name];
    }
  }
}

test("a polluted prototype adds no field to an event", async () => {
  const { gate } = await open();
  const fields = {
    scope: "x",
    id: "x",
    entity: "x",
    revision: 1,
    source: "x",
    position: 1,
    epoch: 1,
    content: 1,
    time: 5n,
  };
  const verdicts = polluted(fields, () => [
    gate.check({ id: "a" }),
    gate.checkAll([{ entity: "e", revision: 2 }]),
  ]);
  assert.deepEqual(verdicts, ["fresh", ["fresh"]]);
  judges(
    gate,
    [{ id: "a" }, "duplicate"],
    [{ id: "x" }, "fresh"],
    [{ scope: "x", id: "x" }, "fresh"],
  );
  polluted({ id: "y" }, () =>
    refusesAndChangesNothing(gate, "invalid_event", () => gate.check({})),
  );
  polluted({ scope: "x", times: [1, 2] }, () =>
    assert.equal(gate.checkIds(["n"]).count("fresh"), 1),
  );
  judges(gate, [{ id: "n" }, "duplicate"]);
});

test("a polluted prototype adds no option and no finding", async () => {
  const fields = {
    retention: "1ms",
    maxJump: 1,
    secret: 5,
    clock: 5,
    unknown: 1,
    expected: "x",
    current: "x",
    window: 0,
  };
  const gate = await polluted(fields, () => Gate.open({ revisions: "newer" }));
  judges(gate, [{ entity: "e", revision: 1 }, "fresh"], [{ entity: "e", revision: 9 }, "fresh"]);
  polluted(fields, () =>
    assert.equal(gate.inspect({ entity: "e", revision: 9 }).verdict, "duplicate"),
  );
});

test("fields of a class instance count when they are its own; inherited getters are not asked", async () => {
  const { gate } = await open();
  class Message {
    constructor(id) {
      this.id = id;
    }
    get scope() {
      throw new Error("an inherited getter was asked");
    }
  }
  class Empty {
    get id() {
      throw new Error("an inherited getter was asked");
    }
  }
  judges(gate, [new Message("a"), "fresh"], [{ id: "a" }, "duplicate"]);
  judges(
    gate,
    [Object.assign(Object.create(null), { id: "b" }), "fresh"],
    [{ id: "b" }, "duplicate"],
  );
  refuses("invalid_event", () => gate.check(new Empty()));
  refuses("invalid_event", () => gate.check(Object.create({ id: "c" })));
});

/** An object that counts how often each of its fields is asked for. */
function counting(fields) {
  const reads = {};
  const event = {};
  for (const [name, value] of Object.entries(fields)) {
    reads[name] = 0;
    Object.defineProperty(event, name, {
      enumerable: true,
      get() {
        reads[name] += 1;
        return value;
      },
    });
  }
  return { event, reads };
}

test("each field is read once", async () => {
  const { gate } = await open();
  const fields = {
    scope: "s",
    id: "a",
    entity: "e",
    revision: 1,
    source: "l",
    position: 2,
    epoch: 3,
    content: { a: 1 },
    time: 4,
  };
  const once = Object.fromEntries(Object.keys(fields).map((name) => [name, 1]));
  for (const verb of [
    (event) => gate.check(event),
    (event) => gate.checkAll([event]),
    (event) => gate.filter([event], (item) => item),
    (event) => gate.inspect(event),
  ]) {
    const { event, reads } = counting(fields);
    verb(event);
    assert.deepEqual(reads, once, String(verb));
  }
});

test("a getter that gives another value each time is judged by the first", async () => {
  const { gate } = await open();
  let reads = 0;
  const event = {
    get id() {
      reads += 1;
      return reads === 1 ? "first" : { toString: () => "other" };
    },
  };
  judges(gate, [event, "fresh"]);
  judges(gate, [{ id: "first" }, "duplicate"]);
});

test("what a getter throws passes, and changes nothing", async () => {
  const { gate } = await open();
  const broken = new Error("broken getter");
  const throws = (name, rest) =>
    Object.defineProperty({ ...rest }, name, {
      enumerable: true,
      get() {
        throw broken;
      },
    });
  const events = [
    throws("time", { id: "a" }),
    { id: "a", content: [throws("x", {})] },
    { id: "a", content: throws("x", { y: 1 }) },
  ];
  const before = gate.stats();
  for (const event of events) {
    for (const call of [
      () => gate.check(event),
      () => gate.checkAll([{ id: "b" }, event]),
      () => gate.inspect(event),
    ]) {
      assert.throws(call, (error) => error === broken);
      assert.deepEqual(gate.stats(), before);
    }
  }
});

test("a getter may call back into the gate", async () => {
  const { gate } = await open();
  const inner = [];
  const calling = (id) => ({
    id,
    get time() {
      inner.push(
        gate.check({
          id: `inner of ${id}, and longer than what is written after it`,
          content: "x".repeat(10_000),
        }),
        ...gate.checkAll([{ id: `batch in ${id}` }, { id: `batch in ${id}` }]),
        ...gate.checkIds([`column in ${id} é`, `column in ${id}`]),
      );
      return START;
    },
    content: {
      get member() {
        return gate.check({ id: `content of ${id}` });
      },
    },
  });
  assert.equal(gate.check(calling("a")), "fresh");
  assert.deepEqual(gate.checkAll([{ id: "x" }, calling("b"), { id: "y" }]), [
    "fresh",
    "fresh",
    "fresh",
  ]);
  assert.deepEqual(gate.filter(["c"], calling), ["c"]);
  const once = ["fresh", "fresh", "duplicate", "fresh", "fresh"];
  assert.deepEqual(inner, [...once, ...once, ...once]);
  for (const id of ["a", "b", "c", "x", "y", "batch in b", "column in c é", "content of b"]) {
    judges(gate, [{ id }, "duplicate"]);
  }
});

test("items of columns may call back, too", async () => {
  const { gate } = await open();
  const ids = ["a", "b"];
  Object.defineProperty(ids, 1, { get: () => gate.check({ id: "c" }) });
  assert.deepEqual([...gate.checkIds(ids)], ["fresh", "fresh"]);
  judges(gate, [{ id: "c" }, "duplicate"], [{ id: "fresh" }, "duplicate"], [{ id: "b" }, "fresh"]);
});

test("a clock may call back into the gate", async () => {
  let depth = 0;
  const gate = await Gate.open({
    clock: () => {
      depth += 1;
      if (depth === 2) {
        assert.equal(gate.check({ id: "inner" }), "fresh");
      }
      return START;
    },
  });
  judges(
    gate,
    [{ id: "outer" }, "fresh"],
    [{ id: "inner" }, "duplicate"],
    [{ id: "outer" }, "duplicate"],
  );
});

test("a getter may close the gate: closed, and nothing worse", async () => {
  for (const verb of ["check", "inspect", "checkAll", "filter"]) {
    const { gate } = await open();
    const event = {
      get id() {
        void gate.close();
        return "a";
      },
    };
    const argument = verb === "check" || verb === "inspect" ? [event] : [[event], (item) => item];
    refuses("closed", () => gate[verb](...argument), verb);
  }
});

test("dates and arrays of another realm are what they are", async () => {
  const { gate } = await open();
  const foreign = runInNewContext(`({
    date: new Date(${START}),
    bytes: new Uint8Array([1, 2, 3]),
    numbers: new BigUint64Array([1n, 2n]),
    times: new Float64Array([1, 2]),
    array: ["a", "b"],
    event: { id: "foreign" },
    content: { a: [1, null] },
  })`);
  judges(
    gate,
    [foreign.event, "fresh"],
    [{ id: "foreign" }, "duplicate"],
    [{ id: "d", time: foreign.date, content: foreign.bytes }, "fresh"],
    [{ id: "d", content: Uint8Array.of(1, 2, 3) }, "duplicate"],
    [{ id: "d", content: [1, 2, 3] }, "conflict"],
    [{ id: "j", content: foreign.content }, "fresh"],
    [{ id: "j", content: { a: [1, null] } }, "duplicate"],
  );
  assert.equal(gate.checkIds(foreign.array, { times: foreign.times }).count("fresh"), 2);
  assert.equal(gate.checkPositions("s", foreign.numbers).count("fresh"), 2);
});
