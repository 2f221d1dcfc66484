/**
 * What issues and orders: notations, and the producer's half.
 * @module
 */
import { START } from "./world.mjs";

function checkClock({ RevisionClock }, witness) {
  const clock = new RevisionClock({ clock: () => START, node: 7 });
  const [first, second] = [clock.next(), clock.next()];
  witness.is(second > first, true, "revisions of one moment in order");
  clock.observe(second + 1000n);
  witness.is(clock.next() > second + 1000n, true, "a revision after one that was observed");
  witness.sum(new TextEncoder().encode(`${first} ${second}`));
}

function checkSequencer({ Sequencer }, witness) {
  const sequencer = new Sequencer({ by: (order) => ({ order }), release: "next", first: 1 });
  const released = [2, 1, 1, 4, 3].map((order) => sequencer.push(order, START));
  witness.is(released, [[], [1, 2], [], [], [3, 4]], "what a sequencer releases");
  witness.is([sequencer.held, sequencer.dropped], [0, 1], "what it holds and has dropped");
}

function checkIds({ contentId, newId }, witness) {
  const [id, other] = [newId(START), newId(START)];
  witness.is(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-/.test(id), true, "an id");
  witness.is(id === other, false, "two ids alike");
  const names = [contentId({ a: 1, b: [2] }), contentId({ b: [2], a: 1.0 })];
  witness.is(names[0], names[1], "equal contents");
  witness.is(contentId({ a: 2 }) === names[0], false, "other contents alike");
  witness.sum(new TextEncoder().encode(names[0]));
}

/** Checks notations, the sequencer, revisions and ids. */
export function checkIssuing(onceward, witness) {
  const { ordinal } = onceward;
  witness.is(ordinal.lsn("16/B374D848"), 97_500_059_720n, "a log sequence number");
  witness.is(ordinal.time("1970-01-01T00:00:01Z") > 0n, true, "a time");
  checkClock(onceward, witness);
  checkSequencer(onceward, witness);
  checkIds(onceward, witness);
}
