/**
 * One measurement, in a process of its own: what one leaves behind must not meet the next.
 *
 *   node --expose-gc bench/child.mjs '{"scenario":"keys","contender":"Set","size":100000}'
 *
 * It prints one line of JSON: the figures, or `error`.
 * @module
 */
import { contenderNamed } from "./contenders/index.mjs";
import { measureKeys } from "./scenarios/keys.mjs";
import { measureOrder } from "./scenarios/order.mjs";
import { measureRevisions } from "./scenarios/revisions.mjs";
import { measureState } from "./scenarios/state.mjs";
import { measureWindow } from "./scenarios/window.mjs";
import { measureWorst } from "./scenarios/worst.mjs";

const MEASURES = {
  keys: measureKeys,
  worst: measureWorst,
  revisions: measureRevisions,
  window: measureWindow,
  state: measureState,
  order: measureOrder,
};

const task = JSON.parse(process.argv[2]);

let line;
try {
  const contender = contenderNamed(task.scenario, task.contender);
  line = await MEASURES[task.scenario](contender, task);
} catch (error) {
  line = { error: error.message };
}
console.log(JSON.stringify(line));
// A timer of the contender's may still be waiting.
process.exit(line.error === undefined ? 0 : 1);
