/**
 * A key that comes alone is judged the same by all ways: while it is claimed, in doubt or forgotten,
 * with content before or after it, and whatever the clock does.
 * @module
 */
import assert from "node:assert/strict";
import test from "node:test";
import { DAY, HOUR, MINUTE, SECOND, START, stateOf } from "./helpers/gate.js";
import { seeded } from "./helpers/random.js";
import { KEY_WAYS, twins } from "./helpers/ways.js";

const ID = { id: "a" };

/** Runs a test for each way to judge a key. */
function byEachWay(name, body) {
  for (const [named, way] of Object.entries(KEY_WAYS)) {
    test(`${name}: ${named}`, () => body(way));
  }
}

byEachWay("a live claim is in the way of its key, and of no other", async (way) => {
  const pair = await twins();
  const ends = pair.claim(ID);
  pair.judge(way, ID, "pending");
  pair.judge(way, { id: "b" }, "fresh");
  pair.judge(way, { id: "b" }, "duplicate");
  ends((claim) => claim.release());
  pair.judge(way, ID, "fresh");
  pair.judge(way, ID, "duplicate");
  pair.same();
});

byEachWay("a committed key is a duplicate, with its result or without", async (way) => {
  const pair = await twins({ resultRetention: MINUTE });
  for (const [id, result] of [
    ["bytes", Uint8Array.of(1, 2)],
    ["json", { a: 1 }],
    ["nothing", undefined],
  ]) {
    pair.claim({ id })((claim) => claim.commit(result));
    pair.judge(way, { id }, "duplicate");
    assert.deepEqual(pair.both((gate) => gate.inspect({ id })).result, result);
  }
  pair.clock.now += MINUTE;
  pair.judge(way, { id: "json" }, "duplicate");
  assert.equal(pair.both((gate) => gate.inspect({ id: "json" })).omitted, true);
  pair.same();
});

byEachWay("a key in doubt is in doubt until that is resolved", async (way) => {
  const pair = await twins();
  for (const [id, as, after] of [
    ["happened", "committed", "duplicate"],
    ["did not", "released", "fresh"],
  ]) {
    pair.claim({ id })((claim) => claim.doubt());
    pair.judge(way, { id }, "in-doubt");
    pair.both((gate) => gate.resolve({ id }, as));
    pair.judge(way, { id }, after);
    pair.judge(way, { id }, "duplicate");
  }
  pair.same();
});

byEachWay("a claim that lapsed is taken over, and its owner told", async (way) => {
  const pair = await twins();
  const ends = pair.claim(ID, { lease: MINUTE });
  const late = pair.claim({ id: "late" }, { lease: MINUTE });
  pair.clock.now += MINUTE - 1;
  pair.judge(way, ID, "pending");
  pair.clock.now += 1;
  pair.judge(way, ID, "fresh");
  pair.judge(way, ID, "duplicate");
  assert.equal(
    ends((claim) => claim.commit("result")),
    "lost_claim",
  );
  assert.equal(
    late((claim) => claim.commit("result")),
    "late",
  );
  pair.judge(way, { id: "late" }, "duplicate");
  pair.same();
});

byEachWay("a claim that lapsed and is held is in doubt", async (way) => {
  const pair = await twins({ afterCrash: "hold" });
  pair.claim(ID, { lease: MINUTE });
  pair.clock.now += MINUTE - 1;
  pair.judge(way, ID, "pending");
  pair.clock.now += 1;
  pair.judge(way, ID, "in-doubt");
  pair.both((gate) => gate.resolve(ID, "released"));
  pair.judge(way, ID, "fresh");
  pair.same();
});

byEachWay("a claim on the rest of an event leaves other keys alone", async (way) => {
  const pair = await twins();
  const ends = pair.claim({ id: "a", entity: "e", revision: 1, source: "s", position: 1 });
  pair.judge(way, ID, "pending");
  pair.judge(way, { id: "e" }, "fresh");
  ends((claim) => claim.commit());
  pair.judge(way, ID, "duplicate");
  pair.judge(way, { id: "e" }, "duplicate");
  pair.same();
});

byEachWay("a key with content is a duplicate without, and the other way round", async (way) => {
  const pair = await twins();
  const check = (content) => pair.both((gate) => gate.check({ ...ID, content }));
  assert.equal(check("x"), "fresh");
  pair.judge(way, ID, "duplicate");
  assert.deepEqual([check("x"), check("y")], ["duplicate", "conflict"]);
  pair.judge(way, { id: "b" }, "fresh");
  assert.equal(
    pair.both((gate) => gate.check({ id: "b", content: "x" })),
    "duplicate",
  );
  pair.both((gate) => gate.forget(ID));
  pair.judge(way, ID, "fresh");
  assert.deepEqual([check("x"), check("y")], ["duplicate", "duplicate"]);
  pair.same();
});

