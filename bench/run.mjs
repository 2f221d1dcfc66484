/**
 * Measures the gate beside what else is used for the job, and writes a report.
 *
 *   npm run bench                 everything: about half an hour on two cores
 *   npm run bench -- --quick      small sizes: some minutes
 *   npm run bench -- --help       the options
 *
 * The machine should have nothing else to do. A wrong answer of any contender is an error.
 * @module
 */
import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { main } from "../scripts/steps.mjs";
import { buildNative, measureNative } from "./contenders/native.mjs";
import { describeMachine, describePackages } from "./machine.mjs";
import { readArguments } from "./options.mjs";
import { makePlan } from "./plan.mjs";
import { writeReport } from "./report/index.mjs";
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

/** The same thing several times, of which the times of each single call are put together. */
async function runWorst(task) {
  const folder = await mkdtemp(join(tmpdir(), "onceward-bench-"));
  try {
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
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function measure(contender, task, native) {
  if (contender.native !== undefined) {
    return await measureNative(native.executable, contender, task);
  }
  const whole = { ...task, contender: contender.name };
  return await (task.scenario === "worst" ? runWorst(whole) : runChild(whole));
}

function describeFigures(figures) {
  if (figures.error !== undefined) {
    return `ERROR: ${figures.error}`;
  }
  return Object.entries(figures)
    .filter(([, figure]) => typeof figure === "number")
    .map(([name, figure]) => `${name} ${figure.toPrecision(3)}`)
    .join("  ");
}

function minutesLeft(started, done, total) {
  const minutes = ((performance.now() - started) / done) * ((total - done) / 60_000);
  return `${minutes.toFixed(1)} min left`;
}

/** Carries out the plan; calls `save` after each case, so that little is lost when it is stopped. */
async function carryOut(cases, repetitions, native, save) {
  const total = cases.reduce((sum, { contenders }) => sum + contenders.length, 0) * repetitions;
  const started = performance.now();
  const measurements = [];
  for (const { task, contenders } of cases) {
    console.log(`\n==> ${Object.values(task).join(" ")}`);
    for (let repetition = 1; repetition <= repetitions; repetition += 1) {
      for (const contender of contenders) {
        const figures = await measure(contender, task, native);
        measurements.push({ ...task, contender: contender.name, repetition, ...figures });
        const progress = `[${measurements.length}/${total}, ${minutesLeft(started, measurements.length, total)}]`;
        console.log(`${progress} ${contender.name} ${repetition}: ${describeFigures(figures)}`);
      }
    }
    await save(measurements);
  }
  return measurements;
}

/** Writes the results as JSON, one measurement a line, with no more digits than mean anything. */
function toJson({ measurements, ...about }) {
  const round = (_, value) => (typeof value === "number" ? Number(value.toPrecision(6)) : value);
  const lines = measurements.map((measurement) => `    ${JSON.stringify(measurement, round)}`);
  const head = JSON.stringify({ ...about, measurements: [] }, undefined, 2);
  return `${head.replace(/\[\]\n\}$/, () => `[\n${lines.join(",\n")}\n  ]\n}`)}\n`;
}

async function runAll(options) {
  console.log("Building the native executable …");
  const native = await buildNative();
  const { cases, skipped } = await makePlan(options, native);
  for (const [name, reason] of Object.entries(skipped)) {
    console.log(`LEFT OUT: ${name}: ${reason}`);
  }
  const folder = options.out ?? options.folder;
  await mkdir(folder, { recursive: true });
  const started = new Date();
  const results = {
    date: started.toISOString().slice(0, 10),
    command: options.command,
    repetitions: options.repetitions,
    machine: describeMachine(),
    packages: describePackages(),
    skipped,
  };
  const file = join(folder, "results.json");
  await carryOut(cases, options.repetitions, native, async (measurements) => {
    results.minutes = Math.round((Date.now() - started) / 6000) / 10;
    results.measurements = measurements;
    await writeFile(file, toJson(results));
  });
  return { results, folder };
}

async function readResults({ reportOnly, out }) {
  const results = JSON.parse(await readFile(reportOnly, "utf8"));
  return { results, folder: out ?? dirname(reportOnly) };
}

await main(async () => {
  const options = readArguments(process.argv.slice(2));
  if (options.print !== undefined) {
    console.log(options.print);
    return;
  }
  const read = options.reportOnly === undefined ? runAll : readResults;
  const { results, folder } = await read(options);
  const errors = results.measurements.filter(({ error }) => error !== undefined);
  await mkdir(folder, { recursive: true });
  console.log(await writeReport(results, folder));
  console.log(`Written to ${folder}.`);
  for (const { scenario, size, contender, repetition, error } of errors) {
    console.error(`ERROR: ${scenario} ${size}, ${contender}, repetition ${repetition}: ${error}`);
  }
  process.exitCode = errors.length === 0 ? 0 : 1;
});
