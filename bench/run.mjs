/**
 * Measures the gate beside what else is used for the job, and writes a report.
 *
 *   npm run bench                 everything: about three quarters of an hour on two cores
 *   npm run bench -- --quick      small sizes: some minutes
 *   npm run bench -- --help       the options
 *
 * The machine should have nothing else to do. A wrong answer of any contender is an error.
 * @module
 */
import { mkdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { Failure, main } from "../scripts/steps.mjs";
import { contendersOf } from "./contenders/index.mjs";
import { buildNative } from "./contenders/native.mjs";
import { describeMachine, describePackages } from "./machine.mjs";
import { measure } from "./measure.mjs";
import { readArguments } from "./options.mjs";
import { makePlan } from "./plan.mjs";
import { writeReport } from "./report/index.mjs";
import { readResults, withRun, writeResults } from "./results.mjs";

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

/** Builds what is measured natively, unless nothing of that kind takes part. */
async function buildFor(scenarios) {
  if (!scenarios.flatMap(contendersOf).some(({ native }) => native !== undefined)) {
    return {};
  }
  console.log("Building the native executable …");
  return await buildNative();
}

/** Measures; what the folder has of other scenarios stays as it is. */
async function runAll(options) {
  const folder = options.out ?? options.folder;
  const file = join(folder, "results.json");
  await mkdir(folder, { recursive: true });
  const earlier = await readResults(file);
  const native = await buildFor(options.scenarios);
  const { cases, skipped } = await makePlan(options, native);
  for (const [name, reason] of Object.entries(skipped)) {
    console.log(`LEFT OUT: ${name}: ${reason}`);
  }
  const started = new Date();
  const run = {
    scenarios: options.scenarios,
    date: started.toISOString().slice(0, 10),
    command: options.command,
    repetitions: options.repetitions,
    machine: describeMachine(),
    packages: describePackages(),
    skipped,
  };
  let results;
  await carryOut(cases, options.repetitions, native, async (measurements) => {
    const minutes = Math.round((Date.now() - started) / 6000) / 10;
    results = withRun(earlier, { ...run, minutes }, measurements);
    await writeResults(file, results);
  });
  return { results, folder };
}

async function readAgain({ reportOnly, out }) {
  const results = await readResults(reportOnly);
  if (results === undefined) {
    throw new Failure(`there is no ${reportOnly}`);
  }
  return { results, folder: out ?? dirname(reportOnly) };
}

await main(async () => {
  const options = readArguments(process.argv.slice(2));
  if (options.print !== undefined) {
    console.log(options.print);
    return;
  }
  const read = options.reportOnly === undefined ? runAll : readAgain;
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
