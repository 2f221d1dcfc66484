/**
 * Acting once: claim, effect and commit in one call.
 * @module
 */
import assert from "node:assert/strict";
import test from "node:test";
import { deferred, granted, lost, never, refused } from "./helpers/claims.js";
import { DAY, judges, MINUTE, open, refuses, START } from "./helpers/gate.js";

test("the effect runs once, under a claim, and its value is replayed", async () => {
  const { gate } = await open();
  const claims = [];
  const effect = async (claim) => {
    claims.push(claim);
    refused(gate, { id: "a" }, "pending");
    return { ok: [1] };
  };
  assert.deepEqual(await gate.once({ id: "a" }, effect), {
    status: "applied",
    value: { ok: [1] },
  });
  assert.deepEqual(await gate.once({ id: "a" }, never), {
    status: "replayed",
    value: { ok: [1] },
    omitted: false,
  });
  assert.equal(claims.length, 1);
  const [{ verdict, token, attempt, takeover, leaseUntil }] = claims;
  assert.deepEqual([verdict, attempt, takeover, leaseUntil], ["fresh", 1, false, START + MINUTE]);
  assert.equal(typeof token, "bigint");
});

test("the effect may be synchronous, and is called before once returns", async () => {
  const { gate } = await open();
  let ran = false;
  const outcome = gate.once({ id: "a" }, () => {
    ran = true;
    return 5;
  });
  assert.ok(ran);
  assert.deepEqual(await outcome, { status: "applied", value: 5 });
});

for (const [what, value] of [
  ["nothing", undefined],
  ["null", null],
  ["a number", 0],
  ["an object", { a: { b: [null] } }],
]) {
  test(`a value of ${what} is replayed as it was`, async () => {
    const { gate } = await open();
    assert.deepEqual(await gate.once({ id: "a" }, async () => value), { status: "applied", value });
    assert.deepEqual(await gate.once({ id: "a" }, never), {
      status: "replayed",
      value,
      omitted: false,
    });
  });
}

test("bytes are replayed byte for byte", async () => {
  const { gate } = await open();
  const bytes = Uint8Array.from({ length: 256 }, (_, index) => index);
  const first = await gate.once({ id: "a" }, () => bytes);
  assert.equal(first.value, bytes);
  const copy = bytes.slice();
  bytes.fill(0);
  for (let round = 0; round < 2; round += 1) {
    const { value } = await gate.once({ id: "a" }, never);
    assert.deepEqual(value, copy);
    value.fill(1);
  }
});

test("what is neither JSON nor bytes, or too large, is the caller's, and omitted later", async () => {
  const { gate } = await open({ maxResultBytes: 100 });
  const values = [
    ...[new Date(), new Map(), 1n, { a: undefined }, Number.NaN, Symbol("s"), () => 1],
    ...["x".repeat(99), new Uint8Array(101), Array.from({ length: 60 }, () => 1)],
  ];
  for (const [index, value] of values.entries()) {
    const id = `${index}`;
    const outcome = await gate.once({ id }, () => value);
    assert.deepEqual(Object.keys(outcome), ["status", "value"]);
    assert.equal(outcome.status, "applied");
    assert.equal(outcome.value, value);
    assert.deepEqual(await gate.once({ id }, never), {
      status: "replayed",
      value: undefined,
      omitted: true,
    });
    assert.equal(gate.inspect({ id }).omitted, true);
  }
});

test("a value that throws when it is read was still returned", async () => {
  const { gate } = await open();
  const value = {
    get a() {
      throw new Error("mine");
    },
  };
  const outcome = await gate.once({ id: "a" }, () => value);
  assert.equal(outcome.value, value);
  assert.equal((await gate.once({ id: "a" }, never)).omitted, true);
});

test("after resultRetention the event is replayed without its value", async () => {
  const { gate, clock } = await open();
  await gate.once({ id: "a" }, () => "value");
  clock.now += DAY - 1;
  assert.equal((await gate.once({ id: "a" }, never)).value, "value");
  clock.now += 1;
  assert.deepEqual(await gate.once({ id: "a" }, never), {
    status: "replayed",
    value: undefined,
    omitted: true,
  });
});

