/**
 * What a sequencer hands out, and when, beside a naive one and for any order of arrival.
 * @module
 */
import assert from "node:assert/strict";
import test from "node:test";
import { Sequencer } from "onceward";
import { START } from "./helpers/gate.js";
import { seeded } from "./helpers/random.js";
import { byScope, Naive, shuffled, Told } from "./helpers/sequencing.js";

const seeds = process.env.ONCEWARD_SEED
  ? [Number(process.env.ONCEWARD_SEED)]
  : Array.from({ length: 60 }, (_, index) => index + 1);

const SCOPES = ["", "a", "account-7", "ä"];

/** A small world, in which everything that can collide does. */
function drawWorld(random) {
  const isNext = random.chance(0.6);
  const gaps = random.chance(0.6) ? { onGap: "skip", maxWait: random.below(50) } : {};
  return {
    release: isNext ? "next" : { lateness: random.pick([0, 1, 5, 20]) },
    ...(isNext ? gaps : {}),
    ...(isNext && random.chance(0.5) ? { first: random.below(4) } : {}),
    maxHeld: random.pick([0, 1, 2, 5, 1000]),
    maxClockJump: random.pick([10, 1000]),
  };
}

/** Lets the clock go on, stand still, go back, or leap. */
function tick(random, time, { maxClockJump }) {
  const ahead = time.ahead;
  time.ahead = undefined;
  if (ahead !== undefined && random.chance(0.5)) {
    time.now = ahead + random.below(3);
    return time.now;
  }
  switch (random.below(20)) {
    case 0:
      time.ahead = time.now + maxClockJump + random.below(3000);
      return time.ahead;
    case 1:
      return time.now - random.below(50);
    default:
      time.now += random.chance(0.5) ? random.below(9) : 0;
      return time.now;
  }
}

/** Makes one call on both, and returns what both say of it. */
function takeStep(random, pair, now) {
  const both = (call) => pair.map(call);
  const scope = random.pick(SCOPES);
  const [, naive] = pair;
  switch (random.below(40)) {
    case 0:
      return both((one) => one.drain());
    case 1:
      return both((one) => one.forget(scope));
    case 2:
      return both((one) => one.reopen(now));
    case 3:
    case 4:
      return both((one) => one.flush(now));
    default: {
      const last = naive.scopes[scope]?.last ?? 2;
      const order = Math.max(0, last + random.pick([1, 1, 1, 2, 3, 5, 9, -1, -3, -30]));
      pair.ids = (pair.ids ?? 0) + 1;
      const item = { scope, order, id: pair.ids };
      return both((one) => one.push(item, now));
    }
  }
}

for (const seed of seeds) {
  test(`a life is as the naive one's: ONCEWARD_SEED=${seed}`, () => {
    const random = seeded(seed);
    const options = drawWorld(random);
    const pair = [new Told(options), new Naive(options)];
    const time = { now: START };
    for (let step = 0; step < 400; step += 1) {
      const now = tick(random, time, options);
      const [told, expected] = takeStep(random, pair, now);
      assert.deepEqual(told, expected, `step ${step} with ${JSON.stringify(options)}`);
      const [{ sequencer }, naive] = pair;
      assert.equal(sequencer.held, naive.held.length, `step ${step}`);
      assert.equal(sequencer.dropped, naive.dropped, `step ${step}`);
    }
  });
}

test("whatever comes in whatever order comes out from first to last, once", () => {
  for (const seed of seeds) {
    const random = seeded(seed);
    const counts = Array.from({ length: 1 + random.below(5) }, () => random.below(60));
    const issued = counts.flatMap((count, scope) =>
      Array.from({ length: count }, (_, index) => ({ scope: `s${scope}`, id: index + 1 })),
    );
    const copies = issued.flatMap((item) => Array(1 + random.below(3)).fill(item));
    const drops = [];
    const sequencer = new Sequencer({
      by: ({ scope, id }) => ({ scope, order: id }),
      release: "next",
      first: 1,
      onDrop: (item, why) => drops.push([item, why]),
    });
    const out = shuffled(copies, random).flatMap((item) => sequencer.push(item));
    assert.deepEqual(byScope(out), byScope(issued), `seed ${seed}`);
    assert.equal(drops.length, copies.length - issued.length, `seed ${seed}`);
    assert.ok(
      drops.every(([, why]) => why === "duplicate"),
      `seed ${seed}`,
    );
    assert.deepEqual([sequencer.held, sequencer.dropped], [0, drops.length], `seed ${seed}`);
  }
});

