/**
 * Gates in the tabs of real Chromium: they go on as they were left when a tab is reloaded or dies,
 * and those of several tabs are one.
 * @module
 */
import assert from "node:assert/strict";
import test, { after } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { startChromium, until } from "./helpers/chromium.js";
import { MINUTE, START } from "./helpers/gate.js";
import { seeded } from "./helpers/random.js";

const LEASE = MINUTE;

const chromium = await startChromium(
  { after },
  { lab: new URL("helpers/gate-lab.js", import.meta.url) },
);

/** Opens a tab, and notes what it tells. */
async function openTab(profile) {
  const tab = await profile.open("/lab");
  tab.told = [];
  // Not a binding of Playwright's, each call of which comes back with an answer.
  const session = await tab.protocol();
  session.on("Runtime.bindingCalled", ({ payload }) => tab.told.push(JSON.parse(payload)));
  await session.send("Runtime.enable");
  await session.send("Runtime.addBinding", { name: "tell" });
  return tab;
}

/** Opens a tab with a gate at a time. */
async function openGate(profile, now = START, options = {}) {
  const tab = await openTab(profile);
  await tab.call("gateOpen", now, options);
  return tab;
}

const numbered = (prefix, count) =>
  Array.from({ length: count }, (_, index) => ({ id: `${prefix} ${index}` }));

/** Asserts what the gate of a tab says of all events, without recording anything. */
async function knowsAll(tab, events, expected = "duplicate") {
  const verdicts = await tab.call("inspectAll", events);
  const others = events.filter((_, index) => verdicts[index] !== expected);
  assert.deepEqual(others, [], `are not ${expected}`);
}

test("a gate goes on after its page was reloaded", async (t) => {
  const tab = await openGate(await chromium.profile(t));
  const events = numbered("event", 2000);
  assert.deepEqual(new Set(await tab.call("checkAll", events)), new Set(["fresh"]));
  assert.equal((await tab.call("claim", { id: "paid" })).verdict, "fresh");
  assert.equal(await tab.call("commit", { id: "paid" }, { receipt: 7 }), "committed");
  const applied = await tab.call("once", { id: "sent" });
  assert.equal(applied.status, "applied");
  assert.equal((await tab.call("claim", { id: "open" })).attempt, 1);
  await tab.call("flush");
  const digest = await tab.call("digest");
  await tab.reload();
  await tab.call("gateOpen", START);
  assert.equal(await tab.call("digest"), digest);
  await knowsAll(tab, events);
  const { verdict, result } = await tab.call("claim", { id: "paid" });
  assert.deepEqual([verdict, result], ["duplicate", { receipt: 7 }]);
  const replayed = { status: "replayed", value: applied.value, omitted: false };
  assert.deepEqual(await tab.call("once", { id: "sent" }), replayed);
  for (const [now, retryAfter] of [
    [START, LEASE],
    [START + LEASE - 1, 1],
  ]) {
    await tab.call("setNow", now);
    const pending = await tab.call("claim", { id: "open" });
    assert.deepEqual([pending.verdict, pending.retryAfter], ["pending", retryAfter]);
  }
  await tab.call("setNow", START + LEASE);
  const again = await tab.call("claim", { id: "open" });
  assert.deepEqual([again.verdict, again.attempt, again.takeover], ["fresh", 2, true]);
  assert.equal(await tab.call("commit", { id: "open" }, "done"), "committed");
  assert.deepEqual(new Set(await tab.call("checkAll", events)), new Set(["duplicate"]));
  assert.deepEqual(tab.errors, []);
});

/** What tabs told of one scope: how often each id was acted on, and which were acknowledged. */
class Ledger {
  offered = new Set();
  acts = new Map();
  sure = new Set();

