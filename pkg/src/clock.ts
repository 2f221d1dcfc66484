/**
 * A clock for code that judges many events one by one.
 * @module
 */

/**
 * Returns a clock that reads another one once, and again only after the running code has returned
 * or awaited.
 *
 * Reading the machine's clock can cost as much as a third of judging a key. Within one run of
 * synchronous code the time then stands still, as it does in some edge runtimes anyway; a loop that
 * runs for minutes without awaiting should keep to `Date.now`.
 *
 * @example
 * ```ts
 * const gate = await Gate.open({ clock: taskClock() });
 * for (const id of ids) gate.checkId(id); // one reading of the clock
 * ```
 */
export function taskClock(clock: () => number = Date.now): () => number {
  let now: number | undefined;
  const forget = (): void => {
    now = undefined;
  };
  return () => {
    if (now === undefined) {
      now = clock();
      queueMicrotask(forget);
    }
    return now;
  };
}
