/**
 * Let each event through once, and only forwards: idempotency keys, revisions and log positions,
 * judged locally in bounded memory.
 * @module
 */

export { type ErrorCode, isOncewardError, OncewardError } from "./errors.js";
export type { GateEvent, Json, Ordinal } from "./event.js";
export { Gate, type Inspection, type Stats } from "./gate.js";
export type { Duration, GateOptions } from "./options.js";
export { ordinal } from "./ordinal.js";
export type { Verdict, Verdicts } from "./verdicts.js";