test("a duplicate by revision or position is replayed, omitted", async () => {
  const { gate } = await open();
  const event = { id: "a", entity: "e", revision: 5, source: "s", position: 5 };
  await gate.once(event, () => "value");
  for (const other of [
    { entity: "e", revision: 5 },
    { source: "s", position: 5 },
    { id: "b", entity: "e", revision: 5 },
  ]) {
    assert.deepEqual(await gate.once(other, never), {
      status: "replayed",
      value: undefined,
      omitted: true,
    });
  }
});

test("a key that check recorded is replayed, with nothing that was omitted", async () => {
  const { gate } = await open();
  judges(gate, [{ id: "a" }, "fresh"]);
  assert.deepEqual(await gate.once({ id: "a" }, never), {
    status: "replayed",
    value: undefined,
    omitted: false,
  });
});

test("whatever else is not fresh is refused, and says why", async () => {
  const { gate, clock } = await open({ revisions: "next", retention: MINUTE });
  judges(gate, [{ id: "old" }, "fresh"]);
  clock.now += MINUTE;
  judges(gate, [{ id: "a", content: 1, entity: "e", revision: 5 }, "fresh"]);
  granted(gate, { id: "doubt" }).doubt();
  for (const [event, refusal] of [
    [
      { id: "a", content: 2 },
      { verdict: "conflict", since: clock.now },
    ],
    [
      { entity: "e", revision: 4 },
      { verdict: "stale", current: 5n },
    ],
    [
      { entity: "e", revision: 7 },
      { verdict: "early", expected: 6n },
    ],
    [{ id: "x", time: START }, { verdict: "expired" }],
    [{ id: "doubt" }, { verdict: "in-doubt", since: clock.now }],
  ]) {
    assert.deepEqual(await gate.once(event, never), {
      status: "refused",
      verdict: refusal.verdict,
      refusal,
    });
  }
});

test("what is wrong rejects, and nothing is claimed", async () => {
  const { gate } = await open();
  const before = gate.stats();
  for (const [code, ...args] of [
    ["invalid_event", null, never],
    ["invalid_event", {}, never],
    ["invalid_event", { id: "a", content: 1n }, never],
    ["invalid_option", { id: "a" }],
    ["invalid_option", { id: "a" }, Promise.resolve(1)],
    ["invalid_option", { id: "a" }, never, null],
    ["invalid_option", { id: "a" }, never, { retries: 3 }],
    ["invalid_option", { id: "a" }, never, { lease: 0 }],
    ["invalid_option", { id: "a" }, never, { lease: "long" }],
    ["invalid_option", { id: "a" }, never, { renew: 1 }],
    ["invalid_option", { id: "a" }, never, { onPending: "skip" }],
    ["invalid_option", { id: "a" }, never, { maxWait: -1 }],
    ["invalid_option", { id: "a" }, never, { onError: "release" }],
  ]) {
    const name = `${code} ${JSON.stringify(args.slice(2))}`;
    await assert.rejects(gate.once(...args), { name: "OncewardError", code }, name);
  }
  assert.deepEqual(gate.stats(), before);
});

test("a late commit says so", async () => {
  const { gate, clock } = await open();
  const outcome = await gate.once({ id: "a" }, () => {
    clock.now += MINUTE;
    return "value";
  });
  assert.deepEqual(outcome, { status: "applied", value: "value", late: true });
  assert.equal((await gate.once({ id: "a" }, never)).value, "value");
});

