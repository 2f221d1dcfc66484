/**
 * Keys as they come from outside, and the orders in which they come.
 *
 * A key is made from its number whenever it is needed, so no list of keys is kept that would be
 * memory of the harness, or would hand a contender a string object it has seen before.
 * @module
 */

/** How many keys come at once, such as in one read from a queue. */
export const CHUNK = 8192;

// A UUID in quotes, and a comma or the closing bracket behind it.
const ITEM_BYTES = 39;
const GOLDEN = 0x9e3779b1;
const [DASH, QUOTE, COMMA, OPEN, CLOSE] = Buffer.from('-",[]');
const DIGITS = Buffer.from("0123456789abcdef");

/** Spreads each bit of a word over all of it; no two words give the same. */
function spread(word) {
  let mixed = Math.imul(word ^ (word >>> 16), 0x7feb352d);
  mixed = Math.imul(mixed ^ (mixed >>> 15), 0x846ca68b);
  return mixed ^ (mixed >>> 16);
}

/** Makes random numbers, the same ones for the same seed. */
export class Random {
  #state;

  constructor(seed) {
    this.#state = seed | 0;
  }

  /** Returns a whole number below `limit`, which is at most 2^32. */
  below(limit) {
    this.#state = (this.#state + GOLDEN) | 0;
    return Math.floor(((spread(this.#state) >>> 0) / 2 ** 32) * limit);
  }
}

const text = Buffer.alloc(1 + CHUNK * ITEM_BYTES);

/** Writes eight digits of a word. */
function writeWord(word, at) {
  for (let index = 0; index < 8; index += 1) {
    text[at + index] = DIGITS[(word >>> (28 - index * 4)) & 15];
  }
}

/** Writes the four digits in the middle of a UUID, and the dashes around them. */
function writeMiddle(word, at) {
  text[at] = DASH;
  text[at + 1] = DIGITS[word >>> 28];
  text[at + 2] = DIGITS[(word >>> 24) & 15];
  text[at + 3] = DIGITS[(word >>> 20) & 15];
  text[at + 4] = DIGITS[(word >>> 16) & 15];
  text[at + 5] = DASH;
  text[at + 6] = DIGITS[(word >>> 12) & 15];
  text[at + 7] = DIGITS[(word >>> 8) & 15];
  text[at + 8] = DIGITS[(word >>> 4) & 15];
  text[at + 9] = DIGITS[word & 15];
}

/** Writes the UUID of a number: 8 digits, 4, 4, 4 and 12. No two numbers have the same first 8. */
function writeKey(number, at) {
  writeWord(spread(number), at);
  writeMiddle(spread((number + GOLDEN) | 0), at + 8);
  const third = spread((number - GOLDEN) | 0);
  text[at + 18] = DASH;
  writeWord(third, at + 19);
  // The last four of these give way to a dash and the twelve digits behind it.
  text[at + 23] = DASH;
  writeWord(Math.imul(third, GOLDEN), at + 24);
  writeWord(spread(~number), at + 28);
}

/**
 * Returns the keys of the first `count` numbers as JSON.parse makes them: each a new string, though
 * it may be equal to one before.
 */
export function keysOf(numbers, count) {
  text[0] = OPEN;
  let at = 1;
  for (let index = 0; index < count; index += 1) {
    text[at] = QUOTE;
    writeKey(numbers[index], at + 1);
    text[at + 37] = QUOTE;
    text[at + 38] = index === count - 1 ? CLOSE : COMMA;
    at += ITEM_BYTES;
  }
  return JSON.parse(text.latin1Slice(0, at));
}

/**
 * Yields chunks of `{ keys, fresh }`: from nothing to `size` keys, every second event being one that
 * was there before, in random order. `fresh` is how many are new.
 */
export function* fillOrder(size) {
  const random = new Random(1);
  const numbers = new Uint32Array(CHUNK);
  let known = 0;
  for (let left = size * 2; left > 0; ) {
    const count = Math.min(left, CHUNK);
    const before = known;
    for (let index = 0; index < count; index += 1, left -= 1) {
      // As many chances in so many events as keys are left: in the end it is exactly half.
      if (known === 0 || random.below(left) < size - known) {
        numbers[index] = known;
        known += 1;
      } else {
        numbers[index] = random.below(known);
      }
    }
    yield { keys: keysOf(numbers, count), fresh: known - before };
  }
}

/** Yields chunks of `{ keys, fresh }`: `events` random ones of the keys that a fill has left. */
export function* probeOrder(size, events) {
  const random = new Random(2);
  const numbers = new Uint32Array(CHUNK);
  for (let left = events; left > 0; left -= CHUNK) {
    const count = Math.min(left, CHUNK);
    for (let index = 0; index < count; index += 1) {
      numbers[index] = random.below(size);
    }
    yield { keys: keysOf(numbers, count), fresh: 0 };
  }
}
