/**
 * Taking one measurement: in a process of its own, or in several.
 * @module
 */
import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { measureNative } from "./contenders/native.mjs";
import { combineWorst, WORST_RUNS } from "./scenarios/worst.mjs";

const execute = promisify(execFile);
const CHILD = fileURLToPath(new URL("./child.mjs", import.meta.url));
// Five million keys in a cache of objects do not fit into the heap that Node gives by default.
const NODE_ARGS = ["--expose-gc", "--max-old-space-size=6144"];

/** Runs a measurement in a process of its own. A child that fails says so in its line. */
async function runChild(task) {
  try {
    const { stdout } = await execute(process.execPath, [...NODE_ARGS, CHILD, JSON.stringify(task)]);
    return JSON.parse(stdout);
  } catch ({ stdout, message }) {
    try {
      return JSON.parse(stdout);
    } catch {
      return { error: message };
    }
  }
}

async function inFolder(use) {
  const folder = await mkdtemp(join(tmpdir(), "onceward-bench-"));
  try {
    return await use(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** The same thing several times, of which the times of each single call are put together. */
async function runWorst(task) {
  return await inFolder(async (folder) => {
    const rawWorstUs = [];
    const files = [];
    for (let run = 0; run < WORST_RUNS; run += 1) {
      const timesFile = join(folder, String(run));
      const figures = await runChild({ ...task, timesFile });
      if (figures.error !== undefined) {
        return figures;
      }
      files.push(timesFile);
      rawWorstUs.push(figures.rawWorstUs);
    }
    return { ...(await combineWorst(files)), rawWorstUs };
  });
}

/** The state is restored once more, by a process that has done nothing before. */
async function runState(task, canRestore) {
  return await inFolder(async (folder) => {
    const whole = { ...task, stateFile: join(folder, "state") };
    const figures = await runChild(whole);
    if (figures.error !== undefined || !canRestore) {
      return figures;
    }
    return { ...figures, ...(await runChild({ ...whole, isCold: true })) };
  });
}

/** Takes one measurement: the figures, or `error`. */
export async function measure(contender, task, native) {
  if (contender.native !== undefined) {
    return await measureNative(native.executable, contender, task);
  }
  const whole = { ...task, contender: contender.name };
  switch (task.scenario) {
    case "worst":
      return await runWorst(whole);
    case "state":
      return await runState(whole, contender.restore !== undefined);
    default:
      return await runChild(whole);
  }
}
