/**
 * Doubts: what is done with a claim that ended without an answer.
 * @module
 */
import assert from "node:assert/strict";
import test from "node:test";
import { granted, lost, refused } from "./helpers/claims.js";
import {
  HOUR,
  judges,
  MINUTE,
  open,
  refuses,
  refusesAndChangesNothing,
  START,
} from "./helpers/gate.js";

const EVENT = { id: "a", entity: "e", revision: 5, source: "s", position: 5, content: 1 };

/** Gates with a doubt on the event, each come about in another way. */
const WAYS = {
  "said by its owner": async (event = EVENT) => {
    const { gate, clock } = await open();
    const claim = granted(gate, event);
    claim.doubt();
    return { gate, clock, claim };
  },
  "of a held lapse": async (event = EVENT) => {
    const { gate, clock } = await open({ afterCrash: "hold" });
    const claim = granted(gate, event);
    clock.now += MINUTE;
    return { gate, clock, claim };
  },
};

test("under afterCrash hold a claim is in doubt at exactly the end of its lease", async () => {
  const { gate, clock } = await open({ afterCrash: "hold" });
  granted(gate, { id: "a" });
  clock.now += MINUTE - 1;
  refused(gate, { id: "a" }, "pending");
  assert.deepEqual(gate.doubts(), []);
  clock.now += 1;
  const { since } = refused(gate, { id: "a" }, "in-doubt");
  assert.deepEqual(
    gate.doubts().map((doubt) => doubt.since),
    [since],
  );
});

for (const [way, doubted] of Object.entries(WAYS)) {
  test(`a doubt ${way} stands in the way of all that it locked`, async () => {
    const { gate } = await doubted();
    judges(
      gate,
      [EVENT, "in-doubt"],
      [{ id: "a" }, "in-doubt"],
      [{ ...EVENT, content: 2 }, "conflict"],
      [{ entity: "e", revision: 6 }, "in-doubt"],
      [{ source: "s", position: 6 }, "in-doubt"],
      [{ id: "b" }, "fresh"],
    );
    assert.ok(!("retryAfter" in gate.inspect(EVENT)));
  });

  test(`a doubt ${way} is listed under its fingerprint`, async () => {
    const { gate, claim, clock } = await doubted();
    assert.deepEqual(gate.doubts(), [
      { key: gate.fingerprint(EVENT), token: claim.token, attempt: 1, since: clock.now },
    ]);
    assert.equal(gate.stats().claims, 1);
  });

  test(`a doubt ${way} lasts`, async () => {
    const { gate, clock } = await doubted();
    clock.now += 23 * HOUR;
    refused(gate, EVENT, "in-doubt");
  });

  test(`after a doubt ${way} its owner may still commit`, async () => {
    const { gate, claim } = await doubted();
    assert.ok(["committed", "late"].includes(claim.commit("it did")));
    assert.equal(gate.inspect(EVENT).result, "it did");
    assert.deepEqual(gate.doubts(), []);
    judges(gate, [{ entity: "e", revision: 5 }, "duplicate"]);
  });

  test(`after a doubt ${way} its owner may still release`, async () => {
    const { gate, claim } = await doubted();
    claim.release();
    const next = granted(gate, EVENT);
    assert.deepEqual([next.attempt, next.takeover], [1, false]);
  });

  test(`after a doubt ${way} nothing extends it`, async () => {
    const { gate, claim } = await doubted();
    lost(() => claim.extend("1h"));
    refused(gate, EVENT, "in-doubt");
  });

  for (const [what, result, expected] of [
    ["JSON", { a: 1 }, { result: { a: 1 } }],
    ["bytes", Uint8Array.of(1), { result: Uint8Array.of(1) }],
    ["nothing", undefined, {}],
  ]) {
    test(`a doubt ${way} is resolved as committed, with ${what}`, async () => {
      const { gate, claim, clock } = await doubted();
      gate.resolve(EVENT, "committed", result);
      assert.deepEqual(gate.inspect(EVENT), {
        verdict: "duplicate",
        ...expected,
        since: clock.now,
      });
      judges(
        gate,
        [{ entity: "e", revision: 5 }, "duplicate"],
        [{ source: "s", position: 5 }, "duplicate"],
      );
      assert.deepEqual(gate.doubts(), []);
      assert.equal(lost(() => claim.release()).verdict, "duplicate");
    });
  }

  test(`a doubt ${way} is resolved as released`, async () => {
    const { gate, claim } = await doubted();
    gate.resolve(EVENT, "released");
    lost(() => claim.commit(1));
    judges(gate, [EVENT, "fresh"]);
  });

  test(`a doubt ${way} is ended once`, async () => {
    for (const as of ["committed", "released"]) {
      const { gate } = await doubted();
      gate.resolve(EVENT, as);
      refusesAndChangesNothing(gate, "not_in_doubt", () => gate.resolve(EVENT, as));
    }
  });

  test(`a doubt ${way} on an event without a key is resolved by the same event`, async () => {
    for (const [event, other] of [
      [
        { entity: "e", revision: 5 },
        { entity: "e", revision: 6 },
      ],
      [
        { source: "s", position: 5 },
        { source: "s", position: 6 },
      ],
    ]) {
      const { gate } = await doubted(event);
      refuses("not_in_doubt", () => gate.resolve(other, "committed"));
      gate.resolve(event, "committed");
      judges(gate, [event, "duplicate"], [other, "fresh"]);
    }
  });

  test(`forget ends a doubt ${way}`, async () => {
    const { gate } = await doubted();
    assert.equal(gate.forget({ id: "a" }), 1);
    assert.deepEqual(gate.doubts(), []);
    judges(gate, [EVENT, "fresh"]);
  });

  test(`a resolution that is malformed leaves the doubt ${way}`, async () => {
    const { gate } = await doubted();
    for (const [code, ...args] of [
      ["invalid_option", EVENT],
      ["invalid_option", EVENT, "done"],
      ["invalid_option", EVENT, null],
      ["invalid_event", null, "released"],
      ["invalid_event", { id: "" }, "released"],
      ["invalid_event", EVENT, "committed", 1n],
      ["invalid_event", EVENT, "committed", () => 1],
      ["invalid_event", EVENT, "released", 1],
    ]) {
      refusesAndChangesNothing(gate, code, () => gate.resolve(...args), String(args[1]));
    }
    refused(gate, EVENT, "in-doubt");
  });
}

