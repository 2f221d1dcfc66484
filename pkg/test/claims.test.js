/**
 * Claims: leases to the millisecond, locks, fencing tokens, and who may still end one.
 * @module
 */
import assert from "node:assert/strict";
import test from "node:test";
import { granted, lost, refused } from "./helpers/claims.js";
import { DAY, HOUR, judges, MINUTE, open, refuses, SECOND, START } from "./helpers/gate.js";

const EVENT = { id: "a", entity: "e", revision: 5, source: "s", position: 5, content: { x: 1 } };

test("a claim says what it is", async () => {
  const { gate } = await open();
  const claim = granted(gate, { id: "a" });
  assert.equal(claim.verdict, "fresh");
  assert.equal(typeof claim.token, "bigint");
  assert.deepEqual([claim.attempt, claim.takeover], [1, false]);
  assert.equal(claim.leaseUntil, START + MINUTE);
  assert.equal(gate.stats().claims, 1);
});

test("while it lasts, its key, entity and source are pending for everyone else", async () => {
  const { gate } = await open();
  const claim = granted(gate, EVENT);
  judges(
    gate,
    [EVENT, "pending"],
    [{ id: "a" }, "pending"],
    [{ entity: "e", revision: 6 }, "pending"],
    [{ source: "s", position: 6 }, "pending"],
    [{ id: "b", entity: "e", revision: 6 }, "pending"],
    [{ id: "b", entity: "f", revision: 6, source: "t", position: 6 }, "fresh"],
  );
  claim.commit();
  judges(
    gate,
    [EVENT, "duplicate"],
    [{ entity: "e", revision: 6 }, "fresh"],
    [{ source: "s", position: 6 }, "fresh"],
  );
});

test("in window mode a claim locks only its position", async () => {
  const { gate } = await open({ positions: { window: 8 } });
  const claim = granted(gate, { source: "s", position: 5 });
  judges(gate, [{ source: "s", position: 5 }, "pending"], [{ source: "s", position: 6 }, "fresh"]);
  claim.commit();
  judges(gate, [{ source: "s", position: 5 }, "duplicate"]);
});

test("pending says after how long the claim lapses, and since when it is", async () => {
  const { gate, clock } = await open();
  granted(gate, { id: "a" });
  assert.deepEqual(gate.inspect({ id: "a" }), {
    verdict: "pending",
    retryAfter: MINUTE,
    since: START,
  });
  clock.now += MINUTE - 1;
  assert.equal(refused(gate, { id: "a" }, "pending").retryAfter, 1);
});

for (const [options, claimOptions, ms] of [
  [{}, undefined, MINUTE],
  [{}, {}, MINUTE],
  [{}, { lease: undefined }, MINUTE],
  [{ lease: "5m" }, {}, 5 * MINUTE],
  [{ lease: "5m" }, { lease: "2s" }, 2 * SECOND],
  [{}, { lease: 1 }, 1],
]) {
  const what = JSON.stringify([options, claimOptions]);
  test(`a lease is over at exactly its end: ${what}`, async () => {
    const { gate, clock } = await open(options);
    const claim = granted(gate, { id: "a" }, claimOptions);
    assert.equal(claim.leaseUntil, START + ms);
    clock.now = START + ms - 1;
    refused(gate, { id: "a" }, "pending");
    claim.extend(1);
    assert.equal(claim.leaseUntil, START + ms);
    clock.now = START + ms;
    const next = granted(gate, { id: "a" });
    assert.deepEqual([next.takeover, next.attempt], [true, 2]);
  });
}

test("tokens strictly increase, and follow the clock", async () => {
  const { gate, clock } = await open();
  const tokens = [];
  const take = (id) => {
    const claim = granted(gate, { id });
    tokens.push(claim.token);
    claim.release();
  };
  ["a", "a", "b"].forEach(take);
  clock.now += 1;
  take("a");
  clock.now -= HOUR;
  take("c");
  assert.deepEqual(
    tokens.map((token) => token - (BigInt(START) << 20n)),
    [0n, 1n, 2n, 1n << 20n, (1n << 20n) + 1n],
  );
});

