/**
 * The one place from which the pages get the package, and the only one that knows where its module
 * lies: beside the scripts, as a file that is compiled while it comes in.
 * @module
 */

import { Gate, type GateOptions, ready } from "onceward/external";

export { isOncewardError, ordinal } from "onceward/external";

/** The module, as all pages, workers and the service worker ask for it. */
const MODULE = "gate.wasm";

/** Opens a gate, and before the first one, the module. */
export async function openGate(options: GateOptions): Promise<Gate> {
  await ready({ wasm: new URL(MODULE, location.href) });
  return await Gate.open(options);
}
