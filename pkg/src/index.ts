/**
 * Let each event through once, and only forwards: idempotency keys, revisions and log positions,
 * judged locally in bounded memory.
 * @module onceward
 */

export type { Claim, ClaimOptions, Doubt } from "./claim.js";
export { taskClock } from "./clock.js";
export { type ErrorCode, isOncewardError, OncewardError } from "./errors.js";
export type { GateEvent, Json, Ordinal } from "./event.js";
export { Gate } from "./gate.js";
export {
  type ContentIdOptions,
  contentId,
  newId,
  RevisionClock,
  type RevisionClockOptions,
} from "./issue.js";
export type { DoubleRun, MergeReport } from "./merging.js";
export type { OnceOptions, Outcome } from "./once.js";
export type { Recovery } from "./opening.js";
export type { Duration, GateOptions, PositionWindow } from "./options.js";
export { ordinal } from "./ordinal.js";
export { type ReadyOptions, ready } from "./ready.js";
export type { Inspection, Refusal } from "./refusal.js";
export { type Lateness, type Order, Sequencer, type SequencerOptions } from "./sequencer.js";
export type { Stage } from "./stage.js";
export type { Stats } from "./stats.js";
export type { Store, StoredState } from "./store.js";
export type { Verdict, Verdicts } from "./verdicts.js";
