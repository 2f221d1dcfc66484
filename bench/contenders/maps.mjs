/**
 * What the language itself has for the job.
 * @module
 */

// How many keys are added between two looks at the oldest ones. Each look starts an iteration, and
// that has to skip what was deleted before it, so looking at every call would be far slower.
const PURGE_EVERY = 1024;

/** A set never forgets, so it is only fit for what ends soon. */
export function openSet() {
  const known = new Set();
  return {
    check(key) {
      if (known.has(key)) {
        return false;
      }
      known.add(key);
      return true;
    },
  };
}

/**
 * A map keeps its keys in the order in which they came, so the oldest are at its beginning. What is
 * too old is noticed when it is read; what nobody reads again is dropped from the beginning.
 */
export function openMap({ retentionMs }) {
  const times = new Map();
  let added = 0;

  function purge(now) {
    for (const [key, time] of times) {
      if (now - time <= retentionMs) {
        return;
      }
      times.delete(key);
    }
  }

  return {
    check(key) {
      const now = Date.now();
      const time = times.get(key);
      if (time !== undefined) {
        if (now - time <= retentionMs) {
          return false;
        }
        // Deleted, so that it is added at the end.
        times.delete(key);
      }
      times.set(key, now);
      added += 1;
      if (added % PURGE_EVERY === 0) {
        purge(now);
      }
      return true;
    },
  };
}
