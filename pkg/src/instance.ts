/**
 * The compiled core: its one lazily made instance, its errors, and what needs no gate.
 *
 * Only this module and `core.ts` know the glue. A trap poisons the instance: its memory may be half
 * written, so every gate in it is dead from then on, and the next gate gets a fresh one.
 * @module
 */

import type { CoreInspection, CoreJournal, CoreOptions } from "./coretypes.js";
import { isErrorCode, OncewardError, ofEvent } from "./errors.js";
import { toRefusal } from "./refusal.js";
import { compileFrom, compileNow, isAtHand } from "./source.js";
import { BUILD } from "./wasm/build.js";
import * as glue from "./wasm/core.js";

/** What the core adds to the errors that it throws. */
interface Thrown extends Error {
  readonly code?: unknown;
  /** Which event of a batch is meant. */
  readonly index?: unknown;
  /** With `lost_claim`: what it says of the event now. */
  readonly refusal?: CoreInspection;
}

/** A running module, and whether a trap has poisoned it. */
export interface Instance {
  readonly module: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
  dead: boolean;
}

let current: Instance | undefined;
let loading: Promise<void> | undefined;

/** Runs a step of starting; what goes wrong there is said in one way. */
function asStartFailure(error: unknown): OncewardError {
  return error instanceof OncewardError
    ? error
    : new OncewardError("internal", "the WebAssembly module could not be started", {
        cause: error,
      });
}

function start(module: WebAssembly.Module): Instance {
  const [mark] = WebAssembly.Module.customSections(module, "onceward");
  if (mark === undefined || new TextDecoder().decode(mark) !== BUILD) {
    throw new OncewardError("invalid_option", "the WebAssembly module is of another build");
  }
  if (current !== undefined) {
    // The glue keeps one instance. After a trap it makes a new one, and forgets all objects of the old.
    glue.__wbg_reset_state();
  }
  return { module, memory: glue.initSync({ module }).memory, dead: false };
}

/**
 * Returns the instance, started anew after a trap.
 *
 * @throws {OncewardError} `invalid_option` where the module has to be loaded, and is not yet.
 */
export function instance(): Instance {
  if (current === undefined || current.dead) {
    try {
      const module = current?.module ?? compileNow();
      if (module === undefined) {
        throw new OncewardError("invalid_option", "WebAssembly is not loaded: await ready() first");
      }
      current = start(module);
    } catch (error) {
      throw asStartFailure(error);
    }
  }
  return current;
}

async function startFrom(given: unknown): Promise<void> {
  try {
    const module = await compileFrom(given);
    // Meanwhile it may have been started from elsewhere.
    current ??= start(module);
  } catch (error) {
    throw asStartFailure(error);
  } finally {
    // What has failed can be tried again.
    loading = undefined;
  }
}

/**
 * Starts the instance, once for all who wait for it, from what is handed in if anything is.
 * Returns `undefined` when there is nothing to wait for.
 */
export function load(given?: unknown): Promise<void> | undefined {
  if (current === undefined && (given !== undefined || !isAtHand())) {
    loading ??= startFrom(given);
    return loading;
  }
  instance();
  return undefined;
}

/** Copies an object of the glue without its prototype, so that nothing absent can be inherited. */
export function own<T extends object>(report: T): T {
  return Object.assign(Object.create(null), report);
}

/** Turns what was thrown in a call into what the caller should see; a trap kills the instance. */
export function translate(thrown: unknown, poisoned: Instance): unknown {
  if (thrown instanceof WebAssembly.RuntimeError) {
    poisoned.dead = true;
    return new OncewardError("internal", "the core failed; open a new gate", { cause: thrown });
  }
  if (thrown instanceof OncewardError || !(thrown instanceof Error)) {
    return thrown;
  }
  const { code, index, refusal: found }: Thrown = thrown;
  if (!isErrorCode(code)) {
    // An error of the caller's own, such as a getter's, passes unchanged.
    return thrown;
  }
  const message = typeof index === "number" ? ofEvent(index, thrown.message) : thrown.message;
  const refusal = found === undefined ? undefined : toRefusal(own(found));
  return new OncewardError(code, message, { refusal });
}

/** Calls the core, started if it has to be; what is thrown in there is thrown as the caller should see it. */
export function run<T>(call: () => T): T {
  const here = instance();
  try {
    return call();
  } catch (thrown) {
    throw translate(thrown, here);
  }
}

/** Returns the canonical text of a JSON value (RFC 8785), in UTF-8. */
export function canonical(value: unknown): Uint8Array {
  return run(() => glue.canonical(value));
}

/** Returns the ordinal, in decimal, that a text means in a notation. */
export function notation(kind: string, text: string): string {
  return run(() => glue.notation(kind, text));
}

/** Opens an empty gate; a secret that was drawn at random is kept in its state. */
export function newCore(
  options: CoreOptions,
  secret: Uint8Array,
  isDrawn: boolean,
  now: number,
): glue.Core {
  return run(() => new glue.Core(options, secret, isDrawn, now));
}

/** A gate that is being opened from its state, slice by slice. */
export class CoreOpening {
  readonly #instance = instance();
  readonly #opening: glue.Opening;

  /** Starts; a secret that is not given is in the bytes. */
  constructor(options: CoreOptions, bytes: Uint8Array, secret: Uint8Array | undefined) {
    this.#opening = run(() => new glue.Opening(options, bytes, secret ?? new Uint8Array()));
  }

  /** Goes on by about so many records; returns whether it is done. */
  step(records: number): boolean {
    return this.#call(() => this.#opening.step(records));
  }

  /** Returns the gate. */
  finish(): glue.Core {
    return this.#call(() => this.#opening.finish());
  }

  /** Gives the memory back. */
  free(): void {
    // Between two slices a trap may have replaced the instance, and in the next one this is not.
    if (!this.#instance.dead) {
      this.#opening.free();
    }
  }

  #call<T>(call: () => T): T {
    if (this.#instance.dead) {
      throw new OncewardError("internal", "the core failed; open the gate again");
    }
    try {
      return call();
    } catch (thrown) {
      throw translate(thrown, this.#instance);
    }
  }
}

/** Returns the tip of an empty journal behind a snapshot. An empty array stands for none. */
export function journalTip(snapshot: Uint8Array, generation: bigint): Uint8Array {
  return run(() => glue.journalTip(snapshot, generation));
}

/** Frames changes as the next record of a journal; the tip is then behind it. */
export function journalRecord(
  tip: Uint8Array,
  changes: Uint8Array,
): { record: Uint8Array; tip: Uint8Array } {
  return run(() => own(glue.journalRecord(tip, changes)));
}

/**
 * Reads a journal back. A write that was interrupted is left out.
 *
 * @throws {OncewardError} `corrupt` when damage lies anywhere but at the end.
 */
export function readJournal(
  snapshot: Uint8Array,
  generation: bigint,
  bytes: Uint8Array,
): { records: Uint8Array[]; tip: Uint8Array; tornBytes: number } {
  const { records, tip, lostBytes } = recovered(snapshot, generation, bytes, false);
  return { records, tip, tornBytes: lostBytes };
}

/** Reads a journal up to the first damage. */
export function salvageJournal(
  snapshot: Uint8Array,
  generation: bigint,
  bytes: Uint8Array,
): CoreJournal {
  return recovered(snapshot, generation, bytes, true);
}

function recovered(
  snapshot: Uint8Array,
  generation: bigint,
  bytes: Uint8Array,
  isSalvage: boolean,
): CoreJournal {
  return run(() => own<CoreJournal>(glue.readJournal(snapshot, generation, bytes, isSalvage)));
}