test("event time never goes back, and what is in time is never dropped", () => {
  for (const seed of seeds) {
    const random = seeded(seed);
    const lateness = random.below(30);
    let highest = 0;
    let pushed = 0;
    let dropped = 0;
    const sequencer = new Sequencer({
      by: (time) => ({ order: time }),
      release: { lateness },
      clock: () => START,
      onDrop: (time, why) => {
        assert.equal(why, "late");
        assert.ok(time + lateness < highest, `${time} was in time, seed ${seed}`);
        dropped += 1;
      },
    });
    const out = [];
    for (; pushed < 300; pushed += 1) {
      const time = Math.max(0, highest + random.below(7) - random.below(40));
      highest = Math.max(highest, time);
      out.push(...sequencer.push(time));
    }
    out.push(...sequencer.drain());
    assert.deepEqual(
      out,
      out.toSorted((a, b) => a - b),
      `seed ${seed}`,
    );
    assert.equal(out.length + dropped, pushed, `seed ${seed}`);
  }
});

test("an item is handed out as it was handed in, whatever it is", () => {
  const items = [{}, undefined, null, Number.NaN, () => 1, Symbol("a"), new Map(), 0n, ""];
  let order = items.length;
  const sequencer = new Sequencer({ by: () => ({ order: --order }), release: "next", first: 0 });
  const out = items.flatMap((item) => sequencer.push(item));
  assert.equal(out.length, items.length);
  for (const [index, item] of out.entries()) {
    assert.ok(Object.is(item, items[items.length - 1 - index]));
  }
});

test("orders may be bigints, numbers and texts, of up to 129 digits", () => {
  const sequencer = new Sequencer({ by: (order) => ({ order }), release: "next" });
  const last = 10n ** 129n - 1n;
  assert.deepEqual(sequencer.push(last - 2n), [last - 2n]);
  assert.deepEqual(sequencer.push(last), []);
  assert.deepEqual(sequencer.push(`${last - 1n}`), [`${last - 1n}`, last]);
  assert.equal(sequencer.held, 0);
});

test("a scope is a name of its own, and the absent one is the empty text", () => {
  const sequencer = new Sequencer({
    by: ({ scope, order }) => ({ scope, order }),
    release: "next",
  });
  assert.equal(sequencer.push({ order: 1 }).length, 1);
  assert.equal(sequencer.push({ scope: "", order: 2 }).length, 1);
  assert.equal(sequencer.push({ scope: "\u0000", order: 4 }).length, 1);
  sequencer.push({ order: 5 });
  assert.deepEqual(sequencer.forget(), [{ order: 5 }]);
  assert.equal(sequencer.push({ order: 40 }).length, 1);
  assert.deepEqual(sequencer.forget("nobody"), []);
});

test("time comes from the clock, unless a call is given it", () => {
  const clock = { now: START };
  const sequencer = new Sequencer({
    by: (order) => ({ order }),
    release: "next",
    first: 1,
    onGap: "skip",
    clock: () => clock.now,
  });
  assert.deepEqual(sequencer.push(3), []);
  clock.now += 29_999;
  assert.deepEqual(sequencer.flush(), []);
  assert.deepEqual(sequencer.flush(START + 30_000), [3]);
  assert.deepEqual(sequencer.push(5, START + 30_000), []);
  clock.now = START + 60_000;
  assert.deepEqual(sequencer.flush(), [5]);
});

test("memory does not grow with what has passed", () => {
  const sequencer = new Sequencer({ by: (order) => ({ order }), release: "next", first: 0 });
  const before = sequencer.push(0) && sequencer.bytes;
  for (let order = 1; order < 50_000; order += 2) {
    assert.equal(sequencer.push(order + 1).length, 0);
    assert.equal(sequencer.push(order).length, 2);
  }
  assert.equal(sequencer.bytes, before);
  assert.ok(sequencer.snapshot().length < 200);
});
