/**
 * The strongest rival: a table of prints in plain JavaScript, laid out as the compiled core's is.
 *
 * A slot is four words: 96 bits of print, and the second in which the key was accepted. Slots lie in
 * segments of at most 16 KiB, which a directory finds by the leading bits of the print. A full
 * segment first drops what has expired, then grows by half, and at its greatest size is split; so no
 * call copies more than one segment, and a key takes 20 to 32 bytes.
 *
 * It takes on less than the core does: the print is not keyed, there are no scopes, no batches that
 * an error takes back, no limit to the memory, and no content, claims or revisions.
 * @module
 */
import { printOf } from "./js-print.mjs";

const SLOT_WORDS = 4;
const STAMP = 3;
const SLOTS_FIRST = 64;
// Growing in smaller steps saves memory, and took up to twice the time of these.
const SLOTS_STEP = 640;
const SLOTS_MAX = 1024;
const DEPTH_FIRST = 1;
// Behind the slots: how many are taken, how many leading bits all of the segment's prints share, and
// a second before which none of them was accepted.
const TRAILER_WORDS = 3;
const DEPTH = 1;
const OLDEST = 2;
// Retired segments that are kept, of each size, so that a steady state allocates nothing.
const SPARE_MAX = 4;
// How many prints of a batch are made, and their slots touched, before the first is judged: what the
// memory is slow to bring then arrives together.
const GROUP = 32;
const PRINT_WORDS = 3;

const slotsOf = (segment) => segment.length >>> 2;
const limitOf = (slots) => (slots * 13) >>> 4;

/** Where a print's slot would be, were there no others; the slots are in proportion to the prints. */
const homeOf = (second, slots) => (Math.imul(second >>> 16, slots) >>> 16) * SLOT_WORDS;

function grown(slots) {
  return slots >= SLOTS_STEP ? SLOTS_MAX : Math.min(slots * 2, SLOTS_STEP);
}

/** The least size that so many leave some room in. */
function roomyFor(count) {
  let slots = SLOTS_FIRST;
  while (slots < SLOTS_MAX && count > slots * 0.7) {
    slots = grown(slots);
  }
  return slots;
}

/**
 * Copies what has not expired: prints without the bit to `low`, those with it to `high`.
 * It is most of what growing costs.
 */
function move(segment, oldest, low, high, bit) {
  const end = slotsOf(segment) * SLOT_WORDS;
  for (let from = 0; from < end; from += SLOT_WORDS) {
    const stamp = segment[from + STAMP];
    // The stamp of an empty slot is 0, and so older than any.
    if (stamp >= oldest) {
      const first = segment[from];
      const second = segment[from + 1];
      const target = (first & bit) === 0 ? low : high;
      const slots = slotsOf(target);
      const stop = slots * SLOT_WORDS;
      let at = homeOf(second, slots);
      while (target[at + STAMP] !== 0) {
        at = at + SLOT_WORDS === stop ? 0 : at + SLOT_WORDS;
      }
      target[at] = first;
      target[at + 1] = second;
      target[at + 2] = segment[from + 2];
      target[at + STAMP] = stamp;
      target[stop] += 1;
    }
  }
}

/** Counts what has not expired, without the bit and with it. */
function countLive(segment, oldest, bit) {
  const end = slotsOf(segment) * SLOT_WORDS;
  const live = [0, 0];
  for (let at = 0; at < end; at += SLOT_WORDS) {
    if (segment[at + STAMP] >= oldest) {
      live[(segment[at] & bit) === 0 ? 0 : 1] += 1;
    }
  }
  return live;
}

/** A set of texts, each of which is forgotten when its time is up. */
export class PrintTable {
  #directory = [];
  #shift = 32 - DEPTH_FIRST;
  #prints = new Int32Array(GROUP * PRINT_WORDS);
  #spares = new Map();
  #bytes = 0;
  #retention;

  constructor(retentionMs) {
    this.#retention = Math.ceil(retentionMs / 1000);
    for (let index = 0; index < 2 ** DEPTH_FIRST; index += 1) {
      this.#directory.push(this.#take(SLOTS_FIRST, DEPTH_FIRST, this.#now()));
    }
  }

  /** What the segments take; the directory and the arrays' own objects come on top. */
  get bytes() {
    return this.#bytes;
  }

