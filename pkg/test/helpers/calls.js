/**
 * A call of every method of a gate, for what must hold of all of them.
 * @module
 */
import assert from "node:assert/strict";
import { never } from "./claims.js";
import { refuses } from "./gate.js";

/** A call of every method that throws where a gate does not go on. */
export function callsOf(gate) {
  return {
    check: () => gate.check({ id: "a" }),
    checkId: () => gate.checkId("a"),
    checkAll: () => gate.checkAll([]),
    filter: () => gate.filter([], () => ({ id: "a" })),
    checkIds: () => gate.checkIds([]),
    checkRevisions: () => gate.checkRevisions([], []),
    checkPositions: () => gate.checkPositions("s", []),
    inspect: () => gate.inspect({ id: "a" }),
    claim: () => gate.claim({ id: "a" }),
    resolve: () => gate.resolve({ id: "a" }, "released"),
    doubts: () => gate.doubts(),
    fingerprint: () => gate.fingerprint({ id: "a" }),
    stage: () => gate.stage([]),
    snapshot: () => gate.snapshot(),
    changes: () => gate.changes(),
    merge: () => gate.merge(new Uint8Array()),
    forget: () => gate.forget({ id: "a" }),
    nextRevision: () => gate.nextRevision({ entity: "a" }),
    stats: () => gate.stats(),
  };
}

/** A call of every method that rejects there. */
export function promisesOf(gate) {
  return {
    once: () => gate.once({ id: "a" }, never),
    flush: () => gate.flush(),
  };
}

/** Asserts that every method throws or rejects with that code. */
export async function refusesAll(gate, code) {
  for (const [name, call] of Object.entries(callsOf(gate))) {
    refuses(code, call, name);
  }
  for (const [name, call] of Object.entries(promisesOf(gate))) {
    await assert.rejects(call(), { name: "OncewardError", code }, name);
  }
}