test("a mismatch is told in flight and afterwards, and never reveals the result", async () => {
  const { gate, clock } = await open();
  const claim = granted(gate, EVENT);
  const other = { ...EVENT, content: { x: 2 } };
  const told = () => [
    gate.inspect(other),
    gate.claim(other),
    gate.inspect({ entity: "e", revision: 5, content: 2 }),
  ];
  for (const refusal of told()) {
    assert.equal(refusal.verdict, "conflict");
  }
  claim.commit({ secret: "the result" });
  for (const refusal of told()) {
    assert.equal(refusal.verdict, "conflict");
    assert.ok(!("result" in refusal) && !("omitted" in refusal));
  }
  clock.now += 2 * DAY;
  assert.deepEqual(Object.keys(gate.inspect(other)).sort(), ["since", "verdict"]);
});

test("release leaves the event as it was; doubt and lapse leave revision and position", async () => {
  const { gate, clock } = await open();
  granted(gate, EVENT).release();
  assert.deepEqual(gate.inspect(EVENT), { verdict: "fresh" });
  assert.deepEqual([gate.stats().keys, gate.stats().entities, gate.stats().sources], [0, 0, 0]);
  granted(gate, { ...EVENT, revision: 9, position: 9 });
  clock.now += MINUTE;
  judges(gate, [{ entity: "e", revision: 1 }, "fresh"], [{ source: "s", position: 1 }, "fresh"]);
});

test("after a release the next claim is no takeover, and counts from one", async () => {
  const { gate, clock } = await open();
  granted(gate, { id: "a" });
  clock.now += MINUTE;
  const second = granted(gate, { id: "a" });
  assert.deepEqual([second.takeover, second.attempt], [true, 2]);
  clock.now += MINUTE;
  const third = granted(gate, { id: "a" });
  assert.deepEqual([third.takeover, third.attempt], [true, 3]);
  third.release();
  const fourth = granted(gate, { id: "a" });
  assert.deepEqual([fourth.takeover, fourth.attempt], [false, 1]);
});

test("attempts are counted for the same revision or position where there is no key", async () => {
  for (const [event, other] of [
    [
      { entity: "e", revision: 5 },
      { entity: "e", revision: 6 },
    ],
    [
      { source: "s", position: 5 },
      { source: "s", position: 6 },
    ],
  ]) {
    const { gate, clock } = await open();
    granted(gate, event);
    clock.now += MINUTE;
    const again = granted(gate, event);
    assert.deepEqual([again.takeover, again.attempt], [true, 2]);
    clock.now += MINUTE;
    const next = granted(gate, other);
    assert.deepEqual([next.takeover, next.attempt], [true, 1]);
  }
});

test("check ends a lapsed claim and is fresh", async () => {
  const { gate, clock } = await open();
  const claim = granted(gate, EVENT);
  clock.now += MINUTE;
  judges(gate, [EVENT, "fresh"], [EVENT, "duplicate"]);
  assert.equal(lost(() => claim.commit(1)).verdict, "duplicate");
  assert.equal(gate.stats().claims, 0);
});

test("lapsed but not taken over: commit is late, release and doubt work, extend is lost", async () => {
  const lapsed = async () => {
    const { gate, clock } = await open();
    const claim = granted(gate, { id: "a" });
    clock.now += MINUTE;
    return { gate, claim };
  };
  const late = await lapsed();
  assert.equal(late.claim.commit("done"), "late");
  assert.equal(late.gate.inspect({ id: "a" }).result, "done");

  const released = await lapsed();
  released.claim.release();
  assert.equal(granted(released.gate, { id: "a" }).takeover, false);

  const doubted = await lapsed();
  doubted.claim.doubt();
  refused(doubted.gate, { id: "a" }, "in-doubt");

  const extended = await lapsed();
  lost(() => extended.claim.extend("1h"));
  assert.equal(granted(extended.gate, { id: "a" }).takeover, true);
});

test("a stale worker neither overwrites nor releases what the winner did", async () => {
  const { gate, clock } = await open();
  const stale = granted(gate, EVENT);
  clock.now += MINUTE;
  const winner = granted(gate, EVENT);
  for (const end of [
    () => stale.commit("stale"),
    () => stale.release(),
    () => stale.doubt(),
    () => stale.extend("1h"),
  ]) {
    const before = gate.stats();
    assert.equal(lost(end).verdict, "pending");
    assert.deepEqual(gate.stats(), before);
    refused(gate, EVENT, "pending");
  }
  assert.equal(winner.commit("winner"), "committed");
  for (const end of [
    () => stale.commit("stale"),
    () => stale.commit("winner"),
    () => stale.release(),
    () => stale.doubt(),
    () => stale.extend("1h"),
  ]) {
    assert.deepEqual(lost(end), { verdict: "duplicate", result: "winner", since: clock.now });
    assert.equal(gate.inspect(EVENT).result, "winner");
  }
});

