/**
 * Assertions about claims.
 * @module
 */
import assert from "node:assert/strict";
import { refuses } from "./gate.js";

/** Asserts that a claim is granted, and returns it. */
export function granted(gate, event, options) {
  const claim = gate.claim(event, options);
  assert.equal(claim.verdict, "fresh");
  return claim;
}

/** Asserts that a claim is refused so, and returns the refusal. */
export function refused(gate, event, verdict) {
  const refusal = gate.claim(event);
  assert.equal(refusal.verdict, verdict);
  return refusal;
}

/** Asserts that a call throws `lost_claim`, and returns what it says of the event. */
export function lost(call) {
  return refuses("lost_claim", call, String(call)).refusal;
}

/** A promise, and what settles it. */
export function deferred() {
  let resolve;
  let reject;
  const promise = new Promise((yes, no) => {
    resolve = yes;
    reject = no;
  });
  return { promise, resolve, reject };
}

/** Lets everything run that waits for nothing but its turn. */
export function turn() {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

/** An effect that must not run. */
export const never = () => assert.fail("the effect ran");

/** Starts a call that leads, and is held until its promise is settled. */
export function lead(gate, event, options) {
  const held = deferred();
  const calls = { count: 0 };
  const outcome = gate.once(
    event,
    () => {
      calls.count += 1;
      return held.promise;
    },
    options,
  );
  return { ...held, outcome, calls };
}
