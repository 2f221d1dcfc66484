/**
 * When an outbox tries again, and when it does not.
 * @module
 */
import assert from "node:assert/strict";
import test from "node:test";
import { problemType } from "onceward/http";
import { fullJitter, Network, readRetryAfter } from "../dist/internals.js";
import { HOUR, lost, MINUTE, openOutbox, post, SECOND, START, settle } from "./helpers/outbox.js";
import { seeded } from "./helpers/random.js";

const PROBLEM = { "content-type": "application/problem+json" };
const problem = (status, code, headers) =>
  new Response(JSON.stringify({ type: problemType(code), status, code }), {
    status,
    headers: { ...PROBLEM, ...headers },
  });

test("waits double with each failure, up to a cap, and are drawn from all below", () => {
  const backoff = { base: 1000, cap: 300_000 };
  const longest = (failures) => fullJitter(backoff, failures, () => 1 - 2 ** -53);
  assert.deepEqual(
    [1, 2, 3, 8, 9, 10, 100, 1e9].map(longest),
    [1000, 2000, 4000, 128_000, 256_000, 300_000, 300_000, 300_000],
  );
  assert.equal(
    fullJitter(backoff, 5, () => 0),
    0,
  );
  const seed = 8;
  const random = seeded(seed);
  const draws = Array.from({ length: 4000 }, () =>
    fullJitter(backoff, 4, () => random.below(2 ** 32) / 2 ** 32),
  );
  for (let eighth = 0; eighth < 8; eighth += 1) {
    const inside = draws.filter((ms) => Math.floor(ms / 1000) === eighth).length;
    assert.ok(inside > 400 && inside < 600, `seed ${seed}: ${inside} of 4000 in eighth ${eighth}`);
  }
});

test("Retry-After is a number of seconds or a date", () => {
  const read = (value, date) => {
    const headers = { ...(value === undefined ? {} : { "retry-after": value }) };
    return readRetryAfter(new Headers(date === undefined ? headers : { ...headers, date }), START);
  };
  for (const [value, ms] of [
    ["0", 0],
    ["120", 120_000],
    [" 7 ", 7000],
    ["Thu, 01 Jan 2026 00:01:00 GMT", MINUTE],
    ["Thursday, 01-Jan-26 00:01:00 GMT", MINUTE],
    ["Thu Jan  1 00:01:00 2026", MINUTE],
    ["Thu, 01 Jan 2026 23:59:60 GMT", 24 * HOUR],
    ["Wed, 31 Dec 2025 23:00:00 GMT", 0],
    ["Sunday, 06-Nov-94 08:49:37 GMT", 0],
    ["9".repeat(400), Number.MAX_SAFE_INTEGER],
    ...[undefined, "", "-1", "1.5", "1e3", "soon", "2026-01-01T00:01:00Z"].map((none) => [none]),
    ...["Thu, 32 Jan 2026 00:01:00 GMT", "Thu, 01 Foo 2026 00:01:00 GMT"].map((none) => [none]),
    ...["Mon, 30 Feb 2026 00:01:00 GMT", "Thu, 01 Jan 2026 24:01:00 GMT"].map((none) => [none]),
    ...["Thu, 01 Jan 2026 00:01:00 UTC", "Thu, 1 Jan 2026 00:01:00 GMT"].map((none) => [none]),
  ]) {
    assert.equal(read(value), ms, `${value}`);
  }
  // The device is an hour behind: what counts is how much later than the answer the date is.
  const minute = ["Thu, 01 Jan 2026 01:01:00 GMT", "Thu, 01 Jan 2026 01:00:00 GMT"];
  assert.equal(read(...minute), MINUTE);
});

