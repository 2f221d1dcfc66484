/**
 * A gate that is opened when it is first needed, and again when it cannot go on.
 * @module
 */

import type { Gate } from "../gate.js";

/**
 * Makes a function that opens a gate when it is first called, and returns the same one from then
 * on. When opening failed, or the gate was fenced, closed or has failed, the next call opens it
 * again.
 *
 * A store has one writer: two processes that both keep a gate open on it fence each other all the
 * time. Nothing is acted on twice for that, but little is done.
 *
 * @example
 * ```ts
 * const gate = keepOpen(() => Gate.open({ store: file("state"), name: "payments" }));
 * const fetch = idempotent(handler, { gate, scope });
 * ```
 */
export function keepOpen(open: () => Promise<Gate>): () => Promise<Gate> {
  let opening: Promise<Gate> | undefined;
  return async () => {
    const last = opening;
    if (last !== undefined) {
      try {
        const gate = await last;
        // It says so in every call when it cannot go on.
        gate.stats();
        return gate;
      } catch {
        if (opening === last) {
          opening = undefined;
        }
      }
    }
    opening ??= open();
    return await opening;
  };
}
