/**
 * The gate's clock only goes forward, and does not believe a leap at once.
 * @module
 */
import assert from "node:assert/strict";
import test from "node:test";
import { Gate } from "onceward";
import {
  DAY,
  HOUR,
  judges,
  MINUTE,
  open,
  refusesAndChangesNothing,
  START,
} from "./helpers/gate.js";

test("a clock that goes back neither revives nor expires anything", async () => {
  const { gate, clock } = await open({ retention: HOUR });
  judges(gate, [{ id: "a" }, "fresh"]);
  clock.now += HOUR;
  judges(gate, [{ id: "b" }, "fresh"]);
  clock.now -= 2 * HOUR;
  judges(
    gate,
    [{ id: "b" }, "duplicate"],
    [{ id: "c", time: START }, "expired"],
    [{ id: "a" }, "fresh"],
  );
  clock.now = START + 2 * HOUR - 1;
  judges(gate, [{ id: "a" }, "duplicate"], [{ id: "b" }, "duplicate"]);
  clock.now += 1;
  judges(gate, [{ id: "a" }, "fresh"], [{ id: "b" }, "fresh"]);
});

test("a leap is believed only when the next reading confirms it", async () => {
  const { gate, clock } = await open({ retention: HOUR });
  judges(gate, [{ id: "a" }, "fresh"]);
  clock.now = START + DAY + 1;
  judges(gate, [{ id: "a" }, "duplicate"], [{ id: "a" }, "fresh"]);
});

test("a leap that is refuted forgets nothing, and its stamps are lowered", async () => {
  const { gate, clock } = await open({ retention: HOUR });
  judges(gate, [{ id: "a" }, "fresh"]);
  clock.now = START + 10 * DAY;
  judges(gate, [{ id: "leapt" }, "fresh"]);
  clock.now = START + 1;
  judges(gate, [{ id: "a" }, "duplicate"], [{ id: "leapt" }, "duplicate"]);
  clock.now = START + 1 + HOUR - 1;
  judges(gate, [{ id: "leapt" }, "duplicate"]);
  clock.now = START + 1 + HOUR;
  judges(gate, [{ id: "leapt" }, "fresh"]);
});

for (const days of [2, 24, 25, 49, 50, 100, 5000]) {
  test(`after ${days} days without a call, what is accepted is remembered`, async () => {
    for (const maxClockJump of ["1d", "9999d"]) {
      const { gate, clock } = await open({ retention: HOUR, maxClockJump });
      judges(gate, [{ id: "before", content: 1 }, "fresh"]);
      clock.now += days * DAY;
      judges(gate, [{ id: "a" }, "fresh"], [{ id: "b", content: 1 }, "fresh"]);
      clock.now += 1;
      judges(gate, [{ id: "a" }, "duplicate"], [{ id: "b", content: 2 }, "conflict"]);
      judges(gate, [{ id: "before" }, "fresh"], [{ id: "before", time: START }, "duplicate"]);
      clock.now += HOUR;
      judges(gate, [{ id: "a" }, "fresh"], [{ id: "b" }, "fresh"]);
    }
  });
}

test("a leap of exactly maxClockJump is believed at once", async () => {
  const { gate, clock } = await open({ retention: HOUR, maxClockJump: "2h" });
  judges(gate, [{ id: "a" }, "fresh"]);
  clock.now += 2 * HOUR;
  judges(gate, [{ id: "a" }, "fresh"]);
});

test("a frozen clock stalls nothing", async () => {
  const { gate } = await open({ retention: 1 });
  judges(
    gate,
    [{ id: "a" }, "fresh"],
    [{ id: "a" }, "duplicate"],
    [{ id: "b", time: START }, "fresh"],
  );
});

