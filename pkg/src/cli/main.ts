/**
 * The command `onceward`.
 * @module
 */

import { readFileSync } from "node:fs";
import "../bind/inline.js";
import { isOncewardError } from "../errors.js";
import { Gate } from "../gate.js";
import { FatalError, messageOf, UsageError } from "./failure.js";
import { Identifier } from "./identify.js";
import { Judge } from "./judge.js";
import { readBlocks, STDIN } from "./lines.js";
import { Output, ReaderGone } from "./output.js";
import { Report } from "./report.js";
import { HELP, type Plan, readArguments } from "./usage.js";

const EXIT_OK = 0;
const EXIT_FAILED = 1;
const EXIT_USAGE = 2;
const EXIT_SKIPPED = 3;

function version(): string {
  // The bundle lies in the package's dist.
  const text = readFileSync(new URL("../package.json", import.meta.url), "utf8");
  return String(JSON.parse(text).version);
}

async function openGate(plan: Plan, clock: () => number): Promise<Gate> {
  try {
    return await Gate.open({ ...plan.gate, clock });
  } catch (error) {
    throw isOncewardError(error) && error.code === "invalid_option"
      ? new UsageError(error.message)
      : error;
  }
}

async function filter(plan: Plan, output: Output, errors: Output): Promise<number> {
  let now = Date.now();
  // One reading a block, also where its lines have to be judged one by one.
  const gate = await openGate(plan, () => now);
  const live = process.stderr.isTTY === true;
  const report = new Report(errors, { quiet: plan.quiet, live });
  const identifier = new Identifier(plan.paths);
  const { verdicts, strict } = plan;
  const judge = new Judge({ gate, identifier, output, report, verdicts, strict });
  for (const file of plan.files) {
    const name = file === STDIN ? "stdin" : file;
    for await (const block of blocksOf(file, name)) {
      now = Date.now();
      await judge.block(block, name);
    }
  }
  await report.summary();
  return report.of("broken") > 0 ? EXIT_SKIPPED : EXIT_OK;
}

async function* blocksOf(file: string, name: string): ReturnType<typeof readBlocks> {
  try {
    yield* readBlocks(file);
  } catch (error) {
    throw new FatalError(`${name}: ${messageOf(error)}`, { cause: error });
  }
}

async function run(args: readonly string[], output: Output, errors: Output): Promise<number> {
  const command = readArguments(args);
  switch (command.do) {
    case "help":
      await output.write([Buffer.from(HELP)]);
      return EXIT_OK;
    case "version":
      await output.write([Buffer.from(`${version()}\n`)]);
      return EXIT_OK;
    case "filter":
      return await filter(command.plan, output, errors);
  }
}

/** Tells why the command ended, and returns its exit status. */
async function explain(error: unknown, errors: Output): Promise<number> {
  if (error instanceof ReaderGone) {
    return EXIT_OK;
  }
  const wrongUse = error instanceof UsageError;
  const hint = wrongUse ? "; onceward --help tells more" : "";
  // That nobody reads this either changes nothing.
  await errors.write([Buffer.from(`onceward: ${messageOf(error)}${hint}\n`)]).catch(() => {});
  return wrongUse ? EXIT_USAGE : EXIT_FAILED;
}

async function main(): Promise<void> {
  const output = new Output(process.stdout);
  const errors = new Output(process.stderr);
  try {
    process.exitCode = await run(process.argv.slice(2), output, errors);
  } catch (error) {
    process.exitCode = await explain(error, errors);
  }
}

void main();