  take(kind, id) {
    if (kind === "offered") {
      this.offered.add(id);
    } else if (kind === "acted") {
      assert.ok(!this.sure.has(id), `${id} was acted on after it had been acknowledged`);
      this.acts.set(id, (this.acts.get(id) ?? 0) + 1);
    } else if (kind === "acknowledged") {
      this.sure.add(id);
    }
  }
}

test("what a gate has acknowledged outlives the crash of its tab, at any moment", async (t) => {
  const profile = await chromium.profile(t);
  const random = seeded(1);
  const ledgers = { once: new Ledger(), check: new Ledger() };
  const crashes = 10;
  for (let round = 0; round <= crashes; round += 1) {
    // Later than all leases of the round before.
    const tab = await openGate(profile, START + 2 * LEASE * round);
    for (const [scope, { sure }] of Object.entries(ledgers)) {
      await knowsAll(
        tab,
        [...sure].map((id) => ({ scope, id })),
      );
    }
    // What the last round has begun is tried again, and at the end everything.
    const isLast = round === crashes;
    for (const [scope, { offered }] of Object.entries(ledgers)) {
      const again = isLast ? [...offered] : [...offered].slice(-20);
      await tab.call("work", scope, again, isLast ? 0 : Infinity, `${round}`);
    }
    if (isLast) {
      await until(() => tab.told.filter(([kind]) => kind === "finished").length === 2);
    } else {
      const enough = random.below(400);
      await until(() => tab.told.length > enough);
      await delay(random.below(20));
      await tab.crash();
    }
    for (const [kind, scope, id] of tab.told) {
      assert.notEqual(kind, "failed", scope);
      ledgers[scope]?.take(kind, id);
    }
    await tab.close();
  }
  const { once, check } = ledgers;
  for (const { offered, sure } of [once, check]) {
    assert.deepEqual(sure, offered);
    assert.ok(offered.size > 10 * crashes, `${offered.size} were offered`);
  }
  const twice = [...once.acts.values()].filter((count) => count > 1).length;
  assert.equal(once.acts.size, once.offered.size, "once acts on all of them");
  assert.ok(twice <= crashes, "once acts twice only on what was interrupted");
  assert.equal(Math.max(...check.acts.values()), 1, "check never acts twice");
  const left = check.offered.size - check.acts.size;
  assert.ok(left <= crashes, "check leaves out only what was interrupted");
  const sizes = `${once.sure.size} + ${check.sure.size} acknowledged`;
  t.diagnostic(`${crashes} crashes, ${sizes}: once ran ${twice} again, check left out ${left}`);
});

/** Events of all kinds, each with a number. */
function makeEvents(random, count) {
  return Array.from({ length: count }, (_, number) => {
    const id = `event ${number}`;
    const entity = `entity ${random.below(40)}`;
    const revision = 1 + random.below(500);
    const kinds = [{ id }, { id, scope: "mail" }, { entity, revision }, { id, entity, revision }];
    return { number, ...random.pick(kinds) };
  });
}

/** The events in another order, some of them twice. */
function shuffled(random, events) {
  const some = [...events, ...events.filter(() => random.chance(0.2))];
  for (let index = some.length - 1; index > 0; index -= 1) {
    const other = random.below(index + 1);
    [some[index], some[other]] = [some[other], some[index]];
  }
  return some;
}

const withoutNumber = ({ number: _, ...event }) => event;

