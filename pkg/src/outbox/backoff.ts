/**
 * For how long to wait before the next try.
 * @module
 */

/** The bounds of a wait, in milliseconds. */
export interface Backoff {
  readonly base: number;
  readonly cap: number;
}

/** Beyond this many doublings every cap is reached. */
const DOUBLINGS_MAX = 52;

/**
 * Returns a wait that is drawn evenly between 0 and a bound, which doubles with each failure up to
 * the cap: "full jitter", which spreads clients that have failed together as far as can be.
 *
 * @param failures how many tries have failed in a row; 1 after the first.
 * @param random returns a number from 0 up to 1.
 */
export function fullJitter(backoff: Backoff, failures: number, random: () => number): number {
  const doublings = Math.min(Math.max(failures - 1, 0), DOUBLINGS_MAX);
  const bound = Math.min(backoff.cap, backoff.base * 2 ** doublings);
  return Math.floor(random() * (bound + 1));
}
