/**
 * Messages of some feeds, put back in the order in which they were numbered.
 * @module
 */
import { CHUNK, Random } from "../keys.mjs";
import { ensureCount, Meter, turn } from "../meter.mjs";

/** So many feeds there are, each with its own numbers. */
export const FEEDS = 64;

const WINDOW = 64;
const WARM_UP_MESSAGES = 65_536;
const WARM_UPS = 6;

/** Returns the numbers of a chunk of messages, in the order in which they come. */
function arrivalOf(kind, count, random) {
  const numbers = Array.from({ length: count }, (_, index) => index);
  switch (kind) {
    case "in order":
      return numbers;
    case "in swapped pairs":
      // Both of a pair are of one feed: messages are dealt out to feeds in turn.
      return numbers.map((number) => {
        const isEven = Math.floor(number / FEEDS) % 2 === 0;
        const other = number + (isEven ? FEEDS : -FEEDS);
        return other < count ? other : number;
      });
    default: {
      const places = numbers.map((number) => [number + random.below(WINDOW * FEEDS), number]);
      return places.sort(([a], [b]) => a - b).map(([, number]) => number);
    }
  }
}

async function run(contender, kind, size) {
  const random = new Random(5);
  const meter = new Meter();
  for (let start = 0; start < size; start += CHUNK) {
    const count = Math.min(CHUNK, size - start);
    const messages = arrivalOf(kind, count, random).map((number) => ({
      scope: `feed-${(start + number) % FEEDS}`,
      order: Math.floor((start + number) / FEEDS),
    }));
    let released = 0;
    meter.start();
    for (const message of messages) {
      released += contender.push(message).length;
    }
    meter.stop(count);
    ensureCount("released messages", released, count);
    await turn();
  }
  return meter.ns;
}

/** Measures pushing `size` messages. */
export async function measureOrder({ open }, { size, kind }) {
  for (let round = 0; round < WARM_UPS; round += 1) {
    await run(await open(), kind, WARM_UP_MESSAGES);
  }
  return { ns: await run(await open(), kind, size) };
}
