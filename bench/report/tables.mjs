/**
 * The tables, for the console and for the document alike.
 * @module
 */
import { LRU_CACHE, MAP, REVISIONS_MAP, SET } from "../contenders/index.mjs";
import { ORDER_MAP } from "../contenders/order.mjs";
import { STATE_GATE, STATE_MAP_JSON, STATE_MAP_V8 } from "../contenders/state.mjs";
import { LONG_LIVED_MAX } from "../scenarios/keys.mjs";
import { NEW_KEYS } from "../scenarios/state.mjs";
import { figureText, ratioText, sizeText } from "./summary.mjs";

/** A column: its heading, and what it says of a contender in a case. */
const figure = (heading, name) => ({
  heading,
  text: (summary, task, contender) => figureText(summary.median(task, contender, name)),
});

const against = (heading, other, name) => ({
  heading,
  text: (summary, task, contender) => ratioText(summary.ratio(task, contender, other, name)),
});

const KEY_COLUMNS = [
  figure("fill ns", "fillNs"),
  against("Set / it", SET, "fillNs"),
  against("lru-cache / it", LRU_CACHE, "fillNs"),
  figure("probe ns", "probeNs"),
  against("Set / it", SET, "probeNs"),
  against("lru-cache / it", LRU_CACHE, "probeNs"),
  figure("bytes/key", "heapBytesPerKey"),
  figure("RSS/key", "rssBytesPerKey"),
  figure("accounted", "ownBytesPerKey"),
];

const LONG_LIVED_COLUMNS = [
  figure("probe ns", "probeNs"),
  against("Set / it", SET, "probeNs"),
  against("lru-cache / it", LRU_CACHE, "probeNs"),
];

const WORST_COLUMNS = [
  figure("worst µs", "worstUs"),
  figure("p99.99 µs", "p9999Us"),
  figure("p99.9 µs", "p999Us"),
  figure("median µs", "medianUs"),
  against("Set's worst / it", SET, "worstUs"),
  against("lru-cache's worst / it", LRU_CACHE, "worstUs"),
];

const REVISION_COLUMNS = [
  figure("ns", "ns"),
  against("Map / it", REVISIONS_MAP, "ns"),
  figure("bytes/entity", "heapBytesPerKey"),
  figure("accounted", "ownBytesPerKey"),
];

const WINDOW_COLUMNS = [
  figure("ns", "ns"),
  against("Map / it", MAP, "ns"),
  against("lru-cache / it", LRU_CACHE, "ns"),
  figure("bytes/live key", "heapBytesPerKey"),
  figure("accounted", "ownBytesPerKey"),
];

const ORDER_COLUMNS = [figure("ns", "ns"), against("Map / it", ORDER_MAP, "ns")];

const STATE_COLUMNS = [
  figure("save ns", "saveNs"),
  against("Map's JSON / it", STATE_MAP_JSON, "saveNs"),
  figure("restore ns", "restoreNs"),
  against("Map's JSON / it", STATE_MAP_JSON, "restoreNs"),
  against("Map's v8 / it", STATE_MAP_V8, "restoreNs"),
  figure("both ns", "bothNs"),
  figure("bytes/key", "bytesPerKey"),
  figure("loop held ms", "longestMs"),
  figure("cold restore ns", "coldNs"),
  figure("cold ms", "coldMs"),
  figure("cold loop held ms", "coldLongestMs"),
];

const CHANGES_COLUMNS = [
  figure("changes() µs", "changesUs"),
  figure("merge() µs", "mergeUs"),
  figure("bytes/new key", "changesBytesPerKey"),
];

/** One table of a case. `spreadOf` is the figure whose repetitions are compared. */
function tableOf(summary, task, title, columns, spreadOf) {
  const rows = summary.contenders(task).map((contender) => {
    const cells = columns.map(({ text }) => text(summary, task, contender));
    return [contender, ...(summary.hasError(task, contender) ? ["ERROR"] : cells)];
  });
  const spread = summary.spread(task, spreadOf);
  return {
    title,
    header: ["", ...columns.map(({ heading }) => heading)],
    rows,
    note:
      spread === undefined
        ? ""
        : `Slowest repetition / fastest, in the middle of the rows: ${ratioText(spread)}.`,
  };
}

function keyTable(summary, task) {
  const isSmall = task.size <= LONG_LIVED_MAX;
  return tableOf(
    summary,
    task,
    `${sizeText(task.size)} keys${isSmall ? ", long in use" : ""}`,
    isSmall ? LONG_LIVED_COLUMNS : KEY_COLUMNS,
    "probeNs",
  );
}

/** One row for each size: what passing on takes must not hang on it. */
function changesTable(summary) {
  const tasks = summary
    .cases("state")
    .filter((task) => summary.median(task, STATE_GATE, "changesUs") !== undefined);
  const rows = tasks.map((task) => [
    `${sizeText(task.size)} keys`,
    ...CHANGES_COLUMNS.map(({ text }) => text(summary, task, STATE_GATE)),
  ]);
  const spread = tasks.length === 0 ? undefined : summary.spread(tasks.at(-1), "changesUs");
  return {
    title: `${sizeText(NEW_KEYS)} new keys passed on`,
    header: ["in a gate of", ...CHANGES_COLUMNS.map(({ heading }) => heading)],
    rows,
    note:
      spread === undefined ? "" : `Slowest changes() / fastest, last row: ${ratioText(spread)}.`,
  };
}

function stateTables(summary) {
  const tables = summary
    .cases("state")
    .map((task) =>
      tableOf(summary, task, `${sizeText(task.size)} keys`, STATE_COLUMNS, "restoreNs"),
    );
  return [...tables, changesTable(summary)].filter(({ rows }) => rows.length > 0);
}

/** Returns the tables of each scenario. */
export function makeTables(summary) {
  const tables = (scenario, make) => summary.cases(scenario).map((task) => make(task));
  return {
    keys: tables("keys", (task) => keyTable(summary, task)),
    worst: tables("worst", (task) =>
      tableOf(summary, task, `${sizeText(task.size)} keys`, WORST_COLUMNS, "worstUs"),
    ),
    revisions: tables("revisions", (task) =>
      tableOf(
        summary,
        task,
        `${sizeText(task.size)} entities, revisions as ${task.kind}`,
        REVISION_COLUMNS,
        "ns",
      ),
    ),
    window: tables("window", (task) =>
      tableOf(summary, task, `${sizeText(task.size)} live keys`, WINDOW_COLUMNS, "ns"),
    ),
    state: stateTables(summary),
    order: tables("order", (task) =>
      tableOf(summary, task, `${sizeText(task.size)} messages ${task.kind}`, ORDER_COLUMNS, "ns"),
    ),
  };
}

/** Writes a table in Markdown: names to the left, figures to the right. */
export function toMarkdown({ header, rows }) {
  const line = (cells) => `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
  const rule = header.map((_, index) => (index === 0 ? "---" : "---:"));
  return [line(header), `|${rule.join("|")}|`, ...rows.map(line)].join("\n");
}

/** Writes a table for the console. */
export function toText({ title, header, rows, note }) {
  const lines = [header, ...rows];
  const widths = header.map((_, column) =>
    Math.max(...lines.map((cells) => (cells[column] ?? "").length)),
  );
  const pad = (cell, column) =>
    column === 0 ? cell.padEnd(widths[column]) : cell.padStart(widths[column]);
  const body = lines.map((cells) => `  ${cells.map(pad).join("  ")}`.trimEnd());
  return [title, ...body, ...(note ? [`  ${note}`] : [])].join("\n");
}
