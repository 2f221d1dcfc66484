/**
 * What was aimed at, and whether it was reached; and where others are ahead.
 * @module
 */
import {
  CHECK,
  CHECK_ID,
  CHECK_ID_TASK_CLOCK,
  CHECK_IDS,
  JS_TABLE,
  LRU_CACHE,
  NATIVE,
  NATIVE_BATCH,
  REVISION_KINDS,
  REVISIONS_BATCH,
  REVISIONS_CHECK,
  REVISIONS_COLUMN,
  REVISIONS_MAP,
  SET,
} from "../contenders/index.mjs";
import { STATE_GATE, STATE_MAP_JSON, STATE_MAP_V8 } from "../contenders/state.mjs";
import { figureText, ratioText, sizeText } from "./summary.mjs";

const SINGLES = [CHECK, CHECK_ID, CHECK_ID_TASK_CLOCK];
const MILLION = { scenario: "keys", size: 1_000_000 };
const THOUSAND = { scenario: "keys", size: 1000 };
const MEMORY_SIZES = [100_000, 1_000_000, 5_000_000];

const NOT_MEASURED = "not measured";

const isNative = (name) => name === NATIVE || name === NATIVE_BATCH;
const isOwn = (name) => name.startsWith("onceward");

function verdictOf(measured, isReached) {
  if (measured === undefined) {
    return NOT_MEASURED;
  }
  return isReached ? "reached" : "**short**";
}

/** At least so many times as fast, or as small, as another. */
function atLeast(summary, what, form, other, task, figure, needed) {
  const ratio = summary.ratio(task, form, other, figure);
  return [
    `${what}: ${form} against ${other}`,
    `≥ ${needed}x`,
    ratioText(ratio),
    verdictOf(ratio, ratio >= needed),
  ];
}

function atMost(summary, what, form, task, figure, needed, unit) {
  const value = summary.median(task, form, figure);
  return [
    `${what}: ${form}`,
    `≤ ${needed} ${unit}`,
    value === undefined ? "–" : `${figureText(value)} ${unit}`,
    verdictOf(value, value <= needed),
  ];
}

function speedAims(summary) {
  const keys = (form, other, figure, needed) => {
    const what = `1M keys, ${figure === "fillNs" ? "fill" : "probe"}`;
    return atLeast(summary, what, form, other, MILLION, figure, needed);
  };
  return [
    ...SINGLES.flatMap((form) => [
      keys(form, SET, "fillNs", 2),
      keys(form, LRU_CACHE, "fillNs", 2.7),
      keys(form, SET, "probeNs", 2.5),
      keys(form, LRU_CACHE, "probeNs", 3.3),
    ]),
    keys(CHECK_IDS, SET, "fillNs", 4),
    keys(CHECK_IDS, LRU_CACHE, "fillNs", 5.5),
    keys(CHECK_IDS, SET, "probeNs", 7),
    keys(CHECK_IDS, LRU_CACHE, "probeNs", 8),
    keys(CHECK_IDS, JS_TABLE, "fillNs", 1.6),
    keys(CHECK_IDS, JS_TABLE, "probeNs", 1.6),
    atLeast(summary, "1k keys, long in use", CHECK_IDS, SET, THOUSAND, "probeNs", 1.8),
  ];
}

function memoryAims(summary) {
  return MEMORY_SIZES.flatMap((size) => {
    const task = { scenario: "keys", size };
    const what = `${sizeText(size)} keys, memory`;
    return [
      atMost(summary, `${what} accounted for`, CHECK_IDS, task, "ownBytesPerKey", 24, "B/key"),
      atMost(summary, `${what} measured`, CHECK_IDS, task, "heapBytesPerKey", 24, "B/key"),
      atLeast(summary, `${what} measured`, CHECK_IDS, LRU_CACHE, task, "heapBytesPerKey", 5),
    ];
  });
}

function worstAims(summary) {
  const task = { scenario: "worst", size: MILLION.size };
  const what = "Worst single call while filling 1M";
  return SINGLES.map((form) => atMost(summary, what, form, task, "worstUs", 250, "µs"));
}

function revisionAims(summary) {
  return REVISION_KINDS.flatMap((kind) => {
    const task = { scenario: "revisions", size: 300_000, kind };
    const forms = [REVISIONS_CHECK, REVISIONS_BATCH];
    if (kind === "bigint") {
      forms.push(REVISIONS_COLUMN);
    }
    const needed = kind === "bigint" ? 2.5 : 2;
    return forms.map((form) =>
      atLeast(summary, `Revisions as ${kind}`, form, REVISIONS_MAP, task, "ns", needed),
    );
  });
}