test("a claim is lost as soon as one of its locks is", async () => {
  const { gate, clock } = await open();
  const claim = granted(gate, { id: "a", entity: "e", revision: 5 });
  clock.now += MINUTE;
  judges(gate, [{ entity: "e", revision: 4 }, "fresh"]);
  lost(() => claim.commit(1));
  lost(() => claim.release());
  judges(gate, [{ id: "a" }, "fresh"]);
});

test("to commit the same again is fine, another result is lost, and the first stays", async () => {
  const { gate } = await open();
  const claim = granted(gate, { id: "a" });
  assert.equal(claim.commit({ a: 1, b: [2] }), "committed");
  assert.equal(claim.commit({ b: [2], a: 1 }), "committed");
  assert.equal(lost(() => claim.commit({ a: 2 })).verdict, "duplicate");
  lost(() => claim.commit());
  lost(() => claim.commit(new TextEncoder().encode('{"a":1,"b":[2]}')));
  lost(() => claim.release());
  lost(() => claim.doubt());
  assert.deepEqual(gate.inspect({ id: "a" }).result, { a: 1, b: [2] });
});

test("a claim that was released is lost, without a winner", async () => {
  const { gate } = await open();
  const claim = granted(gate, { id: "a" });
  claim.release();
  for (const end of [() => claim.commit(1), () => claim.release(), () => claim.extend(5)]) {
    const error = refuses("lost_claim", end);
    assert.ok(!("refusal" in error));
  }
  judges(gate, [{ id: "a" }, "fresh"]);
});

test("extend counts from now, and never shortens", async () => {
  const { gate, clock } = await open();
  const claim = granted(gate, { id: "a" });
  clock.now += 30 * SECOND;
  claim.extend("1m");
  assert.equal(claim.leaseUntil, START + 90 * SECOND);
  claim.extend("1s");
  assert.equal(claim.leaseUntil, START + 90 * SECOND);
  clock.now = START + 90 * SECOND - 1;
  refused(gate, { id: "a" }, "pending");
  claim.extend(SECOND);
  assert.equal(claim.leaseUntil, START + 91 * SECOND - 1);
  clock.now = claim.leaseUntil;
  lost(() => claim.extend("1h"));
  assert.equal(claim.leaseUntil, clock.now);
});

test("later changes of the event object change nothing", async () => {
  const { gate } = await open();
  const event = { id: "a", content: Uint8Array.of(1, 2) };
  const claim = granted(gate, event);
  event.id = "b";
  event.content[0] = 9;
  claim.commit(5);
  assert.equal(gate.inspect({ id: "a", content: Uint8Array.of(1, 2) }).result, 5);
  judges(gate, [{ id: "a", content: Uint8Array.of(9, 2) }, "conflict"], [{ id: "b" }, "fresh"]);
});

test("a claim's age mark is its commit, and a conflict needs content at the claim", async () => {
  const { gate, clock } = await open({ retention: HOUR });
  const claim = granted(gate, { id: "a", content: 1 });
  clock.now += 30 * SECOND;
  claim.commit();
  const accepted = clock.now;
  clock.now = accepted + HOUR - 1;
  judges(gate, [{ id: "a", content: 1 }, "duplicate"], [{ id: "a", content: 2 }, "conflict"]);
  clock.now = accepted + HOUR;
  judges(gate, [{ id: "a", content: 2 }, "fresh"]);
});

test("forget ends the claims that it touches", async () => {
  for (const what of [{ id: "a" }, { entity: "e" }, { source: "s" }]) {
    const { gate } = await open();
    const claim = granted(gate, EVENT);
    assert.equal(gate.forget(what), 1, JSON.stringify(what));
    lost(() => claim.commit(1));
    granted(gate, EVENT).commit(2);
    assert.equal(lost(() => claim.release()).result, 2);
  }
});

test("a leap of the clock lapses no lease before it is confirmed", async () => {
  const { gate, clock } = await open();
  granted(gate, { id: "a" });
  clock.now += 2 * DAY;
  refused(gate, { id: "a" }, "pending");
  clock.now = START + 1;
  assert.equal(refused(gate, { id: "a" }, "pending").retryAfter, MINUTE - 1);
  clock.now = START + 2 * DAY;
  refused(gate, { id: "a" }, "pending");
  assert.equal(granted(gate, { id: "a" }).takeover, true);
});
