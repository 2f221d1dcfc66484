/**
 * Opening a gate: empty, from a snapshot, or from a store.
 * @module
 */

import { CoreGate } from "./core.js";
import { invalidOption, isOncewardError, OncewardError } from "./errors.js";
import { CoreOpening, load, newCore } from "./instance.js";
import { readState, toMergeReport } from "./merging.js";
import { type ReadOptions, readNow } from "./options.js";
import { callStore, isDueForSnapshot, Persistence } from "./persistence.js";
import type { Store, StoredState } from "./store.js";

const RANDOM_SECRET_BYTES = 16;

/** How many records are restored before the clock is looked at, and for how long at a time. */
const SLICE_RECORDS = 4096;
const SLICE_MS = 4;

/** How often a gate is opened again when another one was quicker. */
const OPENED_AGAIN_MAX = 5;

/** What was found in the store. */
export interface Recovery {
  /** How many records were found behind the snapshot. */
  readonly records: number;
  /** How many bytes of an interrupted write were left out: it was never confirmed. */
  readonly tornBytes: number;
}

/** A gate that was opened. */
export interface Opened {
  readonly core: CoreGate;
  readonly persistence: Persistence | undefined;
  readonly recovery: Recovery | undefined;
}

/** Opens a gate that has no store, at once. */
export function openNow(options: ReadOptions): Opened {
  if (options.store !== undefined) {
    throw invalidOption("a gate with a store takes time: await Gate.open()");
  }
  const steps = openFrom(options, options.snapshot);
  let step = steps.next();
  while (step.done !== true) {
    step = steps.next();
  }
  return { core: step.value, persistence: undefined, recovery: undefined };
}

/** Opens a gate. */
export async function open(options: ReadOptions): Promise<Opened> {
  const loading = load();
  if (loading !== undefined) {
    await loading;
  }
  const { store } = options;
  if (store === undefined) {
    const core = await inSlices(openFrom(options, options.snapshot));
    return { core, persistence: undefined, recovery: undefined };
  }
  const release = async () => await store.release?.(options.name);
  for (let tries = 1; ; tries += 1) {
    try {
      return await openStored(options, store);
    } catch (error) {
      // What went wrong before matters more.
      await release().catch(() => {});
      // Another writer came between reading and the first write: what was read is old.
      if (!isOncewardError(error) || error.code !== "fenced" || tries > OPENED_AGAIN_MAX) {
        throw error;
      }
    }
  }
}

async function openStored(options: ReadOptions, store: Store): Promise<Opened> {
  const { name, snapshot: given } = options;
  const state = readStored(await callStore("load", () => store.load(name)));
  const core = await inSlices(openFrom(options, state.snapshot ?? given, state.changes));
  try {
    if (given !== undefined && state.snapshot !== undefined) {
      core.followStore(true);
      core.merge(given, false);
    }
    const sizes = {
      snapshot: state.snapshot?.length ?? 0,
      changes: state.changes.reduce((sum, { length }) => sum + length, 0),
    };
    const { tornBytes = 0 } = state;
    const isWhole = state.snapshot !== undefined && tornBytes === 0 && !isDueForSnapshot(sizes);
    const isMerged = given !== undefined && state.snapshot !== undefined;
    if (!isMerged) {
      core.followStore(isWhole);
    } else if (!isWhole) {
      core.restoreStore();
    }
    const persistence = new Persistence(core, store, name, state.version, sizes);
    await persistence.fence();
    // What others have written meanwhile is kept for that: before, this gate might have to start anew.
    persistence.subscribe((changes) => follow(core, options, changes));
    return { core, persistence, recovery: { records: state.changes.length, tornBytes } };
  } catch (error) {
    core.free();
    throw error;
  }
}

/** Takes over what another copy has written. */
function follow(core: CoreGate, { onMerge }: ReadOptions, changes: Uint8Array): void {
  if (core.isClosed) {
    return;
  }
  let report: ReturnType<CoreGate["merge"]>;
  try {
    report = core.merge(readState(changes), true);
  } catch (error) {
    // Without these changes the gate would judge by less than the store has.
    core.fail(
      isOncewardError(error)
        ? error
        : new OncewardError("internal", "merging failed", { cause: error }),
    );
    return;
  }
  onMerge?.(toMergeReport(report));
}

function readStored(state: StoredState | undefined): StoredState {
  if (state === undefined) {
    return { changes: [], version: 0n };
  }
  const { snapshot, changes, version, tornBytes } = Object(state) as StoredState;
  if (typeof version !== "bigint" || !Array.isArray(changes)) {
    throw new OncewardError("store", "the store must load { snapshot, changes, version }");
  }
  const whole = snapshot === undefined ? undefined : readState(snapshot);
  return { snapshot: whole, changes: changes.map(readState), version, tornBytes };
}

/** What may be held up between two steps. */
type Steps = Generator<void, CoreGate, void>;

/** Opens a gate from a snapshot, if there is one, and from what was recorded after it. */
function* openFrom(
  { core: options, secret, clock, onMerge }: ReadOptions,
  snapshot: Uint8Array | undefined,
  changes: readonly Uint8Array[] = [],
): Steps {
  const now = readNow(clock);
  const core =
    snapshot === undefined
      ? new CoreGate(newCore(options, secret ?? drawSecret(), secret === undefined, now))
      : yield* restore(options, snapshot, secret);
  try {
    for (const bytes of changes) {
      yield;
      const report = core.merge(bytes, true);
      if (report.doubleRuns.length > 0) {
        // Copies that wrote to the store at the same time have acted twice: that is never hidden.
        onMerge?.(toMergeReport(report));
      }
    }
    core.read(now);
    return core;
  } catch (error) {
    core.free();
    throw error;
  }
}

function drawSecret(): Uint8Array {
  return crypto.getRandomValues(new Uint8Array(RANDOM_SECRET_BYTES));
}

/** Restores a gate slice by slice. */
function* restore(
  options: ReadOptions["core"],
  snapshot: Uint8Array,
  secret: Uint8Array | undefined,
): Steps {
  const opening = new CoreOpening(options, snapshot, secret);
  try {
    while (!opening.step(SLICE_RECORDS)) {
      yield;
    }
    return new CoreGate(opening.finish());
  } finally {
    opening.free();
  }
}

/** Goes through the steps, so that whatever else there is to do is not held up for long. */
async function inSlices(steps: Steps): Promise<CoreGate> {
  let started = performance.now();
  let step = steps.next();
  while (step.done !== true) {
    if (performance.now() - started > SLICE_MS) {
      await pause();
      started = performance.now();
    }
    step = steps.next();
  }
  return step.value;
}

/** Lets other tasks run. */
function pause(): Promise<void> {
  return new Promise((resolve) => {
    if (typeof MessageChannel === "undefined") {
      // Workers with an older compatibility date.
      setTimeout(resolve);
      return;
    }
    // A message is handed over sooner than a timer goes off, which browsers hold back.
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(undefined);
  });
}
