/**
 * Recorded feeds of exchanges, which were delivered out of order or with gaps.
 * @module
 */
import assert from "node:assert/strict";
import test from "node:test";
import { Sequencer } from "onceward";
import { START } from "./helpers/gate.js";
import { recorded, unpacked } from "./helpers/shared.js";

/** Returns the messages of a feed as they were delivered. */
function feed(t, name) {
  const path = recorded(t, "market-feeds.ndjson.gz");
  const lines = path && unpacked(path).toString("utf8").split("\n");
  const own = lines?.filter((line) => line.startsWith(`{"feed":"${name}"`));
  return own?.map((line) => {
    const { entity, first, last, recv } = JSON.parse(line);
    return { scope: entity, order: last, first, at: Math.round(recv * 1000) };
  });
}

const by = ({ scope, order }) => ({ scope, order });

/** What each scope has, as sets of orders, and whether they came as they were numbered. */
function ordersOf(messages) {
  const orders = new Map();
  for (const { scope, order } of messages) {
    orders.set(scope, [...(orders.get(scope) ?? []), order]);
  }
  return orders;
}

/** The gaps in what is there, from the first that came. */
function gapsOf(messages) {
  const gaps = [];
  for (const [scope, orders] of ordersOf(messages)) {
    const [first] = orders;
    const known = [...new Set(orders.filter((order) => order >= first))].sort((a, b) => a - b);
    for (const [index, order] of known.entries()) {
      if (index > 0 && order > known[index - 1] + 1) {
        gaps.push(`${scope} ${known[index - 1] + 1} ${order - 1}`);
      }
    }
  }
  return gaps.sort();
}

test("4,733 messages of dydx come out complete and in order", (t) => {
  const messages = feed(t, "dydx-message-id");
  if (messages === undefined) {
    return;
  }
  assert.equal(messages.length, 4733);
  const arrived = messages.map(({ order }) => order);
  assert.notDeepEqual(
    arrived,
    arrived.toSorted((a, b) => a - b),
  );
  const sequencer = new Sequencer({ by, release: "next", first: 0, clock: () => START });
  let held = 0;
  const out = messages.flatMap((message) => {
    const released = sequencer.push(message);
    held = Math.max(held, sequencer.held);
    return released;
  });
  assert.deepEqual(
    out.map(({ order }) => order),
    Array.from({ length: 4733 }, (_, index) => index),
  );
  assert.deepEqual([sequencer.held, sequencer.dropped], [0, 0]);
  assert.ok(held > 0 && held < 50, `${held} were held at most`);
});

test("the same, delivered twice and by event time, comes out once and never goes back", (t) => {
  const messages = feed(t, "dydx-message-id");
  if (messages === undefined) {
    return;
  }
  const twice = messages.flatMap((message, index) => [message, messages[Math.max(0, index - 40)]]);
  const sequencer = new Sequencer({ by, release: "next", first: 0, clock: () => START });
  const out = twice.flatMap((message) => sequencer.push(message));
  assert.equal(out.length, 4733);
  assert.equal(sequencer.dropped, twice.length - 4733);
  const byTime = new Sequencer({
    by: ({ order }) => ({ order }),
    release: { lateness: 50 },
    clock: () => START,
  });
  const released = messages.flatMap((message) => byTime.push(message));
  released.push(...byTime.drain());
  assert.deepEqual(
    released.map(({ order }) => order),
    out.map(({ order }) => order),
  );
});

for (const [name, scopes, missing] of [
  ["dydx-orderbook-offset", 10, true],
  ["bybit-cross-seq", 8, true],
  ["bybit-ob500", 1, false],
  ["kucoin-l2", undefined, undefined],
]) {
  test(`${name}: real gaps are held, or skipped and told`, (t) => {
    const messages = feed(t, name);
    if (messages === undefined) {
      return;
    }
    const gaps = gapsOf(messages);
    assert.ok(missing === undefined || gaps.length > 0 === missing, `${gaps.length} gaps`);
    const told = [];
    const drops = [];
    const skipping = new Sequencer({
      by,
      release: "next",
      onGap: "skip",
      // All of it is there before anything is given up.
      maxWait: "1h",
      maxClockJump: "1d",
      clock: () => START,
      onSkip: (scope, from, to) => told.push(`${scope} ${from} ${to}`),
      onDrop: (message, why) => drops.push([message, why]),
    });
    const out = messages.flatMap((message) => skipping.push(message, START));
    out.push(...skipping.flush(START + 3_600_000));
    assert.deepEqual(told.sort(), gaps);
    assert.equal(skipping.held, 0);
    assert.equal(out.length + drops.length, messages.length);
    for (const [scope, orders] of ordersOf(out)) {
      const before = orders.every((order, index) => index === 0 || order > orders[index - 1]);
      assert.ok(before, `${scope} goes back`);
    }
    const known = ordersOf(messages);
    assert.ok(scopes === undefined || known.size === scopes);
    // What was dropped came before the first of its scope, or twice.
    for (const [{ scope, order }, why] of drops) {
      assert.equal(why, order < known.get(scope)[0] ? "late" : "duplicate");
    }

    const holding = new Sequencer({ by, release: "next", maxHeld: 100, clock: () => START });
    let refused = 0;
    const passed = messages.flatMap((message) => {
      try {
        return holding.push(message);
      } catch (error) {
        assert.equal(error.code, "capacity");
        refused += 1;
        return [];
      }
    });
    // Nothing passes a gap; what does not fit is refused, and nothing that was taken is lost.
    assert.deepEqual(gapsOf(passed), []);
    assert.equal(refused > 0, missing === true || holding.held === 100);
    assert.equal(
      holding.drain().length + passed.length + refused + holding.dropped,
      messages.length,
    );
  });
}