/** How many times as long as at the least size something may take at the greatest. */
function atMostGrown(summary, what, form, [least, greatest], figure, needed) {
  const [small, large] = [least, greatest].map((task) => summary.median(task, form, figure));
  const ratio = small === undefined || large === undefined ? undefined : large / small;
  return [what, `≤ ${needed}x`, ratioText(ratio), verdictOf(ratio, ratio <= needed)];
}

function stateAims(summary) {
  const task = { scenario: "state", size: MILLION.size };
  const small = { scenario: "state", size: 10_000 };
  const than = (what, other, figure, needed) =>
    atLeast(summary, `1M keys, ${what}`, STATE_GATE, other, task, figure, needed);
  return [
    than("saved", STATE_MAP_JSON, "saveNs", 20),
    than("restored", STATE_MAP_JSON, "restoreNs", 30),
    than("restored", STATE_MAP_V8, "restoreNs", 6),
    atMost(summary, "1M keys, saved", STATE_GATE, task, "bytesPerKey", 17, "B/key"),
    atMostGrown(
      summary,
      "changes() after 1k new keys: at 1M keys against 10k",
      STATE_GATE,
      [small, task],
      "changesUs",
      2,
    ),
  ];
}

/** The table of the aims, and how many of them there is nothing to judge by. */
export function aimTable(summary) {
  const all = [
    ...speedAims(summary),
    ...memoryAims(summary),
    ...worstAims(summary),
    ...revisionAims(summary),
    ...stateAims(summary),
  ];
  const rows = all.filter((row) => row.at(-1) !== NOT_MEASURED);
  const missing = all.length - rows.length;
  return {
    header: ["aim", "needed", "measured", ""],
    rows,
    note: missing === 0 ? "" : `${missing} of ${all.length} aims were not measured in this run.`,
  };
}

const FIGURES = {
  keys: { fillNs: "fill, ns", probeNs: "probe, ns", heapBytesPerKey: "bytes per key" },
  worst: {
    worstUs: "worst, µs",
    p9999Us: "p99.99, µs",
    p999Us: "p99.9, µs",
    medianUs: "median, µs",
  },
  revisions: { ns: "ns", heapBytesPerKey: "bytes per entity" },
  window: { ns: "ns", heapBytesPerKey: "bytes per live key" },
  order: { ns: "ns" },
  state: {
    saveNs: "save, ns",
    restoreNs: "restore, ns",
    bothNs: "both, ns",
    bytesPerKey: "bytes per key",
    longestMs: "loop held up by a restore, ms",
    coldNs: "cold restore, ns",
    coldMs: "cold restore, ms",
    coldLongestMs: "loop held up by a cold restore, ms",
  },
};

const CASE_WORDS = {
  keys: "keys",
  worst: "keys, single calls",
  revisions: "entities, revisions as",
  window: "live keys, sliding window",
  state: "keys, state",
  order: "messages",
};

/** All who took part in a case, the best first, down to the last form of the gate. */
function rankingOf(summary, task, figure) {
  const ranking = summary
    .contenders(task)
    .filter((name) => !isNative(name))
    .map((name) => ({ name, value: summary.median(task, name, figure) }))
    .filter(({ value }) => value !== undefined)
    .sort((a, b) => a.value - b.value);
  return ranking.slice(0, ranking.findLastIndex(({ name }) => isOwn(name)) + 1);
}

const entryText = ({ name, value }) =>
  isOwn(name)
    ? `**${name.replace("onceward ", "")} ${figureText(value)}**`
    : `${name} ${figureText(value)}`;

/** The table of all figures in which something else is ahead of some form of the gate. */
export function lossTable(summary) {
  const rows = [];
  for (const [scenario, figures] of Object.entries(FIGURES)) {
    for (const task of summary.cases(scenario)) {
      for (const [figure, word] of Object.entries(figures)) {
        const ranking = rankingOf(summary, task, figure);
        if (ranking.some(({ name }) => !isOwn(name))) {
          const what = [sizeText(task.size), CASE_WORDS[scenario], task.kind].filter(Boolean);
          rows.push([`${what.join(" ")}: ${word}`, ranking.map(entryText).join(" · ")]);
        }
      }
    }
  }
  return { header: ["", "the best first, the gate in bold"], rows };
}
