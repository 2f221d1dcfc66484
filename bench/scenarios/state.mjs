/**
 * What is known, kept beyond the process: saved, restored, and passed on to another copy.
 *
 * Everything is measured as in a process that has long been running. The first restore of a new
 * process, which is what a reload waits for, is measured in one of its own, from a file.
 * @module
 */
import { readFile, writeFile } from "node:fs/promises";
import { START_MS } from "../contenders/state.mjs";
import { CHUNK, keysOf } from "../keys.mjs";
import { ensureCount, Meter, turn } from "../meter.mjs";

/** How many keys are new when changes are passed on. */
export const NEW_KEYS = 1000;

/** How many small instances are thrown away before. */
export const WARM_UPS = 6;
/** How often keys are passed on; the one in the middle counts. */
export const CHANGES_ROUNDS = 20;

const WARM_UP_KEYS = 16_384;
// So many keys are saved and restored, the more often the fewer there are at once.
const KEYS_IN_ALL = 4_000_000;
const ROUNDS_MAX = 50;
const CHANGES_WARM_UPS = 4;

/** Yields chunks of keys that are new: those of the numbers from `from` up to `end`. */
function* newKeys(from, end) {
  const numbers = new Uint32Array(CHUNK);
  for (let first = from; first < end; first += CHUNK) {
    const count = Math.min(CHUNK, end - first);
    for (let index = 0; index < count; index += 1) {
      numbers[index] = first + index;
    }
    yield { keys: keysOf(numbers, count), time: START_MS + first + count };
  }
}

/** Looks how long the event loop is kept from going round. */
class LoopWatch {
  #last = performance.now();
  #longestMs = 0;
  #isOver = false;

  constructor() {
    this.#wait();
  }

  #wait() {
    setImmediate(() => {
      const now = performance.now();
      this.#longestMs = Math.max(this.#longestMs, now - this.#last);
      this.#last = now;
      if (!this.#isOver) {
        this.#wait();
      }
    });
  }

  /** Returns the longest time between two macrotasks, in milliseconds. */
  async stop() {
    await turn();
    this.#isOver = true;
    return this.#longestMs;
  }
}

async function fill(form, size) {
  const known = await form.open();
  for (const { keys, time } of newKeys(0, size)) {
    ensureCount("fill", form.add(known, keys, time), keys.length);
    await turn();
  }
  return known;
}

/** Asks a copy about all that it must know, and about some that it cannot know. */
async function ensureWhole(form, copy, size) {
  for (const { keys } of newKeys(0, size)) {
    ensureCount("keys of a copy", form.fresh(copy, keys), 0);
  }
  for (const { keys } of newKeys(size, size + NEW_KEYS)) {
    ensureCount("new keys", form.fresh(copy, keys), keys.length);
  }
}

/** Measures one step, and how long it holds up the event loop; garbage of earlier steps is gone. */
async function timed(meter, size, step) {
  globalThis.gc();
  await turn();
  const watch = new LoopWatch();
  const started = performance.now();
  meter.start();
  const result = await step();
  meter.stop(size);
  const ms = performance.now() - started;
  return { result, ms, longestMs: await watch.stop() };
}

const middleOf = (values) => values.sort((a, b) => a - b)[values.length >> 1];

/** Saves and restores some times. */
async function measureBoth(form, known, size, rounds) {
  const saving = new Meter();
  const restoring = new Meter();
  const longest = [];
  for (let round = 0; round < rounds; round += 1) {
    const { result: saved } = await timed(saving, size, () => form.save(known));
    const { result: copy, longestMs } = await timed(restoring, size, () => form.restore(saved));
    longest.push(longestMs);
    await form.close?.(copy);
  }
  return {
    saveNs: saving.ns,
    restoreNs: restoring.ns,
    bothNs: saving.ns + restoring.ns,
    longestMs: middleOf(longest),
  };
}

async function measureCopies(form, known, size, rounds) {
  const meter = new Meter();
  for (let round = 0; round < rounds; round += 1) {
    await timed(meter, size, () => form.copy(known));
  }
  return { bothNs: meter.ns };
}

/** Opens a copy that passes on what is new from then on. */
async function openPartner(form, saved) {
  const partner = await form.restore(saved);
  form.changes(partner);
  return partner;
}

/**
 * Measures what passing on some new keys takes, each time between two copies of that size. A single
 * call is short enough for the other threads to disturb it, so the one in the middle counts.
 */
async function measureChanges(form, saved, size, rounds) {
  const changesUs = [];
  const mergeUs = [];
  let bytes = 0;
  for (let round = 0; round < rounds; round += 1) {
    const from = await openPartner(form, saved);
    const to = await openPartner(form, saved);
    for (const { keys, time } of newKeys(size, size + NEW_KEYS)) {
      form.add(from, keys, time);
    }
    const making = new Meter();
    making.start();
    const changes = form.changes(from);
    making.stop(1);
    const merging = new Meter();
    merging.start();
    const merged = form.merge(to, changes);
    merging.stop(1);
    changesUs.push(making.ns / 1000);
    mergeUs.push(merging.ns / 1000);
    ensureCount("merged keys", merged, NEW_KEYS);
    bytes = changes.length;
    await form.close(from);
    await form.close(to);
    await turn();
  }
  return {
    changesUs: middleOf(changesUs),
    mergeUs: middleOf(mergeUs),
    changesBytesPerKey: bytes / NEW_KEYS,
  };
}

/** Has the code compiled: by small instances that are thrown away, as in the other scenarios. */
async function warmUp(form) {
  for (let round = 0; round < WARM_UPS; round += 1) {
    const known = await fill(form, WARM_UP_KEYS);
    if (form.copy !== undefined) {
      await measureCopies(form, known, WARM_UP_KEYS, 1);
    } else {
      await measureBoth(form, known, WARM_UP_KEYS, 1);
    }
    if (form.changes !== undefined) {
      await measureChanges(form, form.save(known), WARM_UP_KEYS, CHANGES_WARM_UPS);
    }
    await form.close?.(known);
  }
}

async function measureWarm(form, { size, stateFile }) {
  await warmUp(form);
  const known = await fill(form, size);
  const rounds = Math.min(ROUNDS_MAX, Math.ceil(KEYS_IN_ALL / size));
  if (form.copy !== undefined) {
    await ensureWhole(form, form.copy(known), size);
    return await measureCopies(form, known, size, rounds);
  }
  // The first of this size is not counted: memory grows.
  const saved = form.save(known);
  const copy = await form.restore(saved);
  await ensureWhole(form, copy, size);
  await form.close?.(copy);
  const both = await measureBoth(form, known, size, rounds);
  const bytes = form.toBytes(saved);
  await writeFile(stateFile, bytes);
  if (form.changes === undefined) {
    return { ...both, bytesPerKey: bytes.length / size };
  }
  await measureChanges(form, saved, size, CHANGES_WARM_UPS);
  const changes = await measureChanges(form, saved, size, CHANGES_ROUNDS);
  return { ...both, bytesPerKey: bytes.length / size, ...changes };
}

/** The first thing that a process does: loading the library is part of it. */
async function measureCold(form, { size, stateFile }) {
  const saved = form.fromBytes(await readFile(stateFile));
  const meter = new Meter();
  const { result, ms, longestMs } = await timed(meter, size, () => form.restore(saved));
  await ensureWhole(form, result, size);
  return { coldNs: meter.ns, coldMs: ms, coldLongestMs: longestMs };
}

/** Measures saving, restoring and passing on; or the first restore of a process. */
export async function measureState(form, task) {
  return await (task.isCold ? measureCold(form, task) : measureWarm(form, task));
}
