/**
 * A store whose writes can be held and failed, and that tells what it was asked to do.
 * @module
 */
import assert from "node:assert/strict";
import { OncewardError } from "onceward";
import { deferred } from "./claims.js";

/** The error that a store gives to whoever is no longer the writer. */
export function fencedError() {
  return new OncewardError("fenced", "another writer has written since");
}

/** Opens an empty store, and what a test does with it. */
export function testStore() {
  const states = new Map();
  const calls = [];
  const plans = [];
  const listeners = new Map();

  async function write(call, change) {
    const { name, bytes, expect } = call;
    calls.push({ ...call, bytes: new Uint8Array(bytes) });
    await plans.shift()?.(call);
    const state = states.get(name) ?? { snapshot: undefined, changes: [], version: 0n };
    if (state.version !== expect) {
      throw fencedError();
    }
    states.set(name, { ...state, ...change(state), version: state.version + 1n });
    return state.version + 1n;
  }

  const store = {
    async load(name) {
      calls.push({ method: "load", name });
      return states.get(name);
    },
    append(name, bytes, expect) {
      const copy = new Uint8Array(bytes);
      const call = { method: "append", name, bytes, expect };
      return write(call, ({ changes }) => ({ changes: [...changes, copy] }));
    },
    replace(name, bytes, expect) {
      const copy = new Uint8Array(bytes);
      const call = { method: "replace", name, bytes, expect };
      return write(call, () => ({ snapshot: copy, changes: [], tornBytes: 0 }));
    },
    subscribe(name, listener) {
      listeners.set(name, [...(listeners.get(name) ?? []), listener]);
      return () => {
        const others = listeners.get(name).filter((other) => other !== listener);
        listeners.set(name, others);
      };
    },
    async release(name) {
      calls.push({ method: "release", name });
    },
  };

  return {
    store,
    calls,

    /** What was called, in order. */
    methods: () => calls.map(({ method }) => method),

    /** The writes that were asked for. */
    writes: () => calls.filter(({ bytes }) => bytes !== undefined),

    /** What is stored under a name. */
    state: (name = "default") => states.get(name),

    /** Changes what is stored, as if it had been so from the start. */
    alter(changed, name = "default") {
      states.set(name, { ...states.get(name), ...changed });
    },

    /** Has another writer take over. */
    takeOver(name = "default") {
      const state = states.get(name);
      states.set(name, { ...state, version: state.version + 1n });
    },

    /** Fails the next write, which does not happen. */
    failNext(error = new Error("the disk is full")) {
      plans.push(() => {
        throw error;
      });
      return error;
    },

    /** Has the next write wait: `arrived` tells of it, `go` and `fail` let it on. */
    holdNext() {
      const arrived = deferred();
      const held = deferred();
      plans.push(async (call) => {
        arrived.resolve(call);
        await held.promise;
      });
      return { arrived: arrived.promise, go: held.resolve, fail: held.reject };
    },

    /** Does something while the next write is under way. */
    duringNext(action) {
      plans.push(action);
    },

    /** Counts those who listen. */
    listeners(name = "default") {
      return (listeners.get(name) ?? []).length;
    },

    /** Delivers what another copy has written; returns to how many. */
    deliver(bytes, name = "default") {
      const told = listeners.get(name) ?? [];
      for (const listener of told) {
        listener(bytes);
      }
      return told.length;
    },
  };
}

/** Asserts what was called since the last time, and forgets it. */
export function called(stored, ...methods) {
  assert.deepEqual(stored.methods(), methods);
  stored.calls.length = 0;
}

/** Whether a promise is settled once all has run that waits for nothing but its turn. */
export async function isSettled(promise) {
  const pending = Symbol("pending");
  const later = new Promise((resolve) => {
    setImmediate(resolve, pending);
  });
  const first = await Promise.race([promise.catch(() => undefined), later]);
  return first !== pending;
}