test("two tabs that are offered the same events become one, and outlive one of them", async (t) => {
  const profile = await chromium.profile(t);
  const random = seeded(2);
  const first = await openGate(profile);
  const second = await openGate(profile);
  const tabs = [first, second];
  const events = makeEvents(random, 5000);
  const accepted = await Promise.all(
    tabs.map((tab) => tab.call("feed", shuffled(random, events), 50)),
  );
  // Whoever hears of these has heard of all before.
  const ends = [{ id: "end of the first" }, { id: "end of the second" }];
  for (const [index, tab] of tabs.entries()) {
    assert.equal(await tab.call("check", ends[index]), "fresh");
    await tab.call("flush");
  }
  await first.call("known", ends[1]);
  await second.call("known", ends[0]);
  const plain = [...events.map(withoutNumber), ...ends];
  const [one, other] = await Promise.all(tabs.map((tab) => tab.call("inspectAll", plain)));
  assert.deepEqual(one, other);
  assert.deepEqual(new Set(one), new Set(["duplicate", "stale"]));
  for (const [index, event] of plain.entries()) {
    if (event.entity === undefined) {
      assert.equal(one[index], "duplicate", event.id);
    }
  }
  assert.equal(await first.call("digest"), await second.call("digest"));
  const byBoth = accepted[0].filter((number) => accepted[1].includes(number)).length;
  const byAny = new Set(accepted.flat());
  for (const { number, entity } of events) {
    assert.ok(entity !== undefined || byAny.has(number), `${number} was accepted by either`);
  }
  for (const numbers of accepted) {
    assert.equal(new Set(numbers).size, numbers.length, "neither accepts anything twice");
  }
  t.diagnostic(`${byAny.size} of ${events.length} events were accepted, ${byBoth} of them by both`);
  assert.equal(await first.call("holdsLock", "default"), true);
  await first.crash();
  assert.equal(await second.call("check", { id: "alone" }), "fresh");
  await second.call("flush");
  const third = await openGate(profile);
  await knowsAll(third, [{ id: "alone" }]);
  assert.deepEqual(await third.call("inspectAll", plain), one);
  assert.equal(await third.call("digest"), await second.call("digest"));
  assert.deepEqual(second.errors, []);
});

test("what is flushed in one tab is known in the others within a message", async (t) => {
  const profile = await chromium.profile(t);
  const tabs = [await openGate(profile), await openGate(profile), await openGate(profile)];
  for (const [index, tab] of tabs.entries()) {
    const before = await Promise.all(tabs.map((each) => each.call("mergesSoFar")));
    const event = { id: `from ${index}`, entity: "order", revision: index };
    const others = tabs.filter((each) => each !== tab);
    const heard = others.map((each) => each.call("known", event));
    assert.equal(await tab.call("check", event), "fresh");
    await tab.call("flush");
    await Promise.all(heard);
    for (const each of others) {
      assert.equal(await each.call("check", event), "duplicate");
      const merges = await each.call("mergesSoFar");
      const told = merges.slice(before[tabs.indexOf(each)].length);
      assert.deepEqual(told, [{ keys: 1, entities: 1, sources: 0, doubleRuns: [] }]);
    }
  }
  // A claim is in the way in all of them, and its answer is everyone's.
  const [first, ...others] = tabs;
  const heard = others.map((tab) => tab.call("known", { id: "claimed" }));
  await first.call("claim", { id: "claimed" });
  await first.call("flush");
  await Promise.all(heard);
  for (const tab of others) {
    assert.equal((await tab.call("claim", { id: "claimed" })).verdict, "pending");
  }
  await first.call("commit", { id: "claimed" }, { receipt: 1 });
  await first.call("check", { id: "after the commit" });
  const told = others.map((tab) => tab.call("known", { id: "after the commit" }));
  await first.call("flush");
  await Promise.all(told);
  for (const tab of others) {
    assert.deepEqual((await tab.call("once", { id: "claimed" })).value, { receipt: 1 });
  }
});

/** Opens a tab with a gate in the page's own database. */
async function openShop(profile) {
  const tab = await openTab(profile);
  await tab.call("openShop");
  await tab.call("gateOpen", START);
  return tab;
}

