/**
 * Randomness that a seed repeats.
 * @module
 */

/** Draws numbers from 0 up to 1. */
export type Random = () => number;

/**
 * Returns a source of numbers for one part of the simulation (mulberry32). Each part has its own,
 * so that a change to one does not change what the others draw.
 */
export function seeded(seed: number, part: string): Random {
  let state = seed >>> 0;
  for (const character of part) {
    state = Math.imul(state ^ (character.codePointAt(0) ?? 0), 0x9e3779b1) >>> 0;
  }
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Draws a whole number from 0 up to a limit. */
export function below(random: Random, limit: number): number {
  return Math.floor(random() * limit);
}
