/**
 * Keys from nothing to many, and then known ones only; with the memory that they take.
 * @module
 */
import { fillOrder, probeOrder } from "../keys.mjs";
import { ensureCount, judge, Meter, memoryBefore, memoryGrown, turn } from "../meter.mjs";

/** Up to so many keys a structure is measured as one that has long been in use. */
export const LONG_LIVED_MAX = 1000;
export const RETENTION_MS = 7 * 86_400_000;

const PROBES = 1_000_000;
// Some are asked for before it is measured: what is measured is long use.
const PROBES_BEFORE = 100_000;
const WARM_UP_KEYS = 16_384;
// Compiling, which other threads do meanwhile, would otherwise be most of what a small fill takes.
const WARM_UPS = 6;
// Enough for what compiling leaves on the heap not to be taken for the keys' memory.
const WARM_UPS_FOR_MEMORY = 2;

/** Runs one order of events past a contender, and measures what its answers take. */
async function run(contender, order, what) {
  const meter = new Meter();
  for (const { keys, fresh } of order) {
    meter.start();
    const found = judge(contender, keys);
    meter.stop(keys.length);
    ensureCount(what, found, fresh);
    await turn();
  }
  return meter.ns;
}

async function probe(contender, size) {
  await run(contender, probeOrder(size, PROBES_BEFORE), "warm-up");
  return await run(contender, probeOrder(size, PROBES), "probe");
}

/** Lets instances that are thrown away meet both kinds of keys, until the code is compiled. */
export async function warmUp(open, retentionMs, rounds = WARM_UPS) {
  for (let round = 0; round < rounds; round += 1) {
    const contender = await open({ size: WARM_UP_KEYS, retentionMs });
    await run(contender, fillOrder(WARM_UP_KEYS), "warm-up");
    await contender.close?.();
  }
}

/**
 * Loads the library, has its code compiled, and returns the memory in use before there are keys. The
 * collections that this takes throw compiled code away, so most of the warming up comes afterwards.
 */
export async function prepare(open, retentionMs) {
  await run({ checkBatch: () => 0 }, probeOrder(WARM_UP_KEYS, WARM_UP_KEYS), "no contender");
  const load = async () => {
    const first = await open({ size: 1, retentionMs });
    judge(first, ["a key"]);
    await first.close?.();
  };
  const before = await memoryBefore(load, () => warmUp(open, retentionMs, WARM_UPS_FOR_MEMORY));
  await warmUp(open, retentionMs);
  return before;
}

async function measureLongLived({ open }, size) {
  await warmUp(open, RETENTION_MS);
  const contender = await open({ size, retentionMs: RETENTION_MS });
  await run(contender, fillOrder(size), "fill");
  return { probeNs: await probe(contender, size) };
}

/** Measures a fill, the memory after it, and a probe. */
export async function measureKeys({ open }, { size }) {
  if (size <= LONG_LIVED_MAX) {
    return await measureLongLived({ open }, size);
  }
  const before = await prepare(open, RETENTION_MS);
  const contender = await open({ size, retentionMs: RETENTION_MS });
  const fillNs = await run(contender, fillOrder(size), "fill");
  const memory = await memoryGrown(before, contender, size);
  const probeNs = await probe(contender, size);
  return { fillNs, probeNs, ...memory };
}
