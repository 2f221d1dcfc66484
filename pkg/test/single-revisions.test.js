/**
 * A revision that comes alone is judged as any other: by the short way, by columns, and in full.
 * @module
 */
import assert from "node:assert/strict";
import test from "node:test";
import { MINUTE, refusesAndChangesNothing } from "./helpers/gate.js";
import { seeded } from "./helpers/random.js";
import { REVISION_WAYS, twins } from "./helpers/ways.js";

/** Where machine integers end, those of the short way among them. */
const EDGES = [
  ...[0n, 1n, 2n, 255n, 2n ** 31n - 1n, 2n ** 31n, 2n ** 32n - 1n, 2n ** 32n, 2n ** 32n + 1n],
  ...[2n ** 53n - 2n, 2n ** 53n - 1n, 2n ** 53n, 2n ** 63n - 1n, 2n ** 63n],
  ...[2n ** 64n - 2n, 2n ** 64n - 1n, 2n ** 64n, 2n ** 64n + 1n, 2n ** 65n],
  ...[2n ** 128n - 1n, 2n ** 128n, 10n ** 129n - 1n],
];

/** The forms in which a caller may give an ordinal. */
function formsOf(value) {
  const forms = [value, String(value)];
  return value < 2n ** 53n ? [Number(value), ...forms] : forms;
}

function verdictAfter(last, next) {
  return next > last ? "fresh" : next === last ? "duplicate" : "stale";
}

test("of any two revisions the later wins, in whatever form they come", async () => {
  const pair = await twins();
  let entities = 0;
  for (const last of EDGES) {
    for (const next of EDGES) {
      for (const form of formsOf(next)) {
        entities += 1;
        const entity = `entity ${entities}`;
        const [given] = formsOf(last);
        pair.judge(REVISION_WAYS.check, { entity, revision: given }, "fresh");
        const verdict = verdictAfter(last, next);
        pair.judge(REVISION_WAYS.check, { entity, revision: form }, verdict);
        const highest = next > last ? next : last;
        const told = pair.both((gate) => gate.inspect({ entity, revision: highest }).verdict);
        assert.equal(told, "duplicate", `${given} ${form}`);
      }
    }
  }
  pair.same();
});

test("-0 is 0, and what is no ordinal is refused", async () => {
  const pair = await twins();
  const at = (revision) => ({ entity: "e", revision });
  pair.judge(REVISION_WAYS.check, at(-0), "fresh");
  pair.judge(REVISION_WAYS.check, at(0n), "duplicate");
  const { quick } = pair;
  const wrong = [-1, 1.5, Number.NaN, 2 ** 53, Number.POSITIVE_INFINITY, -1n, 10n ** 129n];
  for (const revision of [...wrong, "", "01", "-0", null, true, {}, undefined]) {
    const call = () => quick.check(at(revision));
    refusesAndChangesNothing(quick, "invalid_event", call, String(revision));
  }
  for (const entity of ["", 5, null, undefined, "\ud800", `${"e".repeat(300)}\udc00`]) {
    for (const revision of [1, 1n]) {
      const call = () => quick.check({ entity, revision });
      refusesAndChangesNothing(quick, "invalid_event", call, String(entity));
      const scoped = () => quick.check({ scope: "\ud800", entity: "e", revision });
      refusesAndChangesNothing(quick, "invalid_event", scoped);
    }
  }
  pair.judge(REVISION_WAYS.check, at(1), "fresh");
  pair.same();
});

/** Draws a revision near the last one, in any form. */
function near(random, last) {
  const next = last + random.pick([-2n, -1n, 0n, 0n, 0n, 1n, 1n, 1n, 1n, 2n, 3n, 5n, 2n ** 32n]);
  return random.pick(formsOf(next < 0n ? 0n : next));
}

const BASES = [0n, 2n ** 32n - 4n, 2n ** 53n - 8n, 2n ** 64n - 6n, 2n ** 128n - 3n];
const NAMES = ["e", "é", "e".repeat(600)];
const SCOPES = [undefined, "é"];