byEachWay("a key that expired is fresh again, and has no content or result left", async (way) => {
  const pair = await twins({ retention: HOUR });
  pair.both((gate) => gate.check({ id: "content", content: 1 }));
  pair.claim({ id: "result" })((claim) => claim.commit(1));
  const ids = ["content", "result", "plain"];
  pair.judge(way, { id: "plain" }, "fresh");
  pair.clock.now = START + HOUR - 1;
  for (const id of ids) {
    pair.judge(way, { id }, "duplicate");
  }
  pair.clock.now = START + HOUR;
  for (const id of ids) {
    pair.judge(way, { id }, "fresh");
    assert.equal(
      pair.both((gate) => gate.check({ id, content: 2 })),
      "duplicate",
    );
    assert.deepEqual(
      pair.both((gate) => gate.inspect({ id })),
      { verdict: "duplicate", since: pair.clock.now },
    );
  }
  pair.clock.now -= HOUR;
  pair.judge(way, { id: "plain" }, "duplicate");
  pair.same();
});

byEachWay("above 24 days keys go second by second", async (way) => {
  const retention = 25 * DAY;
  const pair = await twins({ retention, maxClockJump: "100d" });
  const random = seeded(11);
  const ids = Array.from({ length: 40 }, (_, index) => ({ id: `${index}` }));
  for (const id of ids) {
    pair.clock.now += random.below(700);
    pair.judge(way, id, "fresh");
  }
  const last = pair.clock.now;
  for (pair.clock.now = START + retention; pair.clock.now < last + retention + 2 * SECOND; ) {
    const id = random.pick(ids);
    pair.agree(way, id, `${pair.clock.now - START - retention}`);
    pair.same();
    pair.clock.now += random.below(300);
  }
});

const LEAP = 2 * DAY;

/** What the clock shows after it leapt: the leap is confirmed, refuted, or gives way to another. */
const AFTERWARDS = {
  confirmed: [START + LEAP],
  "confirmed and gone on": [START + LEAP + 5],
  refuted: [START + 5],
  "refuted by a clock that went back": [START - 5],
  "outdone by a further leap": [START + 3 * LEAP, START + 10],
  "followed by a smaller leap": [START + LEAP - 1, START + LEAP - 1, START + LEAP - 2],
};

/** Keys of every kind; the first to be judged after a leap settles it, or is not decided by a look. */
const KINDS = ["before", "leapt", "leapt as well", "claimed", "content", "never seen"];

for (const [what, readings] of Object.entries(AFTERWARDS)) {
  byEachWay(`a leap of the clock, ${what}`, async (way) => {
    for (const first of KINDS) {
      const pair = await twins({ retention: HOUR });
      const { clock } = pair;
      const at = () => `${first} at ${clock.now - START}`;
      pair.judge(way, { id: "before" }, "fresh");
      pair.both((gate) => gate.check({ id: "content", content: 1 }));
      pair.claim({ id: "claimed" }, { lease: "100d" });
      clock.now = START + LEAP;
      pair.both((gate) => [...gate.checkIds(["leapt", "leapt as well"])]);
      for (const reading of readings) {
        clock.now = reading;
        pair.agree(way, { id: first }, at());
        pair.same(at());
      }
      // Where each of them is forgotten, and just before.
      for (const elapsed of [0, HOUR - 1, HOUR, HOUR + 5]) {
        clock.now = readings.at(-1) + elapsed;
        for (const id of KINDS) {
          pair.agree(way, { id }, at());
          pair.both((gate) => gate.inspect({ id }));
          pair.same(at());
        }
      }
    }
  });
}

test("many keys at once agree with single ones while the clock leaps to and fro", async () => {
  const pair = await twins({ retention: MINUTE, maxClockJump: 10 * SECOND, maxBytes: 1024 * 1024 });
  const random = seeded(13);
  const { clock } = pair;
  let now = START;
  for (let round = 0; round < 400; round += 1) {
    now += random.pick([0, 0, 1, 500, 5 * SECOND, 10 * SECOND, 10 * SECOND + 1]);
    clock.now = now + random.pick([0, 0, 0, 0, -SECOND, -MINUTE, 11 * SECOND, HOUR]);
    const ids = Array.from({ length: random.below(80) }, () => `${random.below(150)}`);
    const verdicts = pair.slow.checkAll(ids.map((id) => ({ id })));
    assert.deepEqual([...pair.quick.checkIds(ids)], verdicts, `round ${round}`);
    const id = `${random.below(150)}`;
    pair.agree(KEY_WAYS.checkId, { id }, `round ${round}`);
    pair.same(`round ${round}`);
  }
  const { verdicts, horizon } = stateOf(pair.quick);
  assert.ok(verdicts.fresh > 1000 && verdicts.duplicate > 1000 && horizon > START);
});