test("what is not in doubt cannot be resolved", async () => {
  const { gate, clock } = await open();
  judges(gate, [{ id: "done" }, "fresh"]);
  granted(gate, { id: "live" });
  for (const id of ["done", "live", "never seen"]) {
    refusesAndChangesNothing(gate, "not_in_doubt", () => gate.resolve({ id }, "released"), id);
  }
  clock.now += MINUTE;
  refusesAndChangesNothing(gate, "not_in_doubt", () => gate.resolve({ id: "live" }, "released"));
  assert.equal(granted(gate, { id: "live" }).takeover, true);
});

test("a fingerprint names the key, and tells no more of it", async () => {
  const { gate } = await open();
  const { gate: other } = await open({ secret: "another secret" });
  const names = [
    { id: "a" },
    { scope: "s", id: "a" },
    { id: "b" },
    { entity: "a", revision: 1 },
    { source: "a", position: 1 },
  ].map((event) => gate.fingerprint(event));
  for (const name of names) {
    assert.match(name, /^[0-9a-f]{32}$/);
  }
  assert.equal(new Set(names).size, names.length);
  assert.equal(gate.fingerprint({ id: "a", content: 1, time: START }), names[0]);
  assert.equal(gate.fingerprint({ id: "a", entity: "e", revision: 1 }), names[0]);
  assert.notEqual(other.fingerprint({ id: "a" }), names[0]);
  for (const wrong of [null, {}, { id: "" }, { entity: "e" }, { id: 5 }]) {
    refuses("invalid_event", () => gate.fingerprint(wrong));
  }
});

test("to look at doubts and fingerprints changes nothing", async () => {
  const { gate, clock } = await open({ afterCrash: "hold" });
  granted(gate, { id: "a" });
  const before = gate.stats();
  clock.now += MINUTE;
  assert.equal(gate.doubts().length, 1);
  gate.fingerprint({ id: "a" });
  clock.now = START;
  assert.equal(gate.doubts().length, 0);
  assert.deepEqual(gate.stats(), before);
});