  /** Returns whether the text is new, and remembers it if so. */
  check(text) {
    printOf(text, this.#prints, 0);
    return this.#admit(0, this.#now());
  }

  /** Returns how many of the texts are new. The clock is read once. */
  checkBatch(texts) {
    const now = this.#now();
    const prints = this.#prints;
    const { length } = texts;
    let fresh = 0;
    for (let start = 0; start < length; start += GROUP) {
      const words = Math.min(GROUP, length - start) * PRINT_WORDS;
      for (let word = 0, index = start; word < words; word += PRINT_WORDS, index += 1) {
        printOf(texts[index], prints, word);
      }
      this.#touch(words);
      for (let word = 0; word < words; word += PRINT_WORDS) {
        fresh += this.#admit(word, now) ? 1 : 0;
      }
    }
    return fresh;
  }

  #now() {
    return (Date.now() / 1000) | 0;
  }

  /** Reads the slots of prints, one not waiting for the other. The sum keeps it from being removed. */
  #touch(words) {
    let sum = 0;
    for (let word = 0; word < words; word += PRINT_WORDS) {
      const segment = this.#directory[this.#prints[word] >>> this.#shift];
      sum ^= segment[homeOf(this.#prints[word + 1], slotsOf(segment))];
    }
    return sum;
  }

  /** Judges a print. All words are signed: those of a Uint32Array would be compared as doubles. */
  #admit(word, now) {
    const first = this.#prints[word];
    const second = this.#prints[word + 1];
    const third = this.#prints[word + 2];
    const segment = this.#directory[first >>> this.#shift];
    const slots = slotsOf(segment);
    const end = slots * SLOT_WORDS;
    let at = homeOf(second, slots);
    for (let stamp = segment[at + STAMP]; stamp !== 0; stamp = segment[at + STAMP]) {
      if (segment[at] === first && segment[at + 1] === second && segment[at + 2] === third) {
        if (now - stamp <= this.#retention) {
          return false;
        }
        segment[at + STAMP] = now;
        return true;
      }
      at += SLOT_WORDS;
      if (at === end) {
        at = 0;
      }
    }
    if (segment[end] >= limitOf(slots)) {
      this.#makeRoom(segment, first, now);
      return this.#admit(word, now);
    }
    segment[at] = first;
    segment[at + 1] = second;
    segment[at + 2] = third;
    segment[at + STAMP] = now;
    segment[end] += 1;
    return true;
  }

  #makeRoom(segment, first, now) {
    const slots = slotsOf(segment);
    const end = slots * SLOT_WORDS;
    const depth = segment[end + DEPTH];
    const oldest = now - this.#retention;
    const bit = 1 << (31 - depth);
    // Nothing can have expired while the oldest has not, which saves the counting.
    const since = Math.max(segment[end + OLDEST], oldest);
    const live = since === oldest ? countLive(segment, oldest, bit) : [segment[end], 0];
    // A purge alone must leave room for a while, or the next calls would copy again.
    const crowded = live[0] + live[1] > slots * 0.7;
    if (crowded && slots === SLOTS_MAX) {
      const [zeros, ones] = countLive(segment, oldest, bit);
      const low = this.#take(roomyFor(zeros), depth + 1, since);
      const high = this.#take(roomyFor(ones), depth + 1, since);
      this.#deepen(depth + 1);
      this.#replace(segment, first, depth, oldest, low, high);
    } else {
      const target = this.#take(crowded ? grown(slots) : slots, depth, since);
      this.#replace(segment, first, depth, oldest, target, target);
    }
  }

  #deepen(depth) {
    if (32 - this.#shift < depth) {
      this.#directory = this.#directory.flatMap((segment) => [segment, segment]);
      this.#shift -= 1;
    }
  }

  /** Moves a segment's prints to its one or two successors, and points the directory to these. */
  #replace(segment, first, depth, oldest, low, high) {
    move(segment, oldest, low, high, 1 << (31 - depth));
    const span = 2 ** (32 - this.#shift - depth);
    const start = Math.floor((first >>> this.#shift) / span) * span;
    this.#directory.fill(low, start, start + span / 2);
    this.#directory.fill(high, start + span / 2, start + span);
    if (low === high) {
      // A span of one has no halves.
      this.#directory[start] = low;
    }
    this.#retire(segment);
  }

  #take(slots, depth, since) {
    const end = slots * SLOT_WORDS;
    const segment = this.#spares.get(slots)?.pop() ?? new Int32Array(end + TRAILER_WORDS);
    segment[end + DEPTH] = depth;
    segment[end + OLDEST] = since;
    this.#bytes += segment.byteLength;
    return segment;
  }

  #retire(segment) {
    this.#bytes -= segment.byteLength;
    const slots = slotsOf(segment);
    const spares = this.#spares.get(slots) ?? [];
    this.#spares.set(slots, spares);
    if (spares.length < SPARE_MAX) {
      segment.fill(0);
      spares.push(segment);
    }
  }
}
