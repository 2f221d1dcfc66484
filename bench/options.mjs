/**
 * What can be asked for on the command line.
 * @module
 */
import { join } from "node:path";
import { parseArgs } from "node:util";
import { Failure, root } from "../scripts/steps.mjs";
import { contendersOf } from "./contenders/index.mjs";

export const SCENARIOS = ["keys", "worst", "revisions", "window", "state", "order"];

const USAGE = `usage: npm run bench -- [OPTION…]

  --quick                 1k and 100k keys, 3 repetitions: some minutes
  --sizes 1k,100k         how many keys (1k,100k,1M,5M)
  --repetitions 5         how often each is measured; the median counts
  --scenarios keys,worst  of keys, worst, revisions, window, state, order; the figures of the others
                          stay as they are in the folder
  --contenders "Set,lru-cache"
                          only these; a name may be shortened as long as it starts one
  --list                  prints the contenders
  --out FOLDER            where results.json, README.md and the charts go (docs/bench)
  --report-only FILE      makes the report anew from a results.json
  --help
`;

const UNITS = { "": 1, k: 1000, M: 1_000_000 };
const SIZE_MIN = 1000;
const SIZE_MAX = 16_000_000;

function readSize(text) {
  const [, digits, unit] = /^(\d+)([kM]?)$/.exec(text) ?? [];
  const size = Number(digits) * UNITS[unit];
  if (!(size >= SIZE_MIN && size <= SIZE_MAX)) {
    throw new Failure(`"${text}" is no size from 1k to 16M. A Set holds no more than that.`);
  }
  return size;
}

function readRepetitions(text) {
  const repetitions = Number(text);
  if (!Number.isInteger(repetitions) || repetitions < 1) {
    throw new Failure(`--repetitions must be a whole number from 1, not "${text}"`);
  }
  return repetitions;
}

function readScenarios(text) {
  const wanted = text.split(",");
  const unknown = wanted.find((name) => !SCENARIOS.includes(name));
  if (unknown !== undefined) {
    throw new Failure(`there is no scenario "${unknown}"; there are ${SCENARIOS.join(", ")}`);
  }
  return SCENARIOS.filter((name) => wanted.includes(name));
}

/** The names of all contenders, each once. */
export function allNames() {
  return [...new Set(SCENARIOS.flatMap(contendersOf).map(({ name }) => name))];
}

/** Commas are in some names, too, so a name counts from where it starts one. */
function readContenders(text) {
  const names = allNames();
  const wanted = [];
  for (let rest = text; rest !== ""; ) {
    const whole = names
      .filter((name) => rest === name || rest.startsWith(`${name},`))
      .sort((a, b) => b.length - a.length)[0];
    const start = whole ?? rest.split(",", 1)[0];
    const found = whole === undefined ? names.filter((name) => name.startsWith(start)) : [whole];
    if (found.length === 0) {
      throw new Failure(`there is no contender "${start}"; --list names them`);
    }
    wanted.push(...found);
    rest = rest.slice(start.length + 1);
  }
  return names.filter((name) => wanted.includes(name));
}

const OPTIONS = {
  quick: { type: "boolean", default: false },
  sizes: { type: "string" },
  repetitions: { type: "string" },
  scenarios: { type: "string", default: SCENARIOS.join(",") },
  contenders: { type: "string" },
  list: { type: "boolean", default: false },
  out: { type: "string" },
  "report-only": { type: "string" },
  help: { type: "boolean", default: false },
};

function parse(args) {
  try {
    return parseArgs({ args, options: OPTIONS }).values;
  } catch (error) {
    throw new Failure(`${error.message}\n\n${USAGE}`);
  }
}

/** The command that measures the same elsewhere: without the folder, which is nobody else's. */
function commandOf({ quick, ...given }) {
  const names = ["sizes", "repetitions", "scenarios", "contenders"];
  const args = names
    .filter((name) => given[name] !== undefined && given[name] !== OPTIONS[name].default)
    .map((name) => `--${name} "${given[name]}"`);
  const all = [...(quick ? ["--quick"] : []), ...args];
  return ["npm run bench", ...(all.length > 0 ? ["--", ...all] : [])].join(" ");
}

/** Reads the command line; `print` is all there is to do when it asks for a text. */
export function readArguments(args) {
  const given = parse(args);
  if (given.help || given.list) {
    return { print: given.help ? USAGE : allNames().join("\n") };
  }
  const sizes = (given.sizes ?? (given.quick ? "1k,100k" : "1k,100k,1M,5M")).split(",");
  return {
    sizes: sizes.map(readSize).sort((a, b) => a - b),
    repetitions: readRepetitions(given.repetitions ?? (given.quick ? "3" : "5")),
    scenarios: readScenarios(given.scenarios),
    contenders: given.contenders === undefined ? undefined : readContenders(given.contenders),
    out: given.out,
    folder: join(root, "docs/bench"),
    reportOnly: given["report-only"],
    command: commandOf(given),
  };
}
