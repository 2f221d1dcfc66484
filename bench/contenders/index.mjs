/**
 * Who takes part, and in what.
 *
 * `open({ size, retentionMs })` gives `check(key)`, whether the key is fresh, or `checkBatch(keys)`,
 * how many of them are; and where there is such a thing `bytes()`, the memory it accounts for, and
 * `close()`. What keeps state is in `state.mjs`.
 * @module
 */
import { openLruCache, openLruMap, openPowertools, openQuickLru, openTtlCache } from "./caches.mjs";
import { PrintTable } from "./js-table.mjs";
import { openMap, openSet } from "./maps.mjs";
import {
  missingGate,
  missingId,
  missingTaskClock,
  openBatch,
  openId,
  openIdTaskClock,
  openRevisionsBatch,
  openRevisionsSingle,
  openSingle,
} from "./onceward.mjs";
import { ORDER_CONTENDERS } from "./order.mjs";
import { STATE_CONTENDERS } from "./state.mjs";

/** The names that the report looks for. */
export const SET = "Set";
export const MAP = "Map + timestamps";
export const LRU_CACHE = "lru-cache";
export const JS_TABLE = "typed-array table (JS)";
export const JS_TABLE_BATCH = "typed-array table (JS), batch";
export const CHECK = "onceward check({ id })";
export const CHECK_ID = "onceward checkId(id)";
export const CHECK_ID_TASK_CLOCK = "onceward checkId(id), taskClock";
export const CHECK_IDS = "onceward checkIds(ids)";
export const NATIVE = "onceward in Rust";
export const NATIVE_BATCH = "onceward in Rust, batch";
export const REVISIONS_MAP = "Map of last revisions";
export const REVISIONS_CHECK = "onceward check({ entity, revision })";
export const REVISIONS_BATCH = "onceward checkRevisions(…)";
export const REVISIONS_COLUMN = "onceward checkRevisions(…, BigUint64Array)";

function openTable({ retentionMs }) {
  const table = new PrintTable(retentionMs);
  return { check: (key) => table.check(key), bytes: () => table.bytes };
}

function openTableBatch({ retentionMs }) {
  const table = new PrintTable(retentionMs);
  return { checkBatch: (keys) => table.checkBatch(keys), bytes: () => table.bytes };
}

/**
 * For keys. Those that are not `main` leave out what takes longest, unless they are asked for.
 * What runs natively says which scenarios of the executable are its own.
 */
export const KEY_CONTENDERS = [
  { name: SET, open: openSet, main: true, forgets: false },
  { name: MAP, open: openMap, main: true },
  { name: LRU_CACHE, open: openLruCache, main: true },
  { name: "quick-lru", open: openQuickLru },
  { name: "@isaacs/ttlcache", open: openTtlCache },
  { name: "mnemonist LRUMap", open: openLruMap },
  { name: "powertools local cache", open: openPowertools },
  { name: JS_TABLE, open: openTable, main: true },
  { name: JS_TABLE_BATCH, open: openTableBatch, main: true, batch: true },
  { name: CHECK, open: openSingle, main: true, missing: missingGate },
  { name: CHECK_ID, open: openId, main: true, missing: missingId },
  { name: CHECK_ID_TASK_CLOCK, open: openIdTaskClock, main: true, missing: missingTaskClock },
  { name: CHECK_IDS, open: openBatch, main: true, batch: true, missing: missingGate },
  {
    name: NATIVE,
    main: true,
    native: { keys: "keys-single", worst: "worst", window: "window" },
  },
  { name: NATIVE_BATCH, main: true, batch: true, native: { keys: "keys-batch" } },
];

/** The last revision of each entity, as an application would note it. */
function openRevisionsMap() {
  const last = new Map();
  return {
    checkBatch(entities, revisions) {
      let fresh = 0;
      for (let index = 0; index < entities.length; index += 1) {
        const entity = entities[index];
        const revision = revisions[index];
        const known = last.get(entity);
        if (known === undefined || revision > known) {
          last.set(entity, revision);
          fresh += 1;
        }
      }
      return fresh;
    },
  };
}

/** How revisions come: as what a JSON file has, beyond 32 bits, or exact whatever their size. */
export const REVISION_KINDS = ["number", "number > 2^31", "bigint"];

/** For revisions; `column` takes them as a BigUint64Array. */
export const REVISION_CONTENDERS = [
  { name: REVISIONS_MAP, open: openRevisionsMap },
  { name: REVISIONS_CHECK, open: openRevisionsSingle, missing: missingGate },
  { name: REVISIONS_BATCH, open: openRevisionsBatch, missing: missingGate },
  {
    name: REVISIONS_COLUMN,
    open: openRevisionsBatch,
    missing: missingGate,
    column: true,
    kinds: ["bigint"],
  },
  { name: NATIVE, native: { revisions: "revisions-single" }, kinds: ["bigint"] },
  { name: NATIVE_BATCH, native: { revisions: "revisions-batch" }, kinds: ["bigint"] },
];

/** Returns the contenders of a scenario. */
export function contendersOf(scenario) {
  switch (scenario) {
    case "revisions":
      return REVISION_CONTENDERS;
    case "state":
      return STATE_CONTENDERS;
    case "order":
      return ORDER_CONTENDERS;
    case "worst":
      return KEY_CONTENDERS.filter(({ batch }) => !batch);
    case "window":
      return KEY_CONTENDERS.filter(
        ({ forgets, native }) => forgets !== false && (native === undefined || native.window),
      );
    default:
      return KEY_CONTENDERS;
  }
}

/** Returns the contender of that name in a scenario. */
export function contenderNamed(scenario, name) {
  const found = contendersOf(scenario).find((contender) => contender.name === name);
  if (found === undefined) {
    throw new Error(`${scenario} has no contender "${name}"`);
  }
  return found;
}
