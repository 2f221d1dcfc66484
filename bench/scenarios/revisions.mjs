/**
 * Revisions of entities, about a fifth of them overtaken by a later one.
 * @module
 */
import { CHUNK, keysOf, Random } from "../keys.mjs";
import { ensureCount, Meter, memoryBefore, memoryGrown, turn } from "../meter.mjs";

export const EVENTS_PER_ENTITY = 4;

// Of the events whose entity is known; the first of each entity cannot be stale.
const STALE_SHARE = 0.265;
const WARM_UP_ENTITIES = 8192;
const WARM_UPS = 6;
const WARM_UPS_FOR_MEMORY = 2;
// Beyond what fits into 32 bits, and within what a double holds exactly.
const LARGE = 2 ** 40;

/** Yields chunks of entities' numbers and their revisions, and how many of these are ahead. */
function* updates(entities) {
  const random = new Random(3);
  const last = new Uint32Array(entities);
  const numbers = new Uint32Array(CHUNK);
  for (let left = entities * EVENTS_PER_ENTITY; left > 0; left -= CHUNK) {
    const count = Math.min(left, CHUNK);
    const revisions = [];
    let fresh = 0;
    for (let index = 0; index < count; index += 1) {
      const entity = random.below(entities);
      numbers[index] = entity;
      if (last[entity] > 1 && random.below(1000) < STALE_SHARE * 1000) {
        revisions.push(1 + random.below(last[entity] - 1));
      } else {
        last[entity] += 2 + random.below(3);
        revisions.push(last[entity]);
        fresh += 1;
      }
    }
    yield { entities: keysOf(numbers, count), revisions, fresh };
  }
}

/** Returns revisions as they would have come: parsed, or read as exact integers. */
function revisionsAs(kind, column, revisions) {
  if (kind === "number") {
    return JSON.parse(JSON.stringify(revisions));
  }
  const large = revisions.map((revision) => LARGE + revision);
  if (kind !== "bigint") {
    return JSON.parse(JSON.stringify(large));
  }
  const exact = large.map(BigInt);
  return column ? BigUint64Array.from(exact) : exact;
}

async function run(contender, { kind, column }, size) {
  const meter = new Meter();
  for (const { entities, revisions, fresh } of updates(size)) {
    const given = revisionsAs(kind, column, revisions);
    meter.start();
    const found = contender.checkBatch(entities, given);
    meter.stop(entities.length);
    ensureCount("revisions", found, fresh);
    await turn();
  }
  return meter.ns;
}

async function warmUp(open, way, rounds) {
  for (let round = 0; round < rounds; round += 1) {
    const contender = await open();
    await run(contender, way, WARM_UP_ENTITIES);
    await contender.close?.();
  }
}

/** Measures all events of `size` entities, and the memory after them. */
export async function measureRevisions({ open, column }, { size, kind }) {
  const way = { kind, column };
  const load = async () => {
    const first = await open();
    await first.close?.();
  };
  const before = await memoryBefore(load, () => warmUp(open, way, WARM_UPS_FOR_MEMORY));
  // The collections have thrown compiled code away.
  await warmUp(open, way, WARM_UPS);
  const contender = await open();
  const ns = await run(contender, way, size);
  return { ns, ...(await memoryGrown(before, contender, size)) };
}
