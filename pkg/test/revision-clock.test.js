/**
 * Revisions that only go up, whatever the clock does and whoever issues them.
 * @module
 */
import assert from "node:assert/strict";
import test from "node:test";
import { RevisionClock } from "onceward";
import { handClock, judges, open, refuses, START } from "./helpers/gate.js";
import { seeded } from "./helpers/random.js";

/** Takes a revision apart: milliseconds, counter, node. */
const parts = (revision) => [
  Number(revision >> 26n),
  Number((revision >> 10n) & 0xffffn),
  Number(revision & 0x3ffn),
];
const join = (ms, counter, node) => (BigInt(ms) << 26n) | (BigInt(counter) << 10n) | BigInt(node);

test("a revision is milliseconds, a counter and a node", () => {
  const clock = handClock();
  const revisions = new RevisionClock({ clock, node: 7 });
  assert.equal(revisions.last, undefined);
  const issued = [];
  for (const now of [START, START, START - 5, START + 1, 0]) {
    clock.now = now;
    issued.push(parts(revisions.next()));
  }
  assert.deepEqual(issued, [
    [START, 0, 7],
    [START, 1, 7],
    [START, 2, 7],
    [START + 1, 0, 7],
    [START + 1, 1, 7],
  ]);
  assert.deepEqual(parts(revisions.last), [START + 1, 1, 7]);
  assert.equal(clock.reads, 5);
});

test("revisions strictly increase under any clock, through restarts, and past all that was observed", () => {
  const seed = Number(process.env.ONCEWARD_SEED ?? 1);
  const random = seeded(seed);
  const clock = handClock();
  const options = { clock, maxDrift: "1h" };
  let clocks = [3, 900].map((node) => new RevisionClock({ ...options, node }));
  const last = [0n, 0n];
  const all = new Set();
  for (let step = 0; step < 20_000; step += 1) {
    clock.now += random.pick([0, 0, 0, 1, -1, 7, -400, 400]);
    const at = random.below(2);
    const revision = clocks[at].next();
    assert.ok(revision > last[at], `step ${step}, seed ${seed}`);
    assert.ok(!all.has(revision), `step ${step}, seed ${seed}`);
    all.add(revision);
    last[at] = revision;
    if (random.chance(0.3)) {
      clocks[1 - at].observe(revision);
      assert.ok(clocks[1 - at].last >= revision);
      last[1 - at] = clocks[1 - at].last;
    }
    if (random.chance(0.01)) {
      clocks = clocks.map(({ last }, index) => {
        return new RevisionClock({ ...options, node: [3, 900][index], last });
      });
    }
  }
});

test("a revision that is too far ahead is a jump, and notes nothing", () => {
  const clock = handClock();
  const revisions = new RevisionClock({ clock, node: 1 });
  const first = revisions.next();
  const limit = START + 5 * 60_000;
  for (const far of [join(limit + 1, 0, 0), 2n ** 127n, "9".repeat(129)]) {
    refuses("jump", () => revisions.observe(far), String(far));
    assert.equal(revisions.last, first);
  }
  revisions.observe(String(join(limit, 9, 1023)));
  assert.deepEqual(parts(revisions.next()), [limit, 10, 1]);
  revisions.observe(join(START, 0, 0));
  revisions.observe(5);
  assert.deepEqual(parts(revisions.next()), [limit, 11, 1]);
});

test("more than 65,536 revisions a millisecond run ahead, up to the drift", () => {
  const clock = handClock();
  const revisions = new RevisionClock({ clock, node: 0, maxDrift: "1ms" });
  revisions.observe(join(START + 1, 0xfffe, 0));
  assert.deepEqual(parts(revisions.next()), [START + 1, 0xffff, 0]);
  const { last } = revisions;
  refuses("jump", () => revisions.next());
  assert.equal(revisions.last, last);
  clock.now += 1;
  assert.deepEqual(parts(revisions.next()), [START + 2, 0, 0]);
});

test("without a node one is drawn, from 0 to 1023", () => {
  const nodes = new Set(Array.from({ length: 200 }, () => parts(new RevisionClock().next())[2]));
  assert.ok(nodes.size > 100, `${nodes.size} different ones of 200`);
});

test("wrong options, revisions and clocks have their codes", () => {
  for (const options of [
    5,
    { nodes: 1 },
    { node: -1 },
    { node: 1024 },
    { node: 0.5 },
    { node: "7" },
    { node: null },
    { last: -1 },
    { last: "007" },
    { last: 2n ** 127n },
    { last: 10n ** 129n },
    { maxDrift: "soon" },
    { maxDrift: -1 },
    { clock: 5 },
  ]) {
    refuses("invalid_option", () => new RevisionClock(options), JSON.stringify(options?.node));
  }
  const revisions = new RevisionClock({ node: 1 });
  for (const revision of [undefined, null, -1, 0.5, 2 ** 53, "", "07", 10n ** 129n, {}]) {
    refuses("invalid_event", () => revisions.observe(revision), String(revision));
  }
  const clock = handClock();
  const hasty = new RevisionClock({ clock, node: 1 });
  const first = hasty.next();
  for (clock.now of [-1, 0.5, Number.NaN, "now", undefined]) {
    refuses("invalid_option", () => hasty.next());
    refuses("invalid_option", () => hasty.observe(1));
    assert.equal(hasty.last, first);
  }
});

test("a gate takes its revisions as they were issued, and no others", async () => {
  const { gate, clock } = await open();
  const revisions = new RevisionClock({ clock, node: 7 });
  const [first, second, third] = [revisions.next(), revisions.next(), revisions.next()];
  judges(
    gate,
    [{ entity: "e", revision: first }, "fresh"],
    [{ entity: "e", revision: third }, "fresh"],
    [{ entity: "e", revision: second }, "stale"],
    [{ entity: "e", revision: third }, "duplicate"],
  );
});
