/**
 * Packs the package, installs it into every consumer, and runs the same suite there.
 *
 *   node matrix/run.mjs                     the quick ones, as npm test does
 *   node matrix/run.mjs --all               all of them, as npm run test:matrix does
 *   node matrix/run.mjs --only deno,bun     the named ones
 *   node matrix/run.mjs --tarball x.tgz     that package, as it was packed
 *   node matrix/run.mjs --list              their names
 *
 * It goes on after a failure, and fails at the end. Unless only some are named, the results go to
 * matrix/results.json.
 * @module
 */
import { writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { Failure, main } from "../scripts/steps.mjs";
import { CONSUMERS } from "./consumers.mjs";
import { Browsers } from "./lib/browsers.mjs";
import { matrixFolder } from "./lib/command.mjs";
import { makeFolder, pack } from "./lib/folder.mjs";
import { judge, referenceOf } from "./lib/judge.mjs";
import { startSite } from "./lib/site.mjs";
import { checkTable } from "./table.mjs";

const seconds = (since) => (performance.now() - since) / 1000;

function choose({ only, all }) {
  if (only === undefined) {
    return CONSUMERS.filter(({ long }) => all || !long);
  }
  return only.split(",").map((name) => {
    const found = CONSUMERS.find((consumer) => consumer.name === name);
    if (found === undefined) {
      throw new Failure(`there is no consumer "${name}". --list names them.`);
    }
    return found;
  });
}

/** Runs all ways of one consumer; a way that fails does not keep the others from running. */
async function runConsumer(consumer, shared) {
  const { name, host, example, given = {} } = consumer;
  const began = performance.now();
  const result = { name, version: undefined, ways: [] };
  const { start } = await import(example ? `./examples/${example}.mjs` : `./hosts/${host}.mjs`);
  const folder = await makeFolder(shared.folder, name, shared.tarball);
  let running;
  try {
    running = await start({ ...shared, name, folder }, given);
    result.version = running.version;
    for (const [what, way] of Object.entries(consumer.ways)) {
      const started = performance.now();
      const fault = await running.ask(way).then(
        (answer) =>
          example ? undefined : judge(answer, { ...consumer, ...way }, shared.reference),
        (error) => error.stack,
      );
      result.ways.push({ what, seconds: seconds(started), fault });
      const end = fault === undefined ? "" : `\n      FAILED: ${fault}`;
      console.log(`    ${what}: ${seconds(started).toFixed(1)} s${end}`);
    }
  } catch (error) {
    result.fault = error instanceof Failure ? error.message : error.stack;
    console.log(`    FAILED: ${result.fault}`);
  } finally {
    await running?.stop?.();
  }
  return { ...result, seconds: seconds(began) };
}

async function runAll(consumers, given) {
  const packed = await pack(given);
  const browsers = new Browsers();
  const site = await startSite();
  const results = [];
  try {
    const { tarball, folder } = packed;
    const reference = await referenceOf(await makeFolder(folder, "reference", tarball));
    for (const consumer of consumers) {
      console.log(`  ${consumer.name}`);
      results.push(await runConsumer(consumer, { tarball, folder, reference, site, browsers }));
    }
  } finally {
    await browsers.close();
    await site.stop();
    await packed.remove();
  }
  return { sha256: packed.sha256, results };
}

const failed = ({ fault, ways }) =>
  fault !== undefined || ways.some((way) => way.fault !== undefined);

await main(async () => {
  const { values } = parseArgs({
    options: {
      only: { type: "string" },
      all: { type: "boolean" },
      tarball: { type: "string" },
      list: { type: "boolean" },
    },
  });
  if (values.list) {
    for (const { name, long, runtime } of CONSUMERS) {
      console.log(`${name.padEnd(26)} ${long ? "long " : "quick"}  ${runtime ?? "an example"}`);
    }
    return;
  }
  const began = performance.now();
  const consumers = choose(values);
  if (!values.all && values.only === undefined) {
    await checkTable();
  }
  const { sha256, results } = await runAll(consumers, values.tarball && resolve(values.tarball));
  if (values.only === undefined) {
    const report = { isFull: values.all === true, sha256, seconds: seconds(began), results };
    await writeFile(join(matrixFolder, "results.json"), `${JSON.stringify(report, null, 2)}\n`);
  }
  const faulty = results.filter(failed).map(({ name }) => name);
  if (faulty.length > 0) {
    throw new Failure(`the package does not work in ${faulty.join(", ")}.`);
  }
  const ways = results.reduce((sum, each) => sum + each.ways.length, 0);
  console.log(`${results.length} consumers in ${seconds(began).toFixed(1)} s`);
  console.log(`matrix: ${ways} passed`);
});