for (const [what, answer, waits] of [
  ["a lost connection", lost, [SECOND, 2 * SECOND]],
  ["408", () => new Response("", { status: 408 }), [SECOND, 2 * SECOND]],
  ["425", () => new Response("", { status: 425 }), [SECOND, 2 * SECOND]],
  ["429", () => new Response("", { status: 429 }), [SECOND, 2 * SECOND]],
  ["500", () => new Response("", { status: 500 }), [SECOND, 2 * SECOND]],
  ["503", () => new Response("", { status: 503 }), [SECOND, 2 * SECOND]],
  ["an update that comes too early", () => problem(409, "early"), [SECOND, 2 * SECOND]],
  [
    "503 with Retry-After",
    () => new Response("", { status: 503, headers: { "retry-after": "60" } }),
    [MINUTE, MINUTE],
  ],
  [
    "429 with a date",
    () =>
      new Response("", {
        status: 429,
        headers: { "retry-after": "Fri, 02 Jan 2026 00:00:00 GMT" },
      }),
    [24 * HOUR, SECOND * 2],
  ],
  ["409 in flight", () => problem(409, "pending", { "retry-after": "5" }), [5000, 5000]],
  ["409 in flight, without a time", () => problem(409, "pending"), [SECOND, SECOND]],
  [
    "409 with Retry-After from any server",
    () => new Response("busy", { status: 409, headers: { "retry-after": "0" } }),
    [SECOND, SECOND],
  ],
]) {
  test(`${what} is tried again under the same key`, async (t) => {
    const { outbox, server, time } = await openOutbox(t, { maxAge: "7d" });
    server.answer(answer(), answer());
    const submission = await outbox.enqueue(post("one"));
    for (const [index, wait] of waits.entries()) {
      await settle();
      assert.equal(server.requests.length, index + 1);
      assert.equal(submission.state, "waiting");
      assert.equal(submission.nextTry - time.now, wait);
      await time.advance(wait - 1);
      assert.equal(server.requests.length, index + 1, "not before");
      await time.advance(1);
    }
    assert.equal((await submission.answer).state, "answered");
    assert.deepEqual(new Set(server.requests.map(({ key }) => key)), new Set([submission.key]));
    assert.equal(submission.attempts, 3);
  });
}

for (const [what, answer] of [
  ...[300, 400, 401, 403, 404, 405, 409, 410, 412, 413, 422, 428].map((status) => [
    `${status}`,
    () => new Response("no", { status }),
  ]),
  ["a doubt", () => problem(409, "in-doubt")],
  ["a key that is too old", () => problem(410, "expired")],
]) {
  test(`${what} is final, and not tried again`, async (t) => {
    const { outbox, server, time } = await openOutbox(t);
    server.answer(answer());
    const submission = await outbox.enqueue(post("one"));
    const given = await submission.answer;
    assert.deepEqual([given.state, given.reason], ["parked", "refused"]);
    assert.equal(given.response.status, answer().status);
    assert.equal(await given.response.text(), await answer().text());
    await time.advance(48 * HOUR);
    assert.equal(server.requests.length, 1);
    assert.deepEqual([submission.state, submission.reason], ["parked", "refused"]);
  });
}

test("an answer that the server has forgotten is an answer without a body", async (t) => {
  const { outbox, server } = await openOutbox(t);
  server.answer(
    problem(410, "omitted"),
    new Response("", { headers: { "idempotency-replayed": "true" } }),
  );
  const omitted = await (await outbox.enqueue(post("one"))).answer;
  assert.deepEqual([omitted.state, omitted.omitted], ["answered", true]);
  const replayed = await (await outbox.enqueue(post("two"))).answer;
  assert.deepEqual(
    [replayed.state, replayed.omitted, replayed.replayed],
    ["answered", false, true],
  );
});

test("a problem that cannot be read is none", async (t) => {
  const { outbox, server } = await openOutbox(t, { onParked: "continue" });
  for (const body of ["{", "null", "7", `{"type":7}`]) {
    server.answer(new Response(body, { status: 409, headers: PROBLEM }));
    assert.equal((await (await outbox.enqueue(post("one"))).answer).reason, "refused");
  }
});

test("a request that takes too long is broken off, and tried again", async (t) => {
  const { outbox, server, time } = await openOutbox(t, { timeout: "10s" });
  server.answer(() => new Promise(() => {}));
  const submission = await outbox.enqueue(post("one"));
  await time.advance(10 * SECOND);
  assert.equal(server.requests[0].signal.aborted, true);
  assert.deepEqual([submission.state, submission.trouble], ["waiting", "timeout"]);
  await time.advance(SECOND);
  assert.equal(submission.state, "answered");
  assert.deepEqual(time.waits, [], "no timer is left");
});

test("an answer whose body breaks off is none", async (t) => {
  const { outbox, server, time } = await openOutbox(t);
  const broken = new ReadableStream({
    pull(controller) {
      controller.error(new Error("cut"));
    },
  });
  server.answer(new Response(broken));
  const submission = await outbox.enqueue(post("one"));
  await settle();
  assert.deepEqual([submission.state, submission.trouble], ["waiting", "network"]);
  await time.advance(SECOND);
  assert.equal(await (await submission.answer).response.text(), "did one");
});

