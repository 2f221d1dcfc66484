/**
 * While its effect runs, `once` extends the lease.
 * @module
 */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import test from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { deferred, granted } from "./helpers/claims.js";
import { HOUR, MINUTE, open, SECOND, START } from "./helpers/gate.js";

/** Lets time pass for the timers and for the gate. */
function passing(t, clock) {
  t.mock.timers.enable({ apis: ["setInterval"] });
  return (ms) => {
    clock.now += ms;
    t.mock.timers.tick(ms);
  };
}

test("the lease is extended at each third of it", async (t) => {
  const { gate, clock } = await open();
  const pass = passing(t, clock);
  const held = deferred();
  let claim;
  const running = gate.once({ id: "a" }, (given) => {
    claim = given;
    return held.promise;
  });
  pass(20 * SECOND - 1);
  assert.equal(claim.leaseUntil, START + MINUTE);
  for (let third = 1; third <= 100; third += 1) {
    pass(third === 1 ? 1 : 20 * SECOND);
    assert.equal(claim.leaseUntil, START + third * 20 * SECOND + MINUTE);
    assert.equal(gate.inspect({ id: "a" }).verdict, "pending");
  }
  held.resolve("value");
  assert.deepEqual(await running, { status: "applied", value: "value" });
});

test("it is extended by the lease that was asked for", async (t) => {
  const { gate, clock } = await open();
  const pass = passing(t, clock);
  const held = deferred();
  let claim;
  const running = gate.once(
    { id: "a" },
    (given) => {
      claim = given;
      return held.promise;
    },
    { lease: "3h" },
  );
  pass(HOUR);
  assert.equal(claim.leaseUntil, START + 4 * HOUR);
  held.resolve();
  await running;
});

test("with renew: false it is not", async (t) => {
  const { gate, clock } = await open();
  const pass = passing(t, clock);
  const held = deferred();
  const running = gate.once({ id: "a" }, () => held.promise, { renew: false });
  pass(MINUTE);
  assert.equal(granted(gate, { id: "a" }).takeover, true);
  held.resolve("value");
  assert.equal((await running).unconfirmed, true);
});

for (const [how, settle] of [
  ["returns", (held) => held.resolve()],
  ["throws", (held) => held.reject(new Error("mine"))],
]) {
  test(`when the effect ${how}, nothing is extended any more`, async (t) => {
    const { gate, clock } = await open();
    const pass = passing(t, clock);
    const held = deferred();
    const running = gate.once({ id: "a" }, () => held.promise);
    pass(20 * SECOND);
    settle(held);
    await running.catch(() => {});
    const { reads } = clock;
    pass(HOUR);
    assert.equal(clock.reads, reads);
  });
}

test("a renewal that fails troubles nobody", async (t) => {
  const { gate, clock } = await open();
  const pass = passing(t, clock);
  const held = deferred();
  const running = gate.once({ id: "a" }, () => held.promise);
  gate.forget({ id: "a" });
  pass(20 * SECOND);
  await gate.close();
  pass(20 * SECOND);
  held.resolve("value");
  assert.deepEqual(await running, { status: "applied", value: "value", unconfirmed: true });
});

test("with the system's clock an effect may take longer than its lease", async () => {
  const { gate } = await open({ clock: undefined });
  let runs = 0;
  const effect = async () => {
    runs += 1;
    await sleep(400);
    return "value";
  };
  const outcomes = await Promise.all(
    [1, 2, 3].map(() => gate.once({ id: "a" }, effect, { lease: 150, maxWait: "1m" })),
  );
  assert.equal(runs, 1);
  assert.deepEqual(outcomes[0], { status: "applied", value: "value" });
  assert.ok(outcomes.every(({ value }) => value === "value"));
});

test("a lease of a millisecond, and one of a century, are renewed without harm", async () => {
  const { gate, clock } = await open();
  for (const [lease, renewalsMin, renewalsMax] of [
    [1, 1, 100],
    ["36500d", 0, 0],
  ]) {
    const held = deferred();
    const running = gate.once({ id: `${lease}` }, () => held.promise, { lease });
    const { reads } = clock;
    await sleep(20);
    const renewals = clock.reads - reads;
    assert.ok(renewals >= renewalsMin && renewals <= renewalsMax, `${lease}: ${renewals}`);
    held.resolve(1);
    assert.equal((await running).status, "applied");
  }
});

test("a renewal does not keep the process alive", () => {
  const script = `
    const { Gate } = await import("onceward");
    const gate = await Gate.open();
    gate.once({ id: "a" }, () => new Promise(() => {}));
    console.log("left");
  `;
  const cwd = fileURLToPath(new URL("../dist/", import.meta.url));
  const args = ["--input-type=module", "--eval", script];
  assert.equal(String(execFileSync(process.execPath, args, { cwd, timeout: 10_000 })), "left\n");
});
