/**
 * Only forwards: the last revision of each entity.
 * @module
 */
import assert from "node:assert/strict";
import test from "node:test";
import { HOUR, judges, open, refusesAndChangesNothing } from "./helpers/gate.js";

const at = (revision, content) => ({ entity: "e", revision, content });

test("newer: greater is fresh, equal a duplicate, less stale", async () => {
  const { gate } = await open();
  judges(
    gate,
    [at(5), "fresh"],
    [at(5), "duplicate"],
    [at(4), "stale"],
    [at(9), "fresh"],
    [at(8), "stale"],
  );
  judges(
    gate,
    [{ entity: "f", revision: 0 }, "fresh"],
    [{ entity: "f", revision: -0 }, "duplicate"],
  );
});

test("no revision yet is not revision 0", async () => {
  const { gate } = await open();
  judges(gate, [at(0), "fresh"], [at(0), "duplicate"], [at(1), "fresh"]);
});

test("equal revisions with other content conflict; without content on either side they do not", async () => {
  const { gate } = await open();
  judges(
    gate,
    [at(1, "x"), "fresh"],
    [at(1, "x"), "duplicate"],
    [at(1, "y"), "conflict"],
    [at(1), "duplicate"],
  );
  judges(
    gate,
    [at(0, "y"), "stale"],
    [at(2), "fresh"],
    [at(2, "y"), "duplicate"],
    [at(2, "z"), "duplicate"],
  );
});

test("bigints, numbers and decimal strings are one number", async () => {
  const { gate } = await open();
  judges(
    gate,
    [at(7), "fresh"],
    [at(7n), "duplicate"],
    [at("7"), "duplicate"],
    [at("10"), "fresh"],
    [at(9n), "stale"],
  );
});

test("ordinals are compared exactly at every size", async () => {
  const { gate } = await open();
  const ascending = [
    ...[2 ** 32 - 1, 2 ** 32, 2 ** 53 - 2, 2 ** 53 - 1, 2n ** 53n, 2n ** 53n + 1n, 2n ** 64n - 1n],
    ...[
      2n ** 64n,
      2n ** 64n + 1n,
      2n ** 128n - 1n,
      2n ** 128n,
      10n ** 56n,
      10n ** 56n + 1n,
      10n ** 129n - 1n,
    ],
  ];
  for (const revision of ascending) {
    judges(
      gate,
      [at(revision), "fresh"],
      [at(String(revision)), "duplicate"],
      [at(BigInt(revision) - 1n), "stale"],
    );
  }
});

test("next: exactly the last plus one", async () => {
  const { gate } = await open({ revisions: "next" });
  judges(
    gate,
    [at(5), "fresh"],
    [at(7), "early"],
    [at(6), "fresh"],
    [at(7), "fresh"],
    [at(7), "duplicate"],
    [at(6), "stale"],
  );
  assert.deepEqual(gate.inspect(at(9)), { verdict: "early", expected: 8n });
  judges(
    gate,
    [{ entity: "f", revision: 2n ** 64n - 1n }, "fresh"],
    [{ entity: "f", revision: 2n ** 64n }, "fresh"],
  );
});

test("next with firstRevision: greater is early, less is stale", async () => {
  const { gate } = await open({ revisions: "next", firstRevision: 3 });
  judges(gate, [at(4), "early"], [at(2), "stale"]);
  assert.deepEqual(gate.inspect(at(4)), { verdict: "early", expected: 3n });
  judges(gate, [at(3), "fresh"], [at(4), "fresh"]);
});

test("maxJump refuses a leap and settles nothing; forget is the way out", async () => {
  const { gate } = await open({ maxJump: 10 });
  judges(gate, [at(2n ** 64n - 1n), "fresh"], [{ entity: "f", revision: 5 }, "fresh"]);
  const leap = { entity: "f", revision: 16, source: "s", position: 1, id: "k" };
  refusesAndChangesNothing(gate, "jump", () => gate.check(leap));
  refusesAndChangesNothing(gate, "jump", () => gate.inspect(leap));
  judges(
    gate,
    [{ source: "s", position: 1 }, "fresh"],
    [{ id: "k" }, "fresh"],
    [{ entity: "f", revision: 15 }, "fresh"],
  );
  judges(gate, [at(1), "stale"]);
  assert.equal(gate.forget({ entity: "e" }), 1);
  judges(gate, [at(1), "fresh"]);
});

test("revisions stay, however much time passes, until they are forgotten", async () => {
  const { gate, clock } = await open({ retention: HOUR, maxClockJump: "3650d" });
  judges(gate, [at(5), "fresh"]);
  clock.now += 1000 * HOUR;
  judges(gate, [at(4), "stale"], [at(5), "duplicate"]);
  assert.equal(gate.forget({ entity: "e" }), 1);
  assert.equal(gate.forget({ entity: "e" }), 0);
  judges(gate, [at(4), "fresh"]);
});

test("entities of other scopes are others", async () => {
  const { gate } = await open();
  judges(
    gate,
    [at(5), "fresh"],
    [{ ...at(1), scope: "t" }, "fresh"],
    [{ ...at(0), scope: "t" }, "stale"],
  );
});
