/**
 * The one place from which the pages get the package.
 * @module
 */

import { Gate, type GateOptions } from "onceward";

export { ordinal } from "onceward";

/** Opens a gate, and before the first one, the module. */
export async function openGate(options: GateOptions): Promise<Gate> {
  return await Gate.open(options);
}
