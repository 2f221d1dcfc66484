/**
 * A 96-bit print of a string in plain JavaScript: MurmurHash3 (x86, 128 bits) over the characters.
 *
 * It is not keyed: whoever chooses the keys can make them collide. That is what makes it cheap, and
 * what the compiled core does not allow itself.
 * @module
 */

// Four rounds of four characters; what is left over is taken one character at a time.
const BLOCK = 16;
const LATIN1_MAX = 0xff;

const C1 = 0x239b961b;
const C2 = 0xab0e9789;
const C3 = 0x38b34ae5;
const C4 = 0xa1e38b93;

/** Turns the bits of a word; compiled to one instruction. */
const turn = (word, by) => (word << by) | (word >>> (32 - by));

/** The finishing step of MurmurHash3, which spreads each bit over the word. */
function spread(word) {
  let mixed = Math.imul(word ^ (word >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return mixed ^ (mixed >>> 16);
}

/** Sums the four lanes up, spreads each, and writes three of them, as signed words. */
function finish(a, b, c, d, length, print, word) {
  const sum = ((a ^ length) + (b ^ length) + (c ^ length) + (d ^ length)) | 0;
  const e = spread(sum);
  const f = spread(((b ^ length) + sum) | 0);
  const g = spread(((c ^ length) + sum) | 0);
  const h = spread(((d ^ length) + sum) | 0);
  const total = (e + f + g + h) | 0;
  print[word] = total;
  print[word + 1] = (f + total) | 0;
  print[word + 2] = (g + total) | 0;
}

/**
 * Characters beyond Latin-1 would overlap when four share a word; here each has one for itself.
 * It is the slow way, and rare.
 */
function printWide(text, print, word) {
  let [a, b, c, d] = [1, 2, 3, 4];
  for (let at = 0; at < text.length; at += 1) {
    const k = turn(Math.imul(text.charCodeAt(at), C1), 15);
    const mixed = (Math.imul(turn(a ^ Math.imul(k, C2), 19) + b, 5) + 0x561ccd1b) | 0;
    [a, b, c, d] = [b, c, d, mixed];
  }
  finish(a, b, c, d, text.length, print, word);
}

/**
 * Writes the print of a text into three words of `print`, from `word` on.
 *
 * The characters are read in place: moving them into a buffer first (`encodeInto`, `latin1Write`)
 * takes longer than this whole function. The state is in locals, since a word of 32 bits that
 * outlives the function would be boxed.
 */
export function printOf(text, print, word) {
  const { length } = text;
  let [a, b, c, d] = [0, 0, 0, 0];
  let seen = 0;
  let at = 0;
  for (const end = length - BLOCK; at <= end; at += BLOCK) {
    let w = text.charCodeAt(at);
    let x = text.charCodeAt(at + 1);
    let y = text.charCodeAt(at + 2);
    let z = text.charCodeAt(at + 3);
    seen |= w | x | y | z;
    a ^= Math.imul(turn(Math.imul(w | (x << 8) | (y << 16) | (z << 24), C1), 15), C2);
    a = (Math.imul((turn(a, 19) + b) | 0, 5) + 0x561ccd1b) | 0;
    w = text.charCodeAt(at + 4);
    x = text.charCodeAt(at + 5);
    y = text.charCodeAt(at + 6);
    z = text.charCodeAt(at + 7);
    seen |= w | x | y | z;
    b ^= Math.imul(turn(Math.imul(w | (x << 8) | (y << 16) | (z << 24), C2), 16), C3);
    b = (Math.imul((turn(b, 17) + c) | 0, 5) + 0x0bcaa747) | 0;
    w = text.charCodeAt(at + 8);
    x = text.charCodeAt(at + 9);
    y = text.charCodeAt(at + 10);
    z = text.charCodeAt(at + 11);
    seen |= w | x | y | z;
    c ^= Math.imul(turn(Math.imul(w | (x << 8) | (y << 16) | (z << 24), C3), 17), C4);
    c = (Math.imul((turn(c, 15) + d) | 0, 5) + 0x96cd1c35) | 0;
    w = text.charCodeAt(at + 12);
    x = text.charCodeAt(at + 13);
    y = text.charCodeAt(at + 14);
    z = text.charCodeAt(at + 15);
    seen |= w | x | y | z;
    d ^= Math.imul(turn(Math.imul(w | (x << 8) | (y << 16) | (z << 24), C4), 18), C1);
    d = (Math.imul((turn(d, 13) + a) | 0, 5) + 0x32ac3b17) | 0;
  }
  for (; at < length; at += 1) {
    const w = text.charCodeAt(at);
    seen |= w;
    a ^= Math.imul(turn(Math.imul(w, C1), 15), C2);
    a = (Math.imul((turn(a, 19) + b) | 0, 5) + 0x561ccd1b) | 0;
    b = (turn(b, 17) + c) ^ a;
  }
  if (seen > LATIN1_MAX) {
    printWide(text, print, word);
  } else {
    finish(a, b, c, d, length, print, word);
  }
}
