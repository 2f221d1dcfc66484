/**
 * The file of results: every measurement, and in which run it was taken.
 *
 * A scenario is always of one run, since its figures are compared. Scenarios that are measured anew
 * take the place of what there was of them; the others stay, with the run that they are of.
 * @module
 */
import { readFile, writeFile } from "node:fs/promises";
import { SCENARIOS } from "./options.mjs";

/** Files that were written when there was one run for all have no list of runs. */
function withRuns({ runs, measurements, ...run }) {
  if (runs !== undefined) {
    return { runs, measurements };
  }
  const scenarios = SCENARIOS.filter((name) =>
    measurements.some(({ scenario }) => scenario === name),
  );
  return { runs: [{ scenarios, ...run }], measurements };
}

/** Reads results: `{ runs, measurements }`, or undefined when there is no such file. */
export async function readResults(file) {
  let text;
  try {
    text = await readFile(file, "utf8");
  } catch (error) {
    if (error.code === "ENOENT") {
      return undefined;
    }
    throw error;
  }
  return withRuns(JSON.parse(text));
}

/** No more digits than mean anything; the report is made of these, and so can be made anew. */
function rounded(measurement) {
  const round = (_, value) => (typeof value === "number" ? Number(value.toPrecision(6)) : value);
  return JSON.parse(JSON.stringify(measurement, round));
}

/** Returns the results with a new run, and of the earlier ones what it does not measure anew. */
export function withRun(earlier, run, measurements) {
  const isKept = (scenario) => !run.scenarios.includes(scenario);
  const runs = (earlier?.runs ?? [])
    .map((other) => ({ ...other, scenarios: other.scenarios.filter(isKept) }))
    .filter(({ scenarios }) => scenarios.length > 0);
  const kept = (earlier?.measurements ?? []).filter(({ scenario }) => isKept(scenario));
  const all = [...kept, ...measurements.map(rounded)];
  return {
    runs: [...runs, run],
    measurements: SCENARIOS.flatMap((name) => all.filter(({ scenario }) => scenario === name)),
  };
}

/** One measurement a line. */
function toJson({ measurements, ...about }) {
  const lines = measurements.map((measurement) => `    ${JSON.stringify(measurement)}`);
  const head = JSON.stringify({ ...about, measurements: [] }, undefined, 2);
  return `${head.replace(/\[\]\n\}$/, () => `[\n${lines.join(",\n")}\n  ]\n}`)}\n`;
}

/** Writes results. */
export async function writeResults(file, results) {
  await writeFile(file, toJson(results));
}
