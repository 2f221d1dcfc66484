/**
 * The one suite that every consumer runs: it is given the package as that consumer imports it, and
 * says what it saw. It needs nothing of any platform.
 *
 * Clock and secret are the suite's own, so that all runtimes must end with the same bytes.
 * @module
 */
import { checkIssuing } from "./smoke/issuing.mjs";
import { checkClaims, checkKeys, checkPositions, checkRevisions } from "./smoke/judging.mjs";
import { checkMany } from "./smoke/many.mjs";
import { checkErrors, checkMerging, checkStages, checkState } from "./smoke/state.mjs";
import { startWatching } from "./smoke/watch.mjs";
import { Witness } from "./smoke/witness.mjs";

// This module is imported before the package, so that it sees what importing that does.
const watch = startWatching();

/** The parts of the suite, in their order. */
const PARTS = {
  keys: checkKeys,
  revisions: checkRevisions,
  positions: checkPositions,
  claims: checkClaims,
  state: checkState,
  merging: checkMerging,
  stages: checkStages,
  errors: checkErrors,
  many: checkMany,
  issuing: checkIssuing,
};

/** The names of the parts. */
export const PART_NAMES = ["import", "opening", ...Object.keys(PARTS)];

/** Whether code may be made from text here, which strict runtimes refuse. */
function canEvaluate() {
  try {
    return new Function("return 1")() === 1;
  } catch {
    return false;
  }
}

/** What comes of opening a gate before anything was loaded: a gate, or the code of the error. */
function openFirst({ Gate }) {
  try {
    const gate = Gate.openSync();
    return gate.check({ id: "a" }) === "fresh" ? "gate" : "a gate that does not work";
  } catch (error) {
    return error.code ?? String(error);
  }
}

/** Opens many gates at once: they are gates of their own, in one instance of the module. */
async function checkOpening({ Gate }, witness) {
  const gates = await Promise.all(Array.from({ length: 8 }, () => Gate.open()));
  const first = gates.map((gate) => gate.check({ id: "a" }));
  const second = gates.map((gate) => gate.check({ id: "a" }));
  witness.is(first, Array(8).fill("fresh"), "the first event of each gate");
  witness.is(second, Array(8).fill("duplicate"), "the same event again");
  await Promise.all(gates.map((gate) => gate.close()));
  witness.is(watch.instances, 1, "instances of the module");
}

async function run(onceward, { wasm }) {
  const witness = new Witness();
  const seen = [];
  witness.is(watch.instances + watch.requests, 0, "instances and requests made by importing");
  watch.stopCountingRequests();
  seen.push("import");
  const sync = openFirst(onceward);
  if (wasm !== undefined) {
    await onceward.ready({ wasm });
  }
  await checkOpening(onceward, witness);
  seen.push("opening");
  for (const [name, check] of Object.entries(PARTS)) {
    witness.part = name;
    await check(onceward, witness);
    seen.push(name);
  }
  return { parts: seen, assertions: witness.count, digest: witness.digest, sync };
}

/**
 * Runs the suite once, and never throws: an error is an answer, too.
 *
 * @param options.wasm what `ready` is given before the first `Gate.open`, where that is needed.
 * @returns `{ parts, assertions, digest, sync, canEvaluate }`, or `{ error }`.
 */
export async function answer(onceward, options = {}) {
  try {
    return { ...(await run(onceward, options)), canEvaluate: canEvaluate() };
  } catch (error) {
    const { name, message, code, stack, cause } = Object(error);
    const because = cause === undefined ? undefined : String(cause);
    return { error: { name, message: message ?? String(error), code, stack, because } };
  }
}
