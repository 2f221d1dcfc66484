/**
 * What cannot be claimed, and what a claim that cannot be made leaves behind: nothing.
 * @module
 */
import assert from "node:assert/strict";
import test from "node:test";
import { granted } from "./helpers/claims.js";
import { HOUR, judges, MINUTE, open, refuses, START } from "./helpers/gate.js";

const EVENT = { id: "a", entity: "e", revision: 5, source: "s", position: 5, content: { x: 1 } };

test("what is not fresh cannot be claimed, and says why", async () => {
  const { gate, clock } = await open({ revisions: "next", positions: "next", retention: HOUR });
  judges(gate, [{ id: "old" }, "fresh"]);
  clock.now += HOUR;
  judges(gate, [{ ...EVENT, epoch: 2 }, "fresh"]);
  assert.deepEqual(gate.claim(EVENT), { verdict: "duplicate", since: clock.now });
  assert.deepEqual(gate.claim({ entity: "e", revision: 4 }), { verdict: "stale", current: 5n });
  assert.deepEqual(gate.claim({ entity: "e", revision: 9 }), { verdict: "early", expected: 6n });
  assert.deepEqual(gate.claim({ source: "s", position: 9 }), { verdict: "stale", current: 2n });
  assert.deepEqual(gate.claim({ id: "x", time: START }), { verdict: "expired" });
  assert.equal(gate.stats().claims, 0);
});

test("claims are given back what their errors took", async () => {
  const { gate } = await open({ maxJump: 1 });
  judges(gate, [{ entity: "e", revision: 1 }, "fresh"]);
  const before = gate.stats();
  for (const [code, event, options] of [
    ["invalid_event", { id: "" }],
    ["invalid_event", {}],
    ["invalid_event", null],
    ["invalid_event", { id: "a", content: () => 1 }],
    ["jump", { entity: "e", revision: 9 }],
    ["invalid_option", { id: "a" }, { lease: 0 }],
    ["invalid_option", { id: "a" }, { lease: -1 }],
    ["invalid_option", { id: "a" }, { lease: 1.5 }],
    ["invalid_option", { id: "a" }, { lease: "1 min" }],
    ["invalid_option", { id: "a" }, { lease: null }],
    ["invalid_option", { id: "a" }, { lease: "99999d" }],
    ["invalid_option", { id: "a" }, { ttl: 5 }],
    ["invalid_option", { id: "a" }, null],
  ]) {
    refuses(code, () => gate.claim(event, options), `${code} ${JSON.stringify(options)}`);
    assert.deepEqual(gate.stats(), before);
  }
  const claim = granted(gate, { id: "a" });
  for (const lease of [undefined, 0, -1, 1.5, Number.NaN, null, "soon", {}]) {
    refuses("invalid_option", () => claim.extend(lease), String(lease));
  }
  assert.equal(claim.leaseUntil, START + MINUTE);
});

test("a claim reserves the room of its commit", async () => {
  const { gate } = await open({ maxBytes: 64 * 1024 });
  const claims = [];
  const error = (() => {
    for (;;) {
      try {
        claims.push(
          granted(gate, { id: `k${claims.length}`, entity: `e${claims.length}`, revision: 1 }),
        );
      } catch (thrown) {
        return thrown;
      }
    }
  })();
  assert.equal(error.code, "capacity");
  assert.ok(claims.length > 10);
  assert.equal(gate.stats().claims, claims.length);
  for (const [index, claim] of claims.entries()) {
    assert.equal(claim.commit({ index }), "committed");
  }
  assert.equal(gate.stats().claims, 0);
  assert.ok(gate.stats().bytes <= 64 * 1024);
});

test("after close every method of an open claim throws closed", async () => {
  const { gate, clock } = await open();
  const claim = granted(gate, { id: "a" });
  await gate.close();
  const { reads } = clock;
  for (const call of [
    () => claim.commit(() => "no result"),
    () => claim.release(),
    () => claim.doubt(),
    () => claim.extend("nonsense"),
  ]) {
    refuses("closed", call, String(call));
  }
  claim[Symbol.dispose]();
  assert.equal(clock.reads, reads);
  assert.equal(claim.leaseUntil, START + MINUTE);
});
