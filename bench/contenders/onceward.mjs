/**
 * The gate, in each of the ways in which it can be asked.
 * @module
 */

// Nothing is to be evicted for want of room.
const MAX_BYTES = 2 ** 30;
// With a random secret each run would lay its memory out differently, and the same call of two runs
// would not do the same work.
const SECRET = "a secret of the benchmark";
const FRESH = 0;

/** Returns the package, or throws when it was not built. */
const load = () => import("onceward");

/** Opens a gate whose state is laid out alike in every run. */
export async function openGate(options) {
  const { Gate } = await load();
  return await Gate.open({ maxBytes: MAX_BYTES, secret: SECRET, ...options });
}

/** Adds what all forms have in common to the one thing in which they differ. */
function faceOf(gate, way) {
  return { ...way, bytes: () => gate.stats().bytes, close: () => gate.close() };
}

/** What acting on each verdict takes: a look at its code. */
export function countFresh({ codes }) {
  let fresh = 0;
  for (let index = 0; index < codes.length; index += 1) {
    if (codes[index] === FRESH) {
      fresh += 1;
    }
  }
  return fresh;
}

/** `gate.check({ id })` */
export async function openSingle({ retentionMs }) {
  const gate = await openGate({ retention: retentionMs });
  return faceOf(gate, { check: (id) => gate.check({ id }) === "fresh" });
}

/** `gate.checkId(id)` */
export async function openId({ retentionMs }) {
  const gate = await openGate({ retention: retentionMs });
  return faceOf(gate, { check: (id) => gate.checkId(id) === "fresh" });
}

/** `gate.checkId(id)`, with a clock that stands still while one task runs. */
export async function openIdTaskClock({ retentionMs }) {
  const { taskClock } = await load();
  const gate = await openGate({ retention: retentionMs, clock: taskClock() });
  return faceOf(gate, { check: (id) => gate.checkId(id) === "fresh" });
}

/** `gate.checkIds(ids)` */
export async function openBatch({ retentionMs }) {
  const gate = await openGate({ retention: retentionMs });
  return faceOf(gate, { checkBatch: (ids) => countFresh(gate.checkIds(ids)) });
}

/** `gate.check({ entity, revision })` */
export async function openRevisionsSingle() {
  const gate = await openGate({});
  return faceOf(gate, {
    checkBatch(entities, revisions) {
      let fresh = 0;
      for (let index = 0; index < entities.length; index += 1) {
        const event = { entity: entities[index], revision: revisions[index] };
        if (gate.check(event) === "fresh") {
          fresh += 1;
        }
      }
      return fresh;
    },
  });
}

/** `gate.checkRevisions(entities, revisions)` */
export async function openRevisionsBatch() {
  const gate = await openGate({});
  return faceOf(gate, {
    checkBatch: (entities, revisions) => countFresh(gate.checkRevisions(entities, revisions)),
  });
}

/** Why the package or a part of it cannot be measured, or undefined. */
async function whyMissing(hasIt, what) {
  try {
    return hasIt(await load()) ? undefined : `the built package has no ${what} yet`;
  } catch {
    return "the package is not built: npm run build";
  }
}

export const missingGate = () => whyMissing(({ Gate }) => Gate !== undefined, "Gate");

const hasCheckId = ({ Gate }) => typeof Gate?.prototype.checkId === "function";

export const missingId = () => whyMissing(hasCheckId, "gate.checkId");

export const missingTaskClock = () =>
  whyMissing(
    (parts) => hasCheckId(parts) && typeof parts.taskClock === "function",
    "gate.checkId or taskClock",
  );
