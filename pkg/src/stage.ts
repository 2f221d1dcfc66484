/**
 * Judging now and recording later, in the user's own transaction.
 * @module
 */

import { Batch, withSheet } from "./batch.js";
import type { CoreGate } from "./core.js";
import type { CoreStage } from "./coretypes.js";
import { invalidEvent } from "./errors.js";
import { kindOf } from "./event.js";
import { readNow } from "./options.js";
import { Verdicts } from "./verdicts.js";

/**
 * Events that were judged, and are recorded once the stage is kept. Until then those that are fresh
 * are `pending` for everyone.
 *
 * @example
 * ```ts
 * const stage = gate.stage(events);
 * try {
 *   await inTransaction((tx) => { apply(tx, events, stage.verdicts); save(tx, stage.changes); });
 *   stage.keep();
 * } catch (error) {
 *   stage.drop();
 *   throw error;
 * }
 * ```
 */
export class Stage {
  /** The verdicts, in the order of the events. */
  readonly verdicts: Verdicts;

  /** What keeping it records, as bytes to be merged: by `merge`, or from a store that was given them. */
  readonly changes: Uint8Array;

  readonly #core: CoreGate;
  readonly #number: number;
  readonly #ended: () => void;

  /** @internal */
  constructor(core: CoreGate, { number, codes, changes }: CoreStage, ended: () => void) {
    this.verdicts = new Verdicts(codes);
    this.changes = changes;
    this.#core = core;
    this.#number = number;
    this.#ended = ended;
  }

  /**
   * Records what was judged, exactly as merging `changes` would. After `drop` it does nothing.
   *
   * @throws {OncewardError} `closed`.
   */
  keep(): void {
    this.#core.keep(this.#number);
    this.#ended();
  }

  /**
   * Forgets what was judged. After `keep` it does nothing.
   *
   * @throws {OncewardError} `closed`.
   */
  drop(): void {
    this.#core.dropStage(this.#number);
    this.#ended();
  }
}

/** Judges events, to be recorded later; `ended` is called when the stage is kept or dropped. */
export function stageEvents(
  core: CoreGate,
  clock: () => number,
  events: unknown,
  ended: () => void,
): Stage {
  core.live();
  if (!Array.isArray(events)) {
    throw invalidEvent(`events must be an array, not ${kindOf(events)}`);
  }
  return withSheet((sheet) => {
    const batch = new Batch(sheet);
    const count = events.length;
    for (let index = 0; index < count; index += 1) {
      batch.addEvent(events[index]);
    }
    return new Stage(core, batch.stage(core, readNow(clock)), ended);
  });
}
