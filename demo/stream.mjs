/**
 * A stream as brokers deliver it: every event at least once, some more often, and not in order.
 *
 * Producers send deposits, withdrawals and prices. They retry what they believe was lost, and some
 * messages take a detour. A worker reads the resulting log in polls and commits its position now
 * and
 * then; when it crashes, the next one starts again at the last commit. The same seed gives the same
 * stream.
 * @module
 */

export const ACCOUNTS = ["alice", "bob", "carol", "dave", "erin", "frank"];
export const SYMBOLS = ["ACME", "BOLT", "CRUX", "DUNE", "ECHO"];

const TRANSFER_CHANCE = 0.5;
const RETRY_CHANCE = 0.15;
const DETOUR_CHANCE = 0.1;
const CRASH_CHANCE = 1 / 50;

/**
 * How many events later a message may arrive: as a rule, after a detour, and when it is sent again.
 */
const DELAY_MAX = 5;
const DETOUR_MAX = 400;
const RETRY_AFTER_MAX = 2000;

const POLL_EVENTS = 500;
const COMMIT_EVERY_POLLS = 4;

/** Returns a function that gives numbers from 0 up to 1 (mulberry32). */
export function seeded(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** What producers send, each event once and in order. Money is in cents. */
function produce(count, random) {
  const below = (limit) => Math.floor(random() * limit);
  const listed = new Map(
    SYMBOLS.map((symbol) => [symbol, { revision: 0, cents: 5000 + below(20_000) }]),
  );
  return Array.from({ length: count }, (_, index) => {
    if (random() < TRANSFER_CHANCE) {
      const account = ACCOUNTS[below(ACCOUNTS.length)];
      return { scope: "bank", id: `tx-${index}`, account, cents: below(90_000) - 40_000 };
    }
    const symbol = SYMBOLS[below(SYMBOLS.length)];
    const last = listed.get(symbol);
    last.revision += 1;
    last.cents = Math.max(100, last.cents + below(201) - 100);
    return { scope: "prices", symbol, revision: last.revision, cents: last.cents };
  });
}

/** The log that results: what was issued, with retries and detours. */
function send(issued, random) {
  const below = (limit) => Math.floor(random() * limit);
  const sent = [];
  issued.forEach((event, index) => {
    const delay = below(random() < DETOUR_CHANCE ? DETOUR_MAX : DELAY_MAX);
    sent.push({ event, at: index + delay });
    while (random() < RETRY_CHANCE) {
      sent.push({ event, at: index + delay + below(RETRY_AFTER_MAX) });
    }
  });
  return sent.sort((one, other) => one.at - other.at).map(({ event }) => event);
}

/** What the worker gets from the log, poll by poll, crashes included. */
function deliver(log, random) {
  const polls = [];
  let crashes = 0;
  let committed = 0;
  let position = 0;
  while (position < log.length) {
    polls.push(log.slice(position, position + POLL_EVENTS));
    position += POLL_EVENTS;
    if (polls.length % COMMIT_EVERY_POLLS === 0) {
      committed = position;
    } else if (random() < CRASH_CHANCE) {
      crashes += 1;
      position = committed;
    }
  }
  return { polls, crashes };
}

/** Makes a stream: what was issued, and the polls in which it is delivered. */
export function makeStream({ seed, events }) {
  const random = seeded(seed);
  const issued = produce(events, random);
  return { issued, ...deliver(send(issued, random), random) };
}