test("one that was taken over keeps its value, unconfirmed, and the winner's stays", async () => {
  const { gate, clock } = await open();
  const held = deferred();
  const slow = gate.once({ id: "a" }, () => held.promise);
  clock.now += MINUTE;
  const seen = [];
  const fast = await gate.once({ id: "a" }, ({ attempt, takeover }) => {
    seen.push(attempt, takeover);
    return "winner";
  });
  assert.deepEqual(seen, [2, true]);
  assert.deepEqual(fast, { status: "applied", value: "winner" });
  held.resolve("stale");
  assert.deepEqual(await slow, { status: "applied", value: "stale", unconfirmed: true });
  assert.equal((await gate.once({ id: "a" }, never)).value, "winner");
});

test("a commit that throws leaves the value unconfirmed", async () => {
  const { gate, clock } = await open();
  const outcome = await gate.once({ id: "a" }, () => {
    clock.now = Number.NaN;
    return "value";
  });
  assert.deepEqual(outcome, { status: "applied", value: "value", unconfirmed: true });
});

test("after close a running call gives the effect's value, unconfirmed", async () => {
  const { gate } = await open();
  const held = deferred();
  const running = gate.once({ id: "a" }, () => held.promise);
  await gate.close();
  held.resolve("value");
  assert.deepEqual(await running, { status: "applied", value: "value", unconfirmed: true });
  await assert.rejects(
    gate.once(null, never, null).then(() => {}),
    { code: "closed" },
  );
});

test("after close a failing effect fails with its own error", async () => {
  const { gate } = await open();
  const held = deferred();
  const own = new Error("mine");
  const running = gate.once({ id: "a" }, () => held.promise);
  await gate.close();
  held.reject(own);
  await assert.rejects(running, (error) => error === own);
});

test("later changes of the event and of the value change nothing", async () => {
  const { gate } = await open();
  const event = { id: "a", content: Uint8Array.of(1) };
  const outcome = await gate.once(event, async () => {
    event.id = "b";
    event.content[0] = 2;
    return { list: [1] };
  });
  outcome.value.list.push(2);
  const replay = await gate.once({ id: "a", content: Uint8Array.of(1) }, never);
  assert.deepEqual(replay.value, { list: [1] });
  judges(gate, [{ id: "b" }, "fresh"]);
});

test("an effect may end its claim itself", async () => {
  const { gate, clock } = await open();
  const committed = await gate.once({ id: "committed" }, (claim) => {
    claim.commit("its own");
    return "returned";
  });
  assert.deepEqual(committed, { status: "applied", value: "returned" });
  assert.equal((await gate.once({ id: "committed" }, never)).value, "its own");

  const doubted = await gate.once({ id: "doubted" }, (claim) => {
    claim.doubt();
    return "after all";
  });
  assert.deepEqual(doubted, { status: "applied", value: "after all" });
  assert.equal((await gate.once({ id: "doubted" }, never)).value, "after all");

  const released = await gate.once({ id: "released" }, (claim) => {
    claim.release();
    return "not recorded";
  });
  assert.deepEqual(released, { status: "applied", value: "not recorded", unconfirmed: true });
  judges(gate, [{ id: "released" }, "fresh"]);

  const late = await gate.once({ id: "late" }, (claim) => {
    clock.now += MINUTE;
    claim.commit(1);
    return 1;
  });
  assert.deepEqual(late, { status: "applied", value: 1, late: true });
});

test("a claim that its effect kept is lost afterwards", async () => {
  const { gate } = await open();
  let kept;
  await gate.once({ id: "a" }, (claim) => {
    kept = claim;
    return 1;
  });
  lost(() => kept.release());
  lost(() => kept.commit(2));
  assert.equal(kept.commit(1), "committed");
  await gate.close();
  refuses("closed", () => kept.commit(1));
});

test("events of many kinds run at the same time", async () => {
  const { gate } = await open();
  const outcomes = await Promise.all(
    Array.from({ length: 200 }, (_, index) =>
      gate.once({ id: `${index % 100}` }, async () => `${index}`),
    ),
  );
  outcomes.forEach(({ status, value }, index) => {
    assert.deepEqual([status, value], [index < 100 ? "applied" : "replayed", `${index % 100}`]);
  });
  assert.equal(gate.stats().claims, 0);
});
