/**
 * The simulation, as its users in pages and tests need it.
 * @module
 */

export { type Deviation, errorOf } from "./consumers.js";
export type { Flight } from "./network.js";
export { DEFAULTS, KNOBS, type Knob, readShared, type Settings, writeShared } from "./settings.js";
export { NOBODY, Simulation, STEP_MS, type Watcher } from "./simulation.js";
export { ACCOUNTS, type Issued, SYMBOLS, type Values } from "./world.js";
