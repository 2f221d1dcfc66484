/**
 * A clock that goes as fast as the events do, since a window of real time would take hours to pass.
 *
 * It stands in for all that a library learns the time by: `Date.now`, `performance.now`, and the
 * timers, which fire between two chunks, as they would between two tasks. It must be installed
 * before the library is loaded. Reading it costs next to nothing, which favours those that read the
 * clock at every call.
 * @module
 */

const START_MS = 1_790_000_000_000;

let passedMs = 0;
let lastTimer = 0;
const timers = new Map();

/** Lets time pass. */
export function pass(ms) {
  passedMs += ms;
}

function setSimulatedTimeout(action, delayMs = 0) {
  lastTimer += 1;
  const timer = {
    id: lastTimer,
    due: passedMs + Math.max(1, delayMs),
    action,
    ref: () => timer,
    unref: () => timer,
  };
  timers.set(timer.id, timer);
  return timer;
}

/** Runs the timers that are due. What these set anew is not run before the next time. */
export function runTimers() {
  for (const timer of [...timers.values()]) {
    if (timer.due <= passedMs && timers.delete(timer.id)) {
      timer.action();
    }
  }
}

/** Puts this clock in the place of the real one. */
export function installSimulatedTime() {
  Date.now = () => START_MS + passedMs;
  performance.now = () => passedMs;
  globalThis.setTimeout = setSimulatedTimeout;
  globalThis.clearTimeout = (timer) => timers.delete(timer?.id);
}
