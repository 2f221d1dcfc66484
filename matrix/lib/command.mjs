/**
 * Runs commands of consumers, and finds the tools that the matrix installs for them.
 * @module
 */
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { Failure } from "../../scripts/steps.mjs";

/** The folder of the matrix. */
export const matrixFolder = dirname(dirname(fileURLToPath(import.meta.url)));

/** The folders whose node_modules hold tools: everybody's, and those of long runs. */
const TOOL_FOLDERS = {
  root: dirname(matrixFolder),
  quick: matrixFolder,
  long: join(matrixFolder, "long"),
};

/** How long anything may take before it counts as hanging. */
export const PATIENCE_MS = 120_000;

/** The path of a file in a tool's package. A tool that is missing is a failure, never a skip. */
export function toolFile(name, file, set = "quick") {
  const path = join(TOOL_FOLDERS[set], "node_modules", name, file);
  if (!existsSync(path)) {
    const how = set === "long" ? "scripts/setup.sh matrix" : "scripts/setup.sh test";
    throw new Failure(`${name} is not installed: ${path} is missing. ${how} installs it.`);
  }
  return path;
}

/** The version of an installed package. */
export async function toolVersion(name, set) {
  return JSON.parse(await readFile(toolFile(name, "package.json", set), "utf8")).version;
}

/**
 * The path of a Node.js of the matrix, such as `nodeOf("node22")`. They can be installed for Linux;
 * elsewhere the one that runs this has to do, if it is of that version.
 */
export function nodeOf(name, set) {
  const { platform, arch, version } = process;
  if (platform !== "linux" && name === `node${version.slice(1).split(".")[0]}`) {
    return process.execPath;
  }
  return toolFile(`${name}-${platform}-${arch}`, "bin/node", set);
}

/** Runs a command in a folder, and returns what it has written; its failure shows that, too. */
export async function command(folder, program, args, { env = {}, patience = PATIENCE_MS } = {}) {
  const child = spawn(program, args, {
    cwd: folder,
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "pipe"],
    timeout: patience,
    killSignal: "SIGKILL",
  });
  const written = { out: "", err: "" };
  child.stdout.setEncoding("utf8").on("data", (text) => {
    written.out += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text) => {
    written.err += text;
  });
  const [code, signal] = await new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (...ends) => resolve(ends));
  });
  if (code !== 0) {
    const how = `${program} ${args.join(" ")} ended with ${signal ?? `exit code ${code}`}`;
    throw new Failure(`${how}\n${written.out}${written.err}`);
  }
  return written.out;
}

const MARK = "the answer is ";

/** What a program says to give its answer: the source of a function. */
export const PRINT = `(answer) => console.log(${JSON.stringify(MARK)} + JSON.stringify(answer))`;

/** Reads the one answer out of what a program has written. */
export function printedAnswer(text) {
  const lines = text.split("\n").filter((line) => line.startsWith(MARK));
  if (lines.length !== 1) {
    throw new Failure(`there are ${lines.length} answers in:\n${text}`);
  }
  return JSON.parse(lines[0].slice(MARK.length));
}
