/**
 * Callers of `once` wait for a claim in their way: for how long, and what wakes them.
 * @module
 */
import assert from "node:assert/strict";
import test from "node:test";
import { deferred, granted, lead, never, turn } from "./helpers/claims.js";
import { judges, MINUTE, open, SECOND } from "./helpers/gate.js";

test("a later revision waits for the one in flight, and is then judged", async () => {
  const { gate } = await open();
  const leader = lead(gate, { entity: "e", revision: 5 });
  const later = gate.once({ entity: "e", revision: 6 }, () => "later");
  const earlier = gate.once({ entity: "e", revision: 4 }, never);
  await turn();
  leader.resolve("value");
  assert.deepEqual(await later, { status: "applied", value: "later" });
  assert.equal((await earlier).verdict, "stale");
});

test("an event with another key on the same entity waits, and does not join", async () => {
  const { gate } = await open();
  const leader = lead(gate, { id: "a", entity: "e", revision: 5 });
  const same = gate.once({ id: "b", entity: "e", revision: 5 }, never);
  const next = gate.once({ id: "c", entity: "e", revision: 6 }, () => "next");
  leader.resolve("value");
  assert.deepEqual(await same, { status: "replayed", value: undefined, omitted: true });
  assert.deepEqual(await next, { status: "applied", value: "next" });
});

for (const [how, end, expected] of [
  ["commit", (claim) => claim.commit("by claim"), { status: "replayed", value: "by claim" }],
  ["release", (claim) => claim.release(), { status: "applied", value: "by once" }],
  ["dispose", (claim) => claim[Symbol.dispose](), { status: "applied", value: "by once" }],
  ["doubt", (claim) => claim.doubt(), { status: "refused", verdict: "in-doubt" }],
  ["forget", (_, gate) => gate.forget({ id: "a" }), { status: "applied", value: "by once" }],
]) {
  test(`a waiting caller is woken by ${how}`, { timeout: 900 }, async () => {
    const { gate } = await open();
    const claim = granted(gate, { id: "a" });
    const waiting = gate.once({ id: "a" }, () => "by once");
    await turn();
    end(claim, gate);
    const { status, value, verdict } = await waiting;
    assert.deepEqual(
      { status, value, verdict },
      { value: undefined, verdict: undefined, ...expected },
    );
  });
}

test("with refuse nobody waits, and nobody joins", async () => {
  const { gate } = await open();
  const leader = lead(gate, { id: "a" });
  const refused = [{ onPending: "refuse" }, { maxWait: 0 }].map((options) =>
    gate.once({ id: "a" }, never, options),
  );
  leader.resolve();
  for (const { verdict, refusal } of await Promise.all(refused)) {
    assert.equal(verdict, "pending");
    assert.equal(refusal.retryAfter, MINUTE);
  }
});

test("one that has waited for maxWait is refused as pending", async () => {
  const { gate } = await open();
  granted(gate, { id: "a" });
  const started = performance.now();
  const outcome = await gate.once({ id: "a" }, never, { maxWait: 50 });
  assert.deepEqual([outcome.status, outcome.verdict], ["refused", "pending"]);
  assert.ok(performance.now() - started >= 45);
});

test("by default it waits for as long as a lease", async () => {
  const { gate } = await open({ lease: "1h" });
  granted(gate, { id: "a" });
  const started = performance.now();
  const outcome = await gate.once({ id: "a" }, never, { lease: 30 });
  assert.equal(outcome.verdict, "pending");
  assert.ok(performance.now() - started < 5000);
});

test("a waiting caller takes over when the lease is over", async () => {
  const { gate } = await open({ clock: undefined });
  granted(gate, { id: "a" }, { lease: 30 });
  const seen = [];
  const outcome = await gate.once({ id: "a" }, ({ attempt, takeover }) => {
    seen.push(attempt, takeover);
    return "value";
  });
  assert.equal(outcome.status, "applied");
  assert.deepEqual(seen, [2, true]);
});

test("a clock that is set is noticed within a second or so", { timeout: 5000 }, async () => {
  const { gate, clock } = await open();
  granted(gate, { id: "a" });
  const waiting = gate.once({ id: "a" }, () => "value");
  await turn();
  clock.now += MINUTE;
  assert.equal((await waiting).status, "applied");
});

test("later changes of the event change nothing while it waits", async () => {
  const { gate } = await open();
  const claim = granted(gate, { id: "a" });
  const event = { id: "a", content: Uint8Array.of(1), time: new Date(0) };
  const waiting = gate.once(event, () => "value");
  event.id = "b";
  event.content[0] = 2;
  event.time.setTime(Number.NaN);
  await turn();
  claim.release();
  assert.equal((await waiting).status, "applied");
  judges(
    gate,
    [{ id: "a", content: Uint8Array.of(1) }, "duplicate"],
    [{ id: "a", content: Uint8Array.of(2) }, "conflict"],
  );
});

test("when the gate is closed, those who wait reject at once", { timeout: 900 }, async () => {
  const { gate } = await open();
  const leader = lead(gate, { id: "a" });
  const waiting = [gate.once({ id: "a" }, never), gate.once({ id: "a" }, never)];
  await turn();
  await gate.close();
  for (const { reason } of await Promise.allSettled(waiting)) {
    assert.equal(reason.code, "closed");
  }
  leader.resolve(1);
  assert.equal((await leader.outcome).unconfirmed, true);
});

test("a waiting caller leaves no timer behind", async () => {
  const { gate } = await open();
  const timers = () => process.getActiveResourcesInfo().filter((name) => name === "Timeout").length;
  const before = timers();
  const leader = lead(gate, { id: "a" });
  const joined = Array.from({ length: 10 }, () => gate.once({ id: "a" }, never));
  await turn();
  assert.equal(timers(), before + 20);
  leader.resolve(1);
  await Promise.all(joined);
  assert.equal(timers(), before);

  const claim = granted(gate, { id: "b" });
  const held = deferred();
  const waited = gate.once({ id: "b" }, () => held.promise, { renew: false });
  assert.equal(timers(), before + 2);
  claim.release();
  await turn();
  assert.equal(timers(), before);
  held.resolve();
  await waited;
});

test("an hour's wait does not ask more often than each second", async () => {
  const { gate, clock } = await open();
  granted(gate, { id: "a" }, { lease: "999d" });
  const waiting = gate.once({ id: "a" }, never, { lease: "999d", maxWait: 2.1 * SECOND });
  const { reads } = clock;
  assert.equal((await waiting).verdict, "pending");
  assert.ok(clock.reads - reads <= 3, `${clock.reads - reads}`);
});
