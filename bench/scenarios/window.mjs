/**
 * A structure at work for long: for every key that comes, one is forgotten.
 *
 * One new key comes in each simulated millisecond, so with a retention of `size` milliseconds there
 * are always `size` keys alive. A fifth of the events repeat a key that is alive, and every
 * sixteenth key that is accepted has been accepted before, two windows ago, and must be fresh again.
 * @module
 */
import { CHUNK, keysOf, Random } from "../keys.mjs";
import { ensureCount, judge, Meter, memoryGrown, turn } from "../meter.mjs";
import { installSimulatedTime, pass, runTimers } from "../simulated-time.mjs";
import { prepare } from "./keys.mjs";

/** How many times all keys are replaced while it is measured. */
export const WINDOWS = 5;
/** Too few keys would be over before a chunk of them is. */
export const WINDOW_SIZE_MIN = 20_000;

const REPEATED_SHARE = 0.2;
// Repeated keys are not of the oldest: a batch is judged at the time of its last key.
const REPEATED_FROM_NEWEST = 0.8;
const AGAIN_EVERY = 16;
const AGAIN_AFTER_WINDOWS = 2;
// What holds a certain number of keys gets room for a quarter more than are alive.
const ROOM = 1.25;

/** The events, and what must be said of each. */
class Slide {
  #random = new Random(4);
  #numbers = new Uint32Array(CHUNK);
  #accepted;
  #size;
  #chunk;
  count = 0;

  constructor(size) {
    this.#size = size;
    this.#chunk = Math.min(CHUNK, size / 5);
    this.#accepted = new Uint32Array(size * (WINDOWS + 1));
  }

  /** Draws the next chunk, of no more keys than until `limit` have been accepted. */
  draw(limit) {
    const size = this.#size;
    const isFresh = new Uint8Array(this.#chunk);
    let events = 0;
    while (events < this.#chunk && this.count < limit) {
      const isRepeated = this.count >= size && this.#random.below(1000) < REPEATED_SHARE * 1000;
      if (isRepeated) {
        const back = 1 + this.#random.below(size * REPEATED_FROM_NEWEST);
        this.#numbers[events] = this.#accepted[this.count - back];
      } else {
        this.#numbers[events] = this.#next();
        isFresh[events] = 1;
      }
      events += 1;
    }
    return { keys: keysOf(this.#numbers, events), isFresh };
  }

  #next() {
    const earlier = this.count - this.#size * AGAIN_AFTER_WINDOWS;
    const isAgain = earlier >= 0 && this.count % AGAIN_EVERY === 0;
    const number = isAgain ? this.#accepted[earlier] : this.count;
    this.#accepted[this.count] = number;
    this.count += 1;
    return number;
  }
}

/** Judges a chunk while time passes, and returns how many answers are wrong. */
function follow(contender, keys, isFresh) {
  if (contender.checkBatch !== undefined) {
    let fresh = 0;
    for (let index = 0; index < keys.length; index += 1) {
      fresh += isFresh[index];
    }
    pass(fresh);
    return Math.abs(judge(contender, keys) - fresh);
  }
  let wrong = 0;
  for (let index = 0; index < keys.length; index += 1) {
    pass(isFresh[index]);
    if (contender.check(keys[index]) !== (isFresh[index] === 1)) {
      wrong += 1;
    }
  }
  return wrong;
}

async function run(contender, slide, limit) {
  const meter = new Meter();
  while (slide.count < limit) {
    const { keys, isFresh } = slide.draw(limit);
    meter.start();
    const wrong = follow(contender, keys, isFresh);
    runTimers();
    meter.stop(keys.length);
    ensureCount("wrong answers", wrong, 0);
    await turn();
  }
  return meter.ns;
}

/** Measures some windows after the first, and the memory at the end of them. */
export async function measureWindow({ open }, { size }) {
  installSimulatedTime();
  const slide = new Slide(size);
  const before = await prepare(open, size);
  const contender = await open({ size: size * ROOM, retentionMs: size });
  await run(contender, slide, size);
  const ns = await run(contender, slide, size * (WINDOWS + 1));
  return { ns, ...(await memoryGrown(before, contender, size)) };
}
