/**
 * Who puts messages back in order: `push(message)` gives those whose turn it is.
 * @module
 */
import { missingGate } from "./onceward.mjs";

export const ORDER_MAP = "Map of waiting messages";
export const ORDER_SEQUENCER = "onceward Sequencer";

/** How messages come. */
export const ORDER_KINDS = ["in order", "in swapped pairs", "within 64 of their place"];

/**
 * A reorder buffer as an application would write it: without limits, times, or state to keep, and it
 * cannot tell what was skipped.
 */
function openReorderMap() {
  const scopes = new Map();
  return {
    push(message) {
      let own = scopes.get(message.scope);
      if (own === undefined) {
        own = { next: 0, waiting: new Map() };
        scopes.set(message.scope, own);
      }
      if (message.order < own.next || own.waiting.has(message.order)) {
        return [];
      }
      if (message.order > own.next) {
        own.waiting.set(message.order, message);
        return [];
      }
      const released = [message];
      own.next += 1;
      for (let found = own.waiting.get(own.next); found; found = own.waiting.get(own.next)) {
        own.waiting.delete(own.next);
        own.next += 1;
        released.push(found);
      }
      return released;
    },
  };
}

async function openSequencer() {
  const { Sequencer, taskClock } = await import("onceward");
  const sequencer = new Sequencer({
    by: ({ scope, order }) => ({ scope, order }),
    release: "next",
    first: 0,
    clock: taskClock(),
  });
  return { push: (message) => sequencer.push(message), bytes: () => sequencer.bytes };
}

export const ORDER_CONTENDERS = [
  { name: ORDER_MAP, open: openReorderMap, main: true },
  { name: ORDER_SEQUENCER, open: openSequencer, main: true, missing: missingGate },
];
