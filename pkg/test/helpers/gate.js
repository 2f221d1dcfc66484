/**
 * Gates with a clock that stands still, and the assertions that most tests share.
 * @module
 */
import assert from "node:assert/strict";
import { Gate, isOncewardError, OncewardError } from "onceward";

/** Where every test's clock starts. */
export const START = 1_790_000_000_000;

export const SECOND = 1000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

/** A clock that is moved by hand: `clock.now += 5`. `reads` counts how often it was asked. */
export function handClock(now = START) {
  const clock = () => {
    clock.reads += 1;
    return clock.now;
  };
  clock.now = now;
  clock.reads = 0;
  return clock;
}

/** Opens a gate with a clock of its own. Its secret is fixed, so that each run is the same. */
export async function open(options = {}) {
  const clock = handClock();
  const gate = await Gate.open({ clock, secret: "a secret of the tests", ...options });
  return { gate, clock };
}

/** Asserts that a call throws an error of the package with that code; returns the error. */
export function refuses(code, call, message = "") {
  let thrown;
  assert.throws(call, (error) => {
    thrown = error;
    assert.ok(error instanceof OncewardError, `${message} threw ${error}`);
    assert.ok(isOncewardError(error), message);
    assert.equal(error.code, code, `${message}: ${error.message}`);
    return true;
  });
  return thrown;
}

/**
 * What a gate remembers and has said. How much memory that takes may depend on how it came to be.
 */
export function stateOf(gate) {
  const { bytes: _, ...state } = gate.stats();
  return state;
}

/** Asserts that a call throws that code and leaves the gate as it was. */
export function refusesAndChangesNothing(gate, code, call, message = "") {
  const before = stateOf(gate);
  const error = refuses(code, call, message);
  assert.deepEqual(stateOf(gate), before, message);
  return error;
}

/** Asserts what the gate says of each event, one after the other. */
export function judges(gate, ...cases) {
  for (const [event, expected] of cases) {
    assert.equal(gate.check(event), expected, JSON.stringify(event, bigintAsText));
  }
}

/** Shows bigints in messages, since JSON has none. */
export function bigintAsText(_, value) {
  return typeof value === "bigint" ? `${value}n` : value;
}
