/**
 * What build.mjs and test.mjs share: running a named step, timing it, and running a command in it.
 * Only modules of Node itself are used, since these scripts also run before anything is installed.
 * @module
 */
import { spawn } from "node:child_process";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";

/** The root of the repository. */
export const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** A failure that its message explains: it is printed without a stack. */
export class Failure extends Error {}

const steps = [];
let current = "";

/** Runs one step; prints its name before, and how long it took after. It may return `{ note }` to print. */
export async function step(name, action) {
  current = name;
  console.log(`\n==> ${name}`);
  const started = performance.now();
  const note = (await action())?.note ?? "";
  const seconds = (performance.now() - started) / 1000;
  steps.push({ name, seconds, note });
  console.log(`==> ${name}: ${seconds.toFixed(1)} s${note === "" ? "" : `, ${note}`}`);
}

/** Prints the steps that ran, with their durations and notes. */
export function printSummary(title) {
  const width = Math.max(...steps.map(({ name }) => name.length));
  const total = steps.reduce((sum, { seconds }) => sum + seconds, 0);
  console.log(`\n${title}`);
  for (const { name, seconds, note } of steps) {
    console.log(`  ${name.padEnd(width)} ${seconds.toFixed(1).padStart(7)} s  ${note}`.trimEnd());
  }
  console.log(`  ${"total".padEnd(width)} ${total.toFixed(1).padStart(7)} s`);
}

/**
 * Runs a command in the root of the repository, with the PATH of scripts/env.sh.
 * Shows its output as it comes and returns it as text; throws a Failure when the command fails.
 */
export function run(command, args, { env = {} } = {}) {
  console.log(`$ ${[command, ...args].join(" ")}`);
  const child = spawn("bash", ["scripts/env.sh", command, ...args], {
    cwd: root,
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const parts = [];
  for (const [from, to] of [
    [child.stdout, process.stdout],
    [child.stderr, process.stderr],
  ]) {
    from.setEncoding("utf8");
    from.on("data", (text) => {
      parts.push(text);
      to.write(text);
    });
  }
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code, signal) => {
      if (code === 0) {
        resolve(parts.join(""));
      } else {
        reject(
          new Failure(`${command} ${args[0] ?? ""} ended with ${signal ?? `exit code ${code}`}`),
        );
      }
    });
  });
}

/** Runs the whole of a script; a failure ends it with exit code 1 and a message. */
export async function main(action) {
  try {
    await action();
  } catch (error) {
    const what = error instanceof Failure ? error.message : error.stack;
    console.error(`\nFAILED${current === "" ? "" : ` in "${current}"`}: ${what}`);
    process.exitCode = 1;
  }
}