test("an order and the record of its event are in one transaction, or not at all", async (t) => {
  const profile = await chromium.profile(t);
  const tab = await openShop(profile);
  const other = await openShop(profile);
  const [kept, undone] = [{ id: "kept" }, { id: "undone" }];
  const aborted = { verdict: "fresh", how: "abort" };
  assert.deepEqual(await tab.call("order", undone, { abort: true }), aborted);
  assert.deepEqual(await tab.call("orders"), []);
  assert.deepEqual(await tab.call("inspectAll", [undone]), ["fresh"]);
  const heard = other.call("known", kept);
  const complete = { verdict: "fresh", how: "complete" };
  assert.deepEqual(await tab.call("order", kept), complete);
  await heard;
  for (const each of [tab, other]) {
    assert.deepEqual(await each.call("orders"), ["kept"]);
    assert.deepEqual(await each.call("inspectAll", [kept, undone]), ["duplicate", "fresh"]);
  }
  // A copy that is not the writer may join as well, and what was undone may be done.
  const heardBack = tab.call("known", undone);
  assert.deepEqual(await other.call("order", undone), complete);
  await heardBack;
  await tab.call("flush");
  await other.call("flush");
  assert.equal(await tab.call("digest"), await other.call("digest"));
  const third = await openShop(profile);
  await knowsAll(third, [kept, undone]);
  assert.equal(await third.call("digest"), await other.call("digest"));
});

test("a crash before the commit undoes both, and one before keep() neither", async (t) => {
  const profile = await chromium.profile(t);
  const event = { id: "order" };
  const before = await openShop(profile);
  const dead = assert.rejects(before.call("order", event, { alive: true }));
  await until(() => before.told.length > 2);
  await before.crash();
  await dead;
  const tab = await openShop(profile);
  assert.deepEqual(await tab.call("orders"), []);
  const complete = { verdict: "fresh", how: "complete" };
  assert.deepEqual(await tab.call("order", event, { end: false }), complete);
  await tab.crash();
  const after = await openShop(profile);
  assert.deepEqual(await after.call("orders"), ["order"]);
  await knowsAll(after, [event]);
  const again = await after.call("order", event);
  assert.deepEqual(again, { verdict: "duplicate", how: "complete" });
});

test("a page goes on while a large gate is opened", async (t) => {
  const profile = await chromium.profile(t);
  const options = { maxBytes: 2 ** 26 };
  const tab = await openGate(profile, START, options);
  const count = 300_000;
  for (const [what, batch] of [
    ["a snapshot", count],
    ["a snapshot and changes", count / 5],
  ]) {
    await tab.call("fill", what, count, batch);
    await tab.reload();
    const { tasks, frames, longest, all } = await tab.call("watched", "gateOpen", START, options);
    const ms = (time) => `${Math.round(time)} ms`;
    const turns = `${tasks} tasks and ${frames} frames had their turn, after ${ms(longest)} at most`;
    const { records } = await tab.call("recovery");
    t.diagnostic(`${what}, ${records} records: ${ms(all)}, ${turns}`);
    assert.ok(tasks > 20, `${tasks} other tasks had their turn`);
    assert.ok(frames > 0, "the page was drawn");
    const known = Array.from({ length: 100 }, (_, index) => `${what} ${(index * count) / 100}`);
    await knowsAll(
      tab,
      known.map((id) => ({ id })),
    );
  }
  assert.deepEqual(tab.errors, []);
});

test("tabs that open a gate for the first time at once agree on its secret", async (t) => {
  for (let round = 0; round < 6; round += 1) {
    const profile = await chromium.profile(t);
    const tabs = await Promise.all([1, 2, 3].map(() => openTab(profile)));
    await Promise.all(tabs.map((tab) => tab.call("gateOpen", START)));
    for (const [index, tab] of tabs.entries()) {
      assert.deepEqual(
        await tab.call("checkAll", numbered(`tab ${index}`, 5)),
        Array(5).fill("fresh"),
      );
      await tab.call("flush");
    }
    const last = await openGate(profile);
    for (const index of tabs.keys()) {
      await knowsAll(last, numbered(`tab ${index}`, 5));
    }
    await profile.close?.();
  }
});
