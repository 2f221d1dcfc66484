/**
 * Numbers that look random and are the same in every run.
 * @module
 */

/** Returns a generator of numbers from 0 up to a limit (mulberry32). */
export function seeded(seed) {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  return {
    /** A whole number below the limit. */
    below: (limit) => Math.floor(next() * limit),
    /** Whether something happens that has the given chance. */
    chance: (probability) => next() < probability,
    /** One of the items. */
    pick: (items) => items[Math.floor(next() * items.length)],
  };
}
