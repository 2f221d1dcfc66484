/**
 * Who of the copies in one process sends: the first that asks, then the next in line.
 * @module
 */

import type { GiveBack } from "./storage.js";

/** A line of copies. */
export class Line {
  #last: Promise<void> = Promise.resolve();

  /**
   * Resolves when it is the caller's turn.
   *
   * @throws what the signal was aborted with.
   */
  async wait(signal: AbortSignal): Promise<GiveBack> {
    signal.throwIfAborted();
    const before = this.#last;
    let leave = (): void => {};
    const mine = new Promise<void>((resolve) => {
      leave = resolve;
    });
    this.#last = before.then(() => mine);
    try {
      await untilAborted(before, signal);
    } catch (error) {
      // Whoever comes next waits for those before, and not for this one.
      leave();
      throw error;
    }
    return async () => leave();
  }
}

async function untilAborted(turn: Promise<void>, signal: AbortSignal): Promise<void> {
  let stop = (): void => {};
  const aborted = new Promise<never>((_, reject) => {
    stop = () => reject(signal.reason);
    signal.addEventListener("abort", stop);
  });
  try {
    await Promise.race([turn, aborted]);
  } finally {
    signal.removeEventListener("abort", stop);
  }
}
