/**
 * The document that explains the figures and shows them.
 * @module
 */

import { CHECK_IDS } from "../contenders/index.mjs";
import { FEEDS } from "../scenarios/order.mjs";
import { CHANGES_ROUNDS, NEW_KEYS, WARM_UPS } from "../scenarios/state.mjs";
import { WINDOWS } from "../scenarios/window.mjs";
import { WORST_RUNS } from "../scenarios/worst.mjs";
import { figureText } from "./summary.mjs";
import { toMarkdown } from "./tables.mjs";

const HOW = `## How it is measured

- Each measurement has a process of its own. Contenders take turns, A B C A B C, so that a slow hour of the
  machine is slow for all. Figures are medians over the repetitions; \`results.json\` has each of them.
- Times are CPU time of the process, in all of its threads, so the garbage collector's helpers count. Only asking the
  contender is timed; making the keys is not. Compare within a table: figures of another machine, or of another day, may
  all be higher or lower.
- Keys are UUIDs of 36 characters. They come out of \`JSON.parse\` in chunks of 8192, so every sighting is a new string
  object; between two chunks the event loop turns once. Batch forms are asked about a chunk at a time. The contenders'
  code has been compiled before, on smaller instances that were thrown away.
- **fill**: from nothing to that many keys, every second event repeating one that is there. **probe**: a million times a
  known key. Small structures are probed as they are after long use; filling them takes no time.
- Retention is 7 days and nothing expires, except in the sliding window. Caches have room for all keys. The clock is the
  library's own. It is read at every call by Map + timestamps, quick-lru, LRUMap, powertools, the table, \`check\` and \`checkId\`; once
  a chunk by batches and with \`taskClock\`; for each key that is added by lru-cache and ttlcache. Set has none.
- What takes longest, 5 million keys, the worst call and a window of a million, is left to the main contenders.
- **bytes/key** is what \`heapUsed + external\` (which has array buffers and WebAssembly memory in it) grew by, after a
  collection. **RSS/key** is what the process grew by, with what the collector keeps for later; below a million keys that is
  mostly the latter. **accounted** is what the structure itself says it takes, as \`gate.stats().bytes\`. What a library takes
  once, however little it holds, is not in these figures.
- **Worst single call**: wall time, for each call the least of ${WORST_RUNS} equal runs in as many processes, so that what is left is what the
  call takes every time and not what the machine did besides. A pause of the garbage collector counts as far as it comes at the same call
  each time, which is rare and favours those who cause many. The 0.1 to 0.2 µs of reading the clock are in it.
- **Revisions**: four events an entity, about a fifth of them overtaken by a later one.
- **Sliding window**: one new key in each millisecond and a retention of as many milliseconds as keys are to be alive, for
  ${WINDOWS} windows after the first; a fifth of the events repeat a live key, and some keys come back after their time. The clock
  is simulated for all, timers included, since a real window would take hours; reading it costs next to nothing, which favours those
  that read it often. Caches have room for a quarter more than is alive. Set cannot take part, as it never forgets.
- **Order**: messages of ${FEEDS} feeds, in order, in swapped pairs, or each within 64 of its place in its feed, are pushed one by one, and
  what comes out is counted. The Map has no limits, no clock, no state that could be kept, and never gives a gap up.
- **State**: that many keys, which came a chunk at a time and have its time, are **saved** and **restored**: \`snapshot()\` and
  \`Gate.open({ snapshot })\`; \`JSON.stringify\` of the entries and back into a Map or Set; \`v8.serialize\` and \`v8.deserialize\`.
  A text counts as saved; encoding it for a file comes on top. ns are CPU time a key, warm: after ${WARM_UPS} small instances
  and one of this size, with a collection before each save and restore. **both** is the sum, which is all that \`structuredClone\` has.
  **cold** is the first restore of a new process, which is what a reload waits for, in CPU time and from beginning to end (wall time): in
  it are loading the library and compiling its code as far as that is waited for, but not reading the file.
  **loop held** is the longest that a restore kept the event loop from going round, between two macrotasks (wall time; of the warm
  ones in a process the one in the middle).
  **${NEW_KEYS} new keys passed on**: CPU time of a call, in copies that are restored for each, after their first \`changes()\`; the one in the
  middle of ${CHANGES_ROUNDS}. The others have nothing like it. A Set has no times, so what is restored from one cannot forget.
- Every answer is counted, and in the sliding window each of a single call is compared. A wrong count would be an error, and not
  a figure.`;