test("prepare is asked before each try, and what it adds is not kept", async (t) => {
  const seen = [];
  let token = 0;
  const prepare = async (request, { attempts, key }) => {
    seen.push([attempts, key]);
    token += 1;
    if (token === 2) {
      throw new Error("no token to be had");
    }
    request.headers.set("authorization", `Bearer ${token}`);
    return request;
  };
  const { outbox, server, time } = await openOutbox(t, { prepare });
  server.answer(lost());
  const headers = { authorization: "Bearer old", cookie: "session=1", "proxy-authorization": "x" };
  const submission = await outbox.enqueue(post("one", "/", { headers }));
  await time.advance(SECOND);
  assert.equal(submission.trouble, "prepare");
  assert.equal(submission.attempts, 1, "nothing was sent");
  await time.advance(2 * SECOND);
  assert.deepEqual(
    server.requests.map(({ headers: sent }) => sent.get("authorization")),
    ["Bearer 1", "Bearer 3"],
  );
  for (const { headers: sent } of server.requests) {
    assert.deepEqual([sent.get("cookie"), sent.get("proxy-authorization")], [null, null]);
  }
  assert.deepEqual(seen, [
    [0, submission.key],
    [1, submission.key],
    [1, submission.key],
  ]);
});

test("what prepare cannot do does not count as sent", async (t) => {
  const prepare = () => Promise.reject(new Error("no"));
  const { outbox, time } = await openOutbox(t, { prepare });
  const submission = await outbox.enqueue(post("one"));
  await time.advance(72 * HOUR);
  assert.deepEqual([submission.state, submission.sentAt], ["waiting", undefined]);
  assert.deepEqual(await submission.cancel(), { cancelled: true, sent: false });
});

test("decide goes before the policy", async (t) => {
  const decide = (response, { note }) => (response.status === 418 ? note : undefined);
  const { outbox, server, time } = await openOutbox(t, { decide, onParked: "continue" });
  for (const [note, state] of [
    ["answered", "answered"],
    ["parked", "parked"],
    ["retry", "waiting"],
    [null, "parked"],
  ]) {
    server.answer(new Response("tea", { status: 418 }));
    const submission = await outbox.enqueue(post("one"), { note });
    await settle();
    assert.equal(submission.state, state, `${note}`);
    await time.advance(SECOND);
  }
  assert.equal(server.requests.length, 5);
});

test("maxAttempts parks what has failed so often in a row", async (t) => {
  const { outbox, server, time } = await openOutbox(t, { maxAttempts: 3 });
  const busy = () => problem(409, "pending", { "retry-after": "1" });
  server.answer(lost(), busy(), busy(), lost(), new Response("", { status: 500 }));
  const submission = await outbox.enqueue(post("one"));
  await time.advance(HOUR);
  assert.deepEqual([submission.state, submission.reason], ["parked", "exhausted"]);
  assert.deepEqual([submission.attempts, submission.trouble], [5, "500"]);
  assert.equal(await submission.retry(), true);
  await settle();
  assert.equal((await submission.answer).state, "answered");
});

test("the hint that there is no network is followed, but not for ever", () => {
  let isOnline = false;
  const network = new Network(() => isOnline);
  assert.deepEqual(network.check(0), { away: 15 * MINUTE });
  assert.deepEqual(network.check(10 * MINUTE), { away: 5 * MINUTE });
  assert.deepEqual(network.check(15 * MINUTE), { away: 0 });
  network.probed(15 * MINUTE);
  assert.deepEqual(network.check(16 * MINUTE), { away: 14 * MINUTE });
  isOnline = true;
  assert.equal(network.check(17 * MINUTE), undefined);
  network.heard();
  isOnline = false;
  assert.deepEqual(network.check(18 * MINUTE), { away: 15 * MINUTE }, "it was right so far");
  network.heard();
  assert.equal(network.check(19 * MINUTE), undefined, "it was wrong, and is not believed again");
  const unknown = new Network(() => undefined);
  assert.equal(unknown.check(0), undefined);
});

test("a clock that is set back neither stops an outbox nor makes items younger", async (t) => {
  const { outbox, server, time } = await openOutbox(t);
  server.answer(lost(), lost());
  const submission = await outbox.enqueue(post("one"));
  await settle();
  time.now -= 365 * 24 * HOUR;
  await time.advance(SECOND);
  assert.equal(server.requests.length, 2);
  time.now += 365 * 24 * HOUR + 23 * HOUR;
  await time.advance(MINUTE);
  assert.equal(server.requests.length, 2);
  assert.deepEqual([submission.state, submission.reason], ["parked", "expired"]);
});
