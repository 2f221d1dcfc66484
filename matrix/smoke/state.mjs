/**
 * Snapshots, changes, merging, stages, and errors.
 * @module
 */
import { openGate, SECRET } from "./world.mjs";

const KEY = { scope: "pay", id: "order-1" };
const EVENTS = [
  KEY,
  { scope: "prices", entity: "ACME", revision: 7 },
  { scope: "orders", source: "3", position: 2n ** 70n },
];

/** Checks that a gate which is opened from bytes says what the first one would have said. */
export async function checkState(onceward, witness) {
  const { gate } = await openGate(onceward);
  const { gate: follower } = await openGate(onceward);
  gate.checkAll(EVENTS);
  follower.merge(gate.changes());
  const claim = gate.claim({ id: "claimed" });
  claim.commit({ done: true });
  gate.checkIds(Array.from({ length: 1000 }, (_, index) => `key ${index}`));
  const snapshot = gate.snapshot();
  const { gate: copy } = await openGate(onceward, { snapshot });
  witness.is(copy.checkAll(EVENTS), Array(3).fill("duplicate"), "what the copy knows");
  witness.is(copy.inspect({ id: "claimed" }).result, { done: true }, "the result in the copy");
  witness.is(copy.checkId("key 999"), "duplicate", "a key in the copy");
  witness.is(copy.snapshot(), snapshot, "the bytes of the copy");
  follower.merge(gate.changes());
  witness.is(follower.snapshot(), snapshot, "the bytes of what was merged");
  witness.is(follower.merge(snapshot).keys, 0, "new keys in a second merge");
  witness.sum(snapshot);
  await Promise.all([gate.close(), copy.close(), follower.close()]);
}

/** Checks that two copies converge, and tell that both have acted. */
export async function checkMerging(onceward, witness) {
  const [{ gate: left }, { gate: right }] = [await openGate(onceward), await openGate(onceward)];
  left.claim(KEY).commit("left");
  right.claim(KEY).commit("right");
  left.check({ id: "only left" });
  right.check({ scope: "prices", entity: "ACME", revision: 9 });
  const [ofLeft, ofRight] = [left.snapshot(), right.snapshot()];
  const reports = [left.merge(ofRight), right.merge(ofLeft)];
  witness.is(left.snapshot(), right.snapshot(), "the bytes of both");
  const [[inLeft], [inRight]] = reports.map(({ doubleRuns }) => doubleRuns);
  witness.is(inLeft, inRight, "the double run that both report");
  witness.is(inLeft.key, left.fingerprint(KEY), "the key of the double run");
  witness.is(reports[0].entities, 1, "entities that moved on");
  witness.judges(left, { scope: "prices", entity: "ACME", revision: 8 }, "stale");
  const { result } = left.inspect(KEY);
  witness.is(result, right.inspect(KEY).result, "the one result");
  witness.sum(left.snapshot());
  await Promise.all([left.close(), right.close()]);
}

/** Checks that a stage records when it is kept, and only then. */
export async function checkStages(onceward, witness) {
  const { gate } = await openGate(onceward);
  const dropped = gate.stage([KEY]);
  witness.is([...dropped.verdicts], ["fresh"], "what a stage says");
  witness.judges(gate, KEY, "pending");
  dropped.drop();
  const kept = gate.stage([KEY]);
  witness.is(kept.verdicts.at(0), "fresh", "what was dropped before");
  const { gate: copy } = await openGate(onceward);
  copy.merge(kept.changes);
  kept.keep();
  witness.judges(gate, KEY, "duplicate");
  witness.judges(copy, KEY, "duplicate");
  await Promise.all([gate.close(), copy.close()]);
}

/** Checks the codes of errors, and that bad input changes nothing. */
export async function checkErrors(onceward, witness) {
  const { gate } = await openGate(onceward);
  const before = gate.snapshot();
  const fails = (code, call) => witness.fails(onceward, code, call);
  await fails("invalid_event", () => gate.check({ entity: "half" }));
  await fails("invalid_event", () => gate.checkAll([{ id: "good" }, { id: "\ud800" }]));
  await fails("invalid_option", () => openGate(onceward, { retentoin: "1h" }));
  const damaged = new Uint8Array(before);
  damaged[damaged.length - 1] ^= 1;
  await fails("corrupt", () => gate.merge(damaged));
  await fails("wrong_secret", () =>
    openGate(onceward, { snapshot: before, secret: `not ${SECRET}` }),
  );
  witness.is(gate.snapshot(), before, "the bytes after all these errors");
  await gate.close();
  await fails("closed", () => gate.check(KEY));
}