const NOTES = `- **typed-array table (JS)** is the strongest rival, written for this comparison in the layout of the gate itself: 96 bits of
  a hash in slots of 16 bytes, in small segments. Its hash (MurmurHash3) has no key, so whoever chooses the ids can make them
  collide; and it has no scopes, limits, claims, revisions or batches that are undone when one event is bad.
  Its batch form reads the clock once, and touches the memory of 32 keys before it judges them.
- **@isaacs/ttlcache** forgets by timers, and does not look at the age of a key when it is asked.
- **mnemonist LRUMap** knows no time; its values are the times, as in the Map.
- **powertools local cache** is what @aws-lambda-powertools/idempotency has in the process. Its public interface is asynchronous
  and asks a store each time; only the lookup before that is measured, without the hashing of keys that belongs to it.
- **onceward in Rust** is \`examples/speed.rs\`, with the same work on strings that it already has. It is no rival, but shows what
  crossing into WebAssembly costs.
- Set and Map hold 16.7 million entries at most, and so does all that is built on them.`;

const SECTIONS = {
  keys: ["Keys", ["fill.svg", "probe.svg", "bytes.svg"]],
  worst: ["Worst single call", ["worst.svg"]],
  revisions: ["Revisions", ["revisions.svg"]],
  window: ["Sliding window", ["window.svg"]],
  state: ["State", ["state.svg"]],
  order: ["Order", []],
};

function machineCells({ date, command, minutes, repetitions, machine }) {
  const { cpu, cores, memoryGiB, os, node, v8, rustc } = machine;
  return {
    date,
    command: `\`${command}\`; repetitions: ${repetitions}; minutes: ${minutes}`,
    processor: `${cpu}, ${cores} cores`,
    memory: `${memoryGiB} GiB`,
    system: os,
    "Node.js": `${node}, V8 ${v8}`,
    Rust: rustc,
  };
}

/** A column for each run. Which scenarios are of it only matters when there are several. */
function machineText(runs) {
  const columns = runs.map(machineCells);
  const table = toMarkdown({
    header: ["", ...runs.map(({ scenarios }) => (runs.length > 1 ? scenarios.join(", ") : ""))],
    rows: Object.keys(columns[0]).map((name) => [name, ...columns.map((cells) => cells[name])]),
  }).replaceAll("---:", "---");
  return runs.length > 1
    ? `${table}\n\nNot all was measured in one run; what is compared was.`
    : table;
}

/** The packages of all runs, each once; one of another version is another. */
function packagesText(runs) {
  const lines = runs.flatMap(({ packages }) =>
    packages.map(({ name, version, license }) => [name, version, license].join(" | ")),
  );
  const rows = [...new Set(lines)].map((line) => line.split(" | "));
  return toMarkdown({ header: ["package", "version", "licence"], rows }).replaceAll("---:", "---");
}

function sectionText(scenario, tables, charts) {
  if (tables.length === 0) {
    return "";
  }
  const [title, files] = SECTIONS[scenario];
  const images = files
    .filter((file) => charts.includes(file))
    .map((file) => `![${title}: ${file.replace(".svg", "")}](${file})`);
  const blocks = tables.map((table) =>
    [`### ${table.title}`, toMarkdown(table), table.note].filter(Boolean).join("\n\n"),
  );
  return [`## ${title}`, ...images, ...blocks].join("\n\n");
}

/** What the gate's module takes once, which is in no figure of a key. */
function fixedText(summary) {
  const values = summary
    .cases("keys")
    .map((task) => summary.median(task, CHECK_IDS, "fixedBytes"))
    .filter((value) => value !== undefined);
  return values.length === 0
    ? ""
    : `What the gate takes once, its module and all of its code among it: about ${figureText(Math.max(...values) / 2 ** 20)} MiB.`;
}

function aheadText({ rows, header }) {
  const text = `## Where others are ahead

Every figure in which something else is ahead of one form of the gate or of several, however little: all contenders, the best
first, down to the last form of the gate. That some of them forget nothing, or do less, is not considered.`;
  return rows.length === 0
    ? `${text}\n\nNowhere in this run.`
    : `${text}\n\n${toMarkdown({ header, rows }).replaceAll("---:", "---")}`;
}

function skippedText(skipped) {
  const lines = Object.entries(skipped).map(([name, reason]) => `- ${name}: ${reason}`);
  return lines.length === 0 ? "" : `**Left out of this run**\n\n${lines.join("\n")}`;
}

/** Returns the document. */
export function writeDocument({ results, summary, tables, charts, aims, losses }) {
  const { runs } = results;
  const parts = [
    "# Benchmark",
    "This file is written by `npm run bench`, and by nobody's hand. `npm run bench -- --help` tells the options.",
    machineText(runs),
    "## Aims",
    "What was aimed at before it was measured, and what came of it. Times are compared in one run on one machine.",
    aims.rows.length > 0 ? toMarkdown(aims) : "",
    aims.note,
    aheadText(losses),
    HOW,
    fixedText(summary),
    "## Who takes part",
    packagesText(runs),
    NOTES,
    skippedText(Object.assign({}, ...runs.map(({ skipped }) => skipped))),
    ...Object.entries(tables).map(([scenario, own]) => sectionText(scenario, own, charts)),
  ];
  return `${parts.filter((part) => part !== "").join("\n\n")}\n`;
}
