/**
 * Gates whose clock and secret are the suite's own.
 * @module
 */

/** Where all clocks start. */
export const START = 1_790_000_000_000;

/** The secret of all gates of the suite. */
export const SECRET = "the matrix";

/** Opens a gate whose clock stands at `clock.now` until that is changed. */
export async function openGate({ Gate }, options) {
  const clock = { now: START };
  const gate = await Gate.open({ secret: SECRET, clock: () => clock.now, ...options });
  return { gate, clock };
}