for (const options of [
  {},
  { maxJump: 3 },
  { revisions: "next" },
  { revisions: "next", firstRevision: 2 ** 32 - 2, maxJump: 4 },
]) {
  test(`by any way it is judged as in full, ${JSON.stringify(options)}`, async () => {
    const pair = await twins(options, SCOPES);
    const random = seeded(8);
    const first = (base) => BigInt(options.firstRevision ?? BASES[base]);
    const lasts = new Map();
    const codes = {};
    for (let round = 0; round < 4000; round += 1) {
      const scope = random.pick(SCOPES);
      const base = random.below(BASES.length);
      const entity = `${random.pick(NAMES)}${base}`;
      const name = JSON.stringify([scope, entity]);
      const revision = near(random, lasts.get(name) ?? first(base));
      const content = random.chance(0.01) ? random.below(2) : undefined;
      const way = content === undefined ? random.pick(Object.values(REVISION_WAYS)) : byCheck;
      const found = pair.agree(way, { scope, entity, revision, content }, `round ${round}`);
      if (found.gives === "fresh") {
        lasts.set(name, BigInt(revision));
      }
      if (random.chance(0.005)) {
        // Content is kept until its entity is forgotten, and without any a gate looks at less.
        for (const forgotten of lasts.keys()) {
          const [inScope, named] = JSON.parse(forgotten);
          pair.both((gate) => gate.forget({ scope: inScope ?? undefined, entity: named }));
        }
        lasts.clear();
      }
      const answer = found.gives ?? found.code;
      codes[answer] = (codes[answer] ?? 0) + 1;
    }
    pair.same();
    for (const verdict of ["fresh", "duplicate", "stale"]) {
      assert.ok(codes[verdict] > 200, JSON.stringify(codes));
    }
    assert.equal((codes.jump ?? 0) > 100, options.maxJump !== undefined);
    assert.equal((codes.early ?? 0) > 100, options.revisions === "next");
  });
}

const byCheck = REVISION_WAYS.check;

test("too far a jump settles nothing, by any way", async () => {
  for (const way of Object.values(REVISION_WAYS)) {
    const pair = await twins({ maxJump: 10 });
    pair.judge(way, { entity: "e", revision: 5 }, "fresh");
    for (const revision of [16, 16n, 2 ** 53 - 1, 2n ** 64n - 1n]) {
      const call = () => way(pair.quick, { entity: "e", revision });
      refusesAndChangesNothing(pair.quick, "jump", call, String(way));
    }
    pair.judge(way, { entity: "e", revision: 15 }, "fresh");
    pair.judge(way, { entity: "e", revision: 14 }, "stale");
    pair.same();
  }
});

test("content that was accepted is not overlooked, nor missed once it is gone", async () => {
  const pair = await twins();
  const at = (revision, content) => ({ entity: "e", revision, content });
  pair.judge(byCheck, at(1), "fresh");
  pair.judge(byCheck, at(2, "x"), "fresh");
  pair.judge(byCheck, at(2), "duplicate");
  pair.judge(byCheck, at(2, "y"), "conflict");
  pair.judge(byCheck, { entity: "other", revision: 2 }, "fresh");
  pair.judge(byCheck, at(3), "fresh");
  pair.judge(byCheck, at(3, "x"), "duplicate");
  pair.judge(byCheck, at(3, "y"), "duplicate");
  pair.judge(byCheck, at(4, "x"), "fresh");
  assert.equal(
    pair.both((gate) => gate.forget({ entity: "e" })),
    1,
  );
  pair.judge(byCheck, at(1), "fresh");
  pair.judge(byCheck, at(1, "x"), "duplicate");
  pair.same();
});

for (const [name, way] of Object.entries(REVISION_WAYS)) {
  test(`a claim on the entity is in the way, whatever its revision: ${name}`, async () => {
    const pair = await twins();
    const at = (revision, entity = "e") => ({ entity, revision });
    pair.judge(way, at(5), "fresh");
    const ends = pair.claim(at(7));
    pair.judge(way, at(4), "stale");
    pair.judge(way, at(5), "duplicate");
    for (const revision of [6, 7, 8, 2n ** 64n - 1n]) {
      pair.judge(way, at(revision), "pending");
    }
    pair.judge(way, at(6, "other"), "fresh");
    ends((claim) => claim.commit());
    pair.judge(way, at(7), "duplicate");
    pair.judge(way, at(6), "stale");
    pair.judge(way, at(8), "fresh");
    const doubted = pair.claim(at(9));
    doubted((claim) => claim.doubt());
    pair.judge(way, at(9), "in-doubt");
    pair.judge(way, at(8), "duplicate");
    pair.both((gate) => gate.resolve(at(9), "released"));
    pair.judge(way, at(9), "fresh");
    pair.same();
  });

  for (const afterCrash of ["retry", "hold"]) {
    test(`a claim that lapsed, ${afterCrash}: ${name}`, async () => {
      const pair = await twins({ afterCrash });
      const { clock } = pair;
      const event = { entity: "e", revision: 3 };
      const ends = pair.claim(event, { lease: MINUTE });
      clock.now += MINUTE - 1;
      pair.judge(way, event, "pending");
      clock.now += 1;
      if (afterCrash === "hold") {
        pair.judge(way, event, "in-doubt");
        pair.both((gate) => gate.resolve(event, "committed"));
        pair.judge(way, event, "duplicate");
      } else {
        pair.judge(way, event, "fresh");
        pair.judge(way, event, "duplicate");
        assert.equal(
          ends((claim) => claim.commit()),
          "lost_claim",
        );
        pair.judge(way, { entity: "e", revision: 4 }, "fresh");
      }
      pair.same();
    });
  }
}
