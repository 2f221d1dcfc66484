/**
 * A claim in a `using` block: it is released when it was not ended.
 * @module
 */
import assert from "node:assert/strict";
import test from "node:test";
import { granted, refused } from "./helpers/claims.js";
import { judges, MINUTE, open, refuses } from "./helpers/gate.js";

/** What `using claim = …` does at the end of its block. */
function leave(claim) {
  claim[Symbol.dispose]();
}

test("a claim that was not ended is released", async () => {
  const { gate } = await open();
  leave(granted(gate, { id: "a" }));
  const next = granted(gate, { id: "a" });
  assert.deepEqual([next.takeover, next.attempt], [false, 1]);
});

test("one that was committed, released or doubted is left as it is", async () => {
  const { gate } = await open();
  const committed = granted(gate, { id: "committed" });
  committed.commit(1);
  leave(committed);
  assert.equal(gate.inspect({ id: "committed" }).result, 1);

  const doubted = granted(gate, { id: "doubted" });
  doubted.doubt();
  leave(doubted);
  refused(gate, { id: "doubted" }, "in-doubt");

  const released = granted(gate, { id: "released" });
  released.release();
  const next = granted(gate, { id: "released" });
  leave(released);
  refused(gate, { id: "released" }, "pending");
  next.commit();
});

test("one that someone else has won is left to the winner", async () => {
  const { gate, clock } = await open();
  const stale = granted(gate, { id: "a" });
  clock.now += MINUTE;
  const winner = granted(gate, { id: "a" });
  leave(stale);
  refused(gate, { id: "a" }, "pending");
  winner.commit(1);
  leave(stale);
  judges(gate, [{ id: "a" }, "duplicate"]);
});

test("one whose commit was refused lapses, for its effect has happened", async () => {
  const { gate, clock } = await open();
  const claim = granted(gate, { id: "a" });
  refuses("invalid_event", () => claim.commit(1n));
  leave(claim);
  refused(gate, { id: "a" }, "pending");
  clock.now += MINUTE;
  assert.equal(granted(gate, { id: "a" }).takeover, true);
});

test("leaving twice, and after close, does nothing and never throws", async () => {
  const { gate, clock } = await open();
  const claim = granted(gate, { id: "a" });
  const other = granted(gate, { id: "b" });
  leave(claim);
  granted(gate, { id: "a" });
  leave(claim);
  refused(gate, { id: "a" }, "pending");
  clock.now = Number.NaN;
  leave(other);
  await gate.close();
  leave(other);
});
