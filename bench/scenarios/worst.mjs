/**
 * How long a single call takes at worst while keys come from nothing to many.
 *
 * One run tells little: whatever else the machine does hits some call. So the same is done three
 * times, each in a process of its own, and of each call the shortest time counts: what is left is
 * what the call takes every time. A pause of the garbage collector counts as far as it comes at the
 * same call each time, which is rare.
 * @module
 */
import { readFile, writeFile } from "node:fs/promises";
import { fillOrder } from "../keys.mjs";
import { ensureCount, turn } from "../meter.mjs";
import { RETENTION_MS, warmUp } from "./keys.mjs";

/** How often the same is done. */
export const WORST_RUNS = 3;

/** Times each call of a fill, and writes the times to a file. */
export async function measureWorst({ open }, { size, timesFile }) {
  await warmUp(open, RETENTION_MS);
  const contender = await open({ size, retentionMs: RETENTION_MS });
  const timesUs = new Float32Array(size * 2);
  let call = 0;
  for (const { keys, fresh } of fillOrder(size)) {
    let found = 0;
    for (let index = 0; index < keys.length; index += 1, call += 1) {
      const started = performance.now();
      const isFresh = contender.check(keys[index]);
      timesUs[call] = (performance.now() - started) * 1000;
      found += isFresh ? 1 : 0;
    }
    ensureCount("fill", found, fresh);
    await turn();
  }
  await writeFile(timesFile, timesUs);
  return { rawWorstUs: timesUs.reduce((most, time) => Math.max(most, time), 0) };
}

/** Puts the times of several runs together. */
export async function combineWorst(timesFiles) {
  let leastUs;
  for (const file of timesFiles) {
    const { buffer, byteOffset, byteLength } = await readFile(file);
    const timesUs = new Float32Array(buffer.slice(byteOffset, byteOffset + byteLength));
    leastUs = leastUs?.map((time, call) => Math.min(time, timesUs[call])) ?? timesUs;
  }
  leastUs.sort();
  const at = (share) => leastUs[Math.ceil(leastUs.length * share) - 1];
  return { worstUs: at(1), p9999Us: at(0.9999), p999Us: at(0.999), medianUs: at(0.5) };
}