test("a call or batch is one reading, and so is opening", async () => {
  const { gate, clock } = await open();
  assert.equal(clock.reads, 1);
  const calls = [
    () => gate.check({ id: "a" }),
    () => gate.check({ id: "a", content: 1 }),
    () => gate.check({ entity: "a", revision: 1 }),
    () => gate.check({ entity: "a", revision: "1" }),
    () => gate.checkId("a"),
    () => gate.checkId("é", "s"),
    () => gate.checkAll([{ id: "b" }, { id: "c" }]),
    () => gate.checkAll([{ id: "b" }, { scope: "s", id: "c" }]),
    () => gate.filter(["d", "e"], (id) => ({ id })),
    () => gate.checkIds(["f", "é"]),
    () => gate.checkRevisions(["e", "f"], [1, 2]),
    () => gate.checkRevisions(["e", "f"], [3, 2n ** 64n]),
    () => gate.checkPositions("s", [1, 2, 3]),
    () => gate.inspect({ id: "a" }),
    () => gate.claim({ id: "claimed" }),
    () => gate.claim({ id: "claimed" }),
    () => gate.checkId("claimed"),
    () => gate.checkIds(["claimed"]),
    () => gate.doubts(),
    () => gate.nextRevision({ entity: "a" }),
  ];
  calls.forEach((call, index) => {
    call();
    assert.equal(clock.reads, index + 2, String(call));
  });
  gate.stats();
  gate.fingerprint({ id: "a" });
  gate.forget({ id: "a" });
  assert.equal(clock.reads, calls.length + 1);
});

test("a call that ends or extends a claim is one reading", async () => {
  const { gate, clock } = await open();
  const ends = {
    commit: (claim) => claim.commit(1),
    release: (claim) => claim.release(),
    doubt: (claim) => claim.doubt(),
    extend: (claim) => claim.extend(5),
  };
  for (const [id, end] of Object.entries(ends)) {
    const claim = gate.claim({ id });
    const { reads } = clock;
    end(claim);
    assert.equal(clock.reads, reads + 1, id);
  }
  const { reads } = clock;
  gate.resolve({ id: "doubt" }, "released");
  assert.equal(clock.reads, reads + 1);
});

/** Calls of every kind that ask the clock. */
function callsOf(gate) {
  return [
    () => gate.check({ id: "a" }),
    () => gate.check({ id: "a", content: 1 }),
    () => gate.check({ entity: "a", revision: 1 }),
    () => gate.checkId("a"),
    () => gate.checkId("a", "s"),
    () => gate.checkAll([{ id: "a" }]),
    () => gate.checkAll([{ id: "a", content: 1 }]),
    () => gate.filter(["a"], (id) => ({ id })),
    () => gate.checkIds(["a"]),
    () => gate.checkRevisions(["a"], [1]),
    () => gate.checkRevisions(["a"], ["1"]),
    () => gate.checkPositions("a", [1]),
    () => gate.inspect({ id: "a" }),
    () => gate.claim({ id: "a" }),
    () => gate.resolve({ id: "a" }, "released"),
    () => gate.doubts(),
  ];
}

test("a clock that gives nonsense is invalid_option and changes nothing", async () => {
  const nonsense = [
    Number.NaN,
    -1,
    Number.POSITIVE_INFINITY,
    1.5,
    2 ** 53,
    "5",
    null,
    undefined,
    5n,
    new Date(),
  ];
  for (const value of nonsense) {
    const { gate, clock } = await open();
    clock.now = value;
    for (const call of callsOf(gate)) {
      refusesAndChangesNothing(gate, "invalid_option", call, `${String(value)} ${call}`);
    }
    await assert.rejects(Gate.open({ clock: () => value }), { code: "invalid_option" });
  }
});

test("a clock that gives nonsense ends and extends no claim", async () => {
  const { gate, clock } = await open();
  const claim = gate.claim({ id: "a" });
  clock.now = Number.NaN;
  for (const call of [
    () => claim.commit(1),
    () => claim.release(),
    () => claim.doubt(),
    () => claim.extend("1h"),
  ]) {
    refusesAndChangesNothing(gate, "invalid_option", call, String(call));
  }
  assert.equal(claim.leaseUntil, START + MINUTE);
  clock.now = START;
  assert.equal(claim.commit(1), "committed");
});

test("what a clock throws passes, and changes nothing", async () => {
  const broken = new Error("the clock is broken");
  let fails = false;
  const gate = await Gate.open({
    clock: () => {
      if (fails) {
        throw broken;
      }
      return START;
    },
  });
  const before = gate.stats();
  fails = true;
  for (const call of callsOf(gate)) {
    assert.throws(call, (error) => error === broken);
    assert.deepEqual(gate.stats(), before);
  }
  fails = false;
  judges(gate, [{ id: "a" }, "fresh"]);
});

test("without a clock, the gate asks the system", async () => {
  const gate = await Gate.open();
  judges(gate, [{ id: "a" }, "fresh"]);
  const { since } = gate.inspect({ id: "a" });
  assert.ok(Math.abs(Date.now() - since) < 60_000);
});
