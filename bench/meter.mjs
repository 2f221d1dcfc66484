/**
 * What is read off the process: the time it was at work, and the memory it takes.
 * @module
 */

/** Adds up the CPU time of what is between `start` and `stop`, in all threads of the process. */
export class Meter {
  #spentUs = 0;
  #events = 0;
  #before;

  start() {
    this.#before = process.cpuUsage();
  }

  stop(events) {
    const { user, system } = process.cpuUsage(this.#before);
    this.#spentUs += user + system;
    this.#events += events;
  }

  /** Nanoseconds an event. */
  get ns() {
    return (this.#spentUs * 1000) / this.#events;
  }
}

/** One turn of the event loop: timers fire, and what waits for the end of a task goes on. */
export const turn = () => new Promise((resolve) => setImmediate(resolve));

/** Returns the memory in use after a collection: on the heap, outside of it, and of the process. */
async function memoryInUse() {
  // Buffers are given back by another thread, after the collection that finds them unused.
  for (let round = 0; round < 2; round += 1) {
    globalThis.gc();
    await turn();
  }
  globalThis.gc();
  // Array buffers and WebAssembly memory are both in `external`.
  const { heapUsed, external, rss } = process.memoryUsage();
  return { heap: heapUsed, outside: external, rss };
}

/**
 * Returns the memory in use before there is anything to measure, once `load` has loaded the library
 * and `warmUp` has had its code compiled. `fixedBytes` is what loading took.
 *
 * Outside of the heap what the warm-up leaves behind counts as the contender's: WebAssembly memory
 * never shrinks, so it will be used again.
 */
export async function memoryBefore(load, warmUp) {
  const bare = await memoryInUse();
  await load();
  const loaded = await memoryInUse();
  await warmUp();
  const warm = await memoryInUse();
  const fixedBytes = loaded.heap + loaded.outside - bare.heap - bare.outside;
  return { heap: warm.heap, outside: loaded.outside, rss: warm.rss, fixedBytes };
}

/** Returns what the memory has grown by for each key, and what the contender says that it takes. */
export async function memoryGrown(before, contender, keys) {
  const { heap, outside, rss } = await memoryInUse();
  return {
    heapBytesPerKey: (heap - before.heap + outside - before.outside) / keys,
    rssBytesPerKey: (rss - before.rss) / keys,
    ownBytesPerKey: contender.bytes === undefined ? undefined : contender.bytes() / keys,
    fixedBytes: before.fixedBytes,
  };
}

/** A count that is not as it must be: then there is no figure. */
export function ensureCount(what, found, expected) {
  if (found !== expected) {
    throw new Error(`${what}: ${found} were fresh, and ${expected} must be`);
  }
}

/** Asks a contender about a chunk of keys, and returns how many are fresh. */
export function judge(contender, keys) {
  if (contender.checkBatch !== undefined) {
    return contender.checkBatch(keys);
  }
  let fresh = 0;
  for (let index = 0; index < keys.length; index += 1) {
    if (contender.check(keys[index])) {
      fresh += 1;
    }
  }
  return fresh;
}
