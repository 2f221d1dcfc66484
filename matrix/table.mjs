/**
 * Writes into the README what the matrix has run, and where.
 *
 *   node matrix/table.mjs           from the results of a full run, which must have passed
 *   node matrix/table.mjs --check   only looks whether it tells of the same as is declared
 * @module
 */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Failure, main, root } from "../scripts/steps.mjs";
import { CONSUMERS } from "./consumers.mjs";
import { matrixFolder } from "./lib/command.mjs";

const README = join(root, "README.md");
const BEGIN = "<!-- The matrix wrote this table: node matrix/table.mjs -->";
const END = "<!-- The end of the table. -->";

/** What goes into the table: examples are told of where they are. */
const shown = CONSUMERS.filter(({ runtime }) => runtime !== undefined);

const row = (...cells) => `| ${cells.join(" | ")} |`;

/** The table, with what a function says is each consumer's version. */
function tableWith(versionOf) {
  const rows = shown.map((consumer) =>
    row(consumer.runtime, versionOf(consumer), Object.keys(consumer.ways).join(", ")),
  );
  return [row("runtime or tool", "version", "what was run"), "|---|---|---|", ...rows].join("\n");
}

/** The README in three parts: before the table, the table, and after it. */
async function readParts() {
  const text = await readFile(README, "utf8");
  const [begin, end] = [text.indexOf(BEGIN), text.indexOf(END)];
  if (begin < 0 || end < begin) {
    throw new Failure(`README.md lacks the lines ${BEGIN} and ${END}`);
  }
  const from = begin + BEGIN.length;
  return [text.slice(0, from), text.slice(from, end), text.slice(end)];
}

/** Fails when the table in the README tells of other runtimes, or other ways, than are declared. */
export async function checkTable() {
  const [, table] = await readParts();
  const withoutVersions = table.trim().replace(/^(\| [^|]* \|) [^|]* \|/gm, "$1 ? |");
  const expected = tableWith(() => "?").replace("| version |", "| ? |");
  if (withoutVersions !== expected) {
    throw new Failure(
      "the table in README.md is not that of matrix/consumers.mjs. " +
        "Write it anew: npm run test:matrix, and then node matrix/table.mjs",
    );
  }
}

/** Reads the results of a full run in which everything passed. */
async function readResults() {
  const text = await readFile(join(matrixFolder, "results.json"), "utf8").catch(() => undefined);
  const { isFull, results } = JSON.parse(text ?? "{}");
  if (!isFull) {
    throw new Failure("there are no results of a full run: npm run test:matrix");
  }
  for (const { name, fault, ways } of results) {
    const declared = CONSUMERS.find((consumer) => consumer.name === name)?.ways ?? {};
    const ran = ways.map(({ what }) => what).join();
    const isRight = fault === undefined && ways.every((way) => way.fault === undefined);
    if (!isRight || ran !== Object.keys(declared).join()) {
      throw new Failure(`${name} has not passed in the last full run, or has changed since.`);
    }
  }
  return new Map(results.map(({ name, version }) => [name, version]));
}

async function writeTable() {
  const versions = await readResults();
  const [before, , after] = await readParts();
  const table = tableWith(({ name }) => versions.get(name));
  await writeFile(README, `${before}\n\n${table}\n\n${after}`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await main(process.argv.includes("--check") ? checkTable : writeTable);
}
