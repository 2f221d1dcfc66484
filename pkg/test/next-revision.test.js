/**
 * Revisions that the gate itself counts.
 * @module
 */
import assert from "node:assert/strict";
import test from "node:test";
import { judges, open, refuses, refusesAndChangesNothing, SECOND } from "./helpers/gate.js";
import { testStore } from "./helpers/teststore.js";

const entity = "ACME";

test("revisions are counted from 1, for each entity of each scope", async () => {
  const { gate } = await open();
  const issued = [1, 2, 3].map(() => gate.nextRevision({ entity }));
  assert.deepEqual(issued, [1n, 2n, 3n]);
  assert.equal(gate.nextRevision({ entity: "other" }), 1n);
  assert.equal(gate.nextRevision({ scope: "s", entity }), 1n);
  assert.equal(gate.nextRevision({ scope: "", entity }), 4n);
  judges(
    gate,
    [{ entity, revision: 4 }, "duplicate"],
    [{ entity, revision: 3 }, "stale"],
    [{ entity, revision: 9 }, "fresh"],
  );
  assert.equal(gate.nextRevision({ entity }), 10n);
});

test("under next the first is firstRevision, and each fits", async () => {
  const { gate } = await open({ revisions: "next", firstRevision: 40 });
  assert.deepEqual(
    [1, 2].map(() => gate.nextRevision({ entity })),
    [40n, 41n],
  );
  judges(gate, [{ entity, revision: 43 }, "early"], [{ entity, revision: 42 }, "fresh"]);
  assert.equal(gate.nextRevision({ entity }), 43n);
  const { gate: any } = await open({ revisions: "next" });
  assert.equal(any.nextRevision({ entity }), 1n);
});

test("there is none after the last ordinal", async () => {
  const { gate } = await open();
  const last = 10n ** 129n - 1n;
  judges(gate, [{ entity, revision: last - 1n }, "fresh"]);
  assert.equal(gate.nextRevision({ entity }), last);
  refusesAndChangesNothing(gate, "capacity", () => gate.nextRevision({ entity }));
});

test("while another has claimed a revision of the entity it is lost_claim, with the refusal", async () => {
  const { gate, clock } = await open();
  const claim = gate.claim({ entity, revision: 1 }, { lease: 5 * SECOND });
  const error = refusesAndChangesNothing(gate, "lost_claim", () => gate.nextRevision({ entity }));
  assert.equal(error.refusal.verdict, "pending");
  assert.equal(error.refusal.retryAfter, 5 * SECOND);
  assert.equal(gate.nextRevision({ entity: "other" }), 1n);
  claim.commit();
  assert.equal(gate.nextRevision({ entity }), 2n);
  const second = gate.claim({ entity, revision: 3 });
  second.release();
  assert.equal(gate.nextRevision({ entity }), 3n);
  gate.claim({ entity, revision: 4 }, { lease: SECOND });
  clock.now += SECOND;
  assert.equal(gate.nextRevision({ entity }), 4n);
});

test("while another has staged a revision of the entity it is lost_claim, too", async () => {
  const { gate } = await open();
  const stage = gate.stage([{ entity, revision: 1 }]);
  const error = refuses("lost_claim", () => gate.nextRevision({ entity }));
  assert.equal(error.refusal.verdict, "pending");
  stage.drop();
  assert.equal(gate.nextRevision({ entity }), 1n);
});

test("anything but one entity is invalid_event, and changes nothing", async () => {
  const { gate } = await open();
  for (const what of [
    undefined,
    null,
    "ACME",
    {},
    { scope: "s" },
    { entity: "" },
    { entity: 5 },
    { entity: "\ud800" },
    { entity, revision: 1 },
    { entity, id: "a" },
    { entity, source: "s" },
    { entity, position: 1 },
    { entity, content: 1 },
    { entity, time: 5 },
  ]) {
    refusesAndChangesNothing(gate, "invalid_event", () => gate.nextRevision(what));
  }
  assert.equal(gate.nextRevision({ entity }), 1n);
});

test("a full gate refuses, and the revision is not used up", async () => {
  const { gate } = await open({ maxBytes: 4096 });
  let error;
  let count = 0;
  while (error === undefined && count < 10_000) {
    try {
      gate.nextRevision({ entity: `entity ${count}` });
      count += 1;
    } catch (thrown) {
      error = thrown;
    }
  }
  assert.equal(error.code, "capacity");
  assert.equal(gate.nextRevision({ entity: "entity 0" }), 2n);
  gate.forget({ entity: "entity 0" });
  assert.equal(gate.nextRevision({ entity: `entity ${count}` }), 1n);
});

test("a copy goes on counting where the state ends", async () => {
  const { gate } = await open();
  gate.nextRevision({ entity });
  gate.nextRevision({ entity });
  const { gate: copy } = await open({ snapshot: gate.snapshot() });
  assert.equal(copy.nextRevision({ entity }), 3n);
});

test("two copies that do not hear of each other issue the same, and after merging go on from the higher", async () => {
  const { gate: one } = await open();
  const { gate: two } = await open();
  const issue = (gate, count) => Array.from({ length: count }, () => gate.nextRevision({ entity }));
  assert.deepEqual(
    [issue(one, 2), issue(two, 5)],
    [
      [1n, 2n],
      [1n, 2n, 3n, 4n, 5n],
    ],
  );
  one.merge(two.snapshot());
  two.merge(one.snapshot());
  assert.deepEqual([one.nextRevision({ entity }), two.nextRevision({ entity })], [6n, 6n]);
});

test("a store keeps the count", async () => {
  const { store } = testStore();
  const { gate } = await open({ store });
  assert.equal(gate.nextRevision({ entity }), 1n);
  await gate.flush();
  await gate.close();
  refuses("closed", () => gate.nextRevision({ entity }));
  const { gate: again } = await open({ store });
  assert.equal(again.nextRevision({ entity }), 2n);
});
