/**
 * The ways to keep what is known beyond the process: as bytes or text, and back.
 *
 * `open()` gives an empty structure, `add(structure, keys, time)` says how many of the keys are new
 * to it, and `fresh(structure, keys)` how many it does not know. `save` gives what could be written,
 * and `restore` makes a structure of it; what can only do both at once has `copy`. `toBytes` and
 * `fromBytes` are for the file in between, and are not timed. `changes` and `merge` pass on what is
 * new.
 * @module
 */
import { deserialize, serialize } from "node:v8";
import { countFresh, missingGate, openGate } from "./onceward.mjs";

export const STATE_GATE = "onceward gate";
export const STATE_MAP_JSON = "Map + timestamps, JSON";
export const STATE_MAP_V8 = "Map + timestamps, v8.serialize";
export const STATE_SET_JSON = "Set, JSON";
export const STATE_SET_V8 = "Set, v8.serialize";
export const STATE_SET_CLONE = "Set, structuredClone";

// Four times the default: room for a few million keys.
const MAX_BYTES = 128 * 2 ** 20;

/** When the first key came. */
export const START_MS = 1_790_000_000_000;

// The time of the latest keys, by which the gate goes.
let now = START_MS;

const gate = {
  async open(snapshot) {
    const clock = () => now;
    return await openGate({ maxBytes: MAX_BYTES, retention: "7d", clock, snapshot });
  },
  add(known, keys, time) {
    now = time;
    return countFresh(known.checkIds(keys));
  },
  // What is fresh is remembered from then on, so this is the last that a copy is asked.
  fresh: (known, keys) => countFresh(known.checkIds(keys)),
  save: (known) => known.snapshot(),
  restore: (bytes) => gate.open(bytes),
  toBytes: (bytes) => bytes,
  fromBytes: (bytes) => bytes,
  close: (known) => known.close(),
  changes: (known) => known.changes(),
  merge: (known, changes) => known.merge(changes).keys,
};

function countMissing(known, keys) {
  let fresh = 0;
  for (let index = 0; index < keys.length; index += 1) {
    fresh += known.has(keys[index]) ? 0 : 1;
  }
  return fresh;
}

const map = {
  open: () => new Map(),
  add(known, keys, time) {
    const before = known.size;
    for (let index = 0; index < keys.length; index += 1) {
      known.set(keys[index], time);
    }
    return known.size - before;
  },
  fresh: countMissing,
};

const set = {
  open: () => new Set(),
  add(known, keys) {
    const before = known.size;
    for (let index = 0; index < keys.length; index += 1) {
      known.add(keys[index]);
    }
    return known.size - before;
  },
  fresh: countMissing,
};

const json = (Kind) => ({
  save: (known) => JSON.stringify([...known]),
  restore: (text) => new Kind(JSON.parse(text)),
  toBytes: (text) => Buffer.from(text),
  fromBytes: (bytes) => bytes.latin1Slice(),
});

const v8 = {
  save: (known) => serialize(known),
  restore: (bytes) => deserialize(bytes),
  toBytes: (bytes) => bytes,
  fromBytes: (bytes) => bytes,
};

/** The gate comes last, as in the other scenarios. */
export const STATE_CONTENDERS = [
  { name: STATE_MAP_JSON, ...map, ...json(Map) },
  { name: STATE_MAP_V8, ...map, ...v8 },
  { name: STATE_SET_JSON, ...set, ...json(Set) },
  { name: STATE_SET_V8, ...set, ...v8 },
  { name: STATE_SET_CLONE, ...set, copy: (known) => structuredClone(known) },
  { name: STATE_GATE, missing: missingGate, ...gate },
];
