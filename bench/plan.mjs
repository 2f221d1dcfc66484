/**
 * What is measured, and in which order.
 * @module
 */
import { contendersOf, REVISION_KINDS } from "./contenders/index.mjs";
import { ORDER_KINDS } from "./contenders/order.mjs";
import { WINDOW_SIZE_MIN } from "./scenarios/window.mjs";

const WORST_SIZE = 1_000_000;
const ENTITIES = 300_000;
const MESSAGES = 1_000_000;
// What passing on what is new takes must be the same at both.
const STATE_SIZES = [10_000, 1_000_000];
// From here on a measurement takes long, and only the main contenders take part.
const LARGE_KEYS = 2_000_000;
const LARGE_WINDOW = 500_000;

/** The cases of a scenario: what is the same for all contenders. */
function casesOf(scenario, sizes) {
  const largest = sizes.at(-1);
  switch (scenario) {
    case "worst":
      return [{ size: Math.min(WORST_SIZE, largest) }];
    case "revisions":
      return REVISION_KINDS.map((kind) => ({ size: Math.min(ENTITIES, largest), kind }));
    case "order":
      return ORDER_KINDS.map((kind) => ({ size: Math.min(MESSAGES, largest), kind }));
    case "window":
      return sizes
        .filter((size) => size >= WINDOW_SIZE_MIN && size <= WORST_SIZE)
        .map((size) => ({ size }));
    case "state":
      return [...new Set(STATE_SIZES.map((size) => Math.min(size, largest)))].map((size) => ({
        size,
      }));
    default:
      return sizes.map((size) => ({ size }));
  }
}

function takesLong({ scenario, size }) {
  return (
    scenario === "worst" ||
    (scenario === "keys" && size >= LARGE_KEYS) ||
    (scenario === "window" && size >= LARGE_WINDOW)
  );
}

function takesPart(contender, task, wanted) {
  if (contender.native !== undefined && contender.native[task.scenario] === undefined) {
    return false;
  }
  if (contender.kinds !== undefined && !contender.kinds.includes(task.kind)) {
    return false;
  }
  if (wanted !== undefined) {
    return wanted.includes(contender.name);
  }
  return contender.main === true || !takesLong(task);
}

/**
 * Returns the cases, each with its contenders, and why others cannot take part. Within a case they
 * take turns, A B C A B C, so that a slow hour of the machine is slow for all.
 */
export async function makePlan({ scenarios, sizes, contenders: wanted }, native) {
  const skipped = new Map();
  const cases = [];
  for (const scenario of scenarios) {
    for (const each of casesOf(scenario, sizes)) {
      const task = { scenario, ...each };
      const contenders = [];
      for (const contender of contendersOf(scenario)) {
        if (takesPart(contender, task, wanted)) {
          const missing =
            contender.native === undefined ? await contender.missing?.() : native.missing;
          if (missing === undefined) {
            contenders.push(contender);
          } else {
            skipped.set(contender.name, missing);
          }
        }
      }
      cases.push({ task, contenders });
    }
  }
  return { cases, skipped: Object.fromEntries(skipped) };
}
