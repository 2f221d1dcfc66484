/**
 * Random clients of one service: whatever happens, nobody gets an answer that is not theirs, and
 * nothing takes effect twice.
 * @module
 */
import assert from "node:assert/strict";
import test from "node:test";
import { deferred, turn } from "./helpers/claims.js";
import { MINUTE } from "./helpers/gate.js";
import { key, service } from "./helpers/http.js";
import { seeded } from "./helpers/random.js";

const TENANTS = ["a", "b"];
const KEYS = 4;
const AMOUNTS = 2;

/** What a handler may do, and whether that is the answer for good. */
const ENDS = [
  ["answers", true],
  ["answers", true],
  ["refuses", true],
  ["fails", false],
  ["throws", false],
];

/** A world of requests that are begun and ended in random order. */
async function world(seed, pending) {
  const { below, pick } = seeded(seed);
  const running = [];
  /** The end of each request that ended for good, by what it stands for. */
  const final = new Map();
  const handler = async (request) => {
    const tenant = request.headers.get("x-tenant");
    const { number, amount } = await request.json();
    const name = `${tenant} ${number}`;
    assert.ok(!final.has(name), `${name} runs again after its answer`);
    assert.ok(!running.some((other) => other.name === name), `${name} runs twice`);
    const held = deferred();
    const run = { name, amount, held };
    running.push(run);
    return await held.promise;
  };
  const { send, clock } = await service(handler, { pending, maxWait: "1h" });

  const begin = () => {
    const [tenant, number, amount] = [pick(TENANTS), below(KEYS), below(AMOUNTS)];
    const name = `${tenant} ${number}`;
    const headers = { "x-tenant": tenant };
    return send({ key: key(number), json: { number, amount }, headers }).then(
      async (answer) => ({ name, amount, status: answer.status, body: await answer.text() }),
      (error) => ({ name, amount, error }),
    );
  };

  const end = () => {
    const [run] = running.splice(below(running.length), 1);
    const [how, isFinal] = pick(ENDS);
    const body = `${run.name} ${run.amount} ${how} ${final.size}`;
    if (isFinal) {
      final.set(run.name, { amount: run.amount, status: how === "answers" ? 201 : 402, body });
    }
    how === "throws"
      ? run.held.reject(new Error(body))
      : run.held.resolve(
          new Response(body, { status: { answers: 201, refuses: 402, fails: 503 }[how] }),
        );
  };
  return { below, clock, begin, end, running, final };
}

for (const [seed, pending] of [
  [1, "refuse"],
  [2, "wait"],
  [3, "refuse"],
  [4, "wait"],
]) {
  test(`random clients get their own answers, once (seed ${seed}, ${pending})`, async () => {
    const { below, clock, begin, end, running, final } = await world(seed, pending);
    const sent = [];
    for (let step = 0; step < 400; step += 1) {
      if (running.length > 0 && below(3) === 0) {
        end();
      } else {
        sent.push(begin());
      }
      // Less than a lease, so that nothing lapses while it runs.
      clock.now += below(MINUTE / 600);
      await turn();
      await turn();
    }
    while (running.length > 0) {
      end();
      await turn();
      await turn();
    }
    const counts = {};
    for (const { name, amount, status, body, error } of await Promise.all(sent)) {
      const expected = final.get(name);
      counts[status ?? "error"] = (counts[status ?? "error"] ?? 0) + 1;
      if (status === 201 || status === 402) {
        assert.deepEqual({ amount, status, body }, expected, `seed ${seed}`);
      } else {
        const isPassing = [409, 422, 503].includes(status) || error?.message.startsWith(name);
        assert.ok(isPassing, `seed ${seed}: ${status} ${body} ${error}`);
      }
    }
    assert.ok((counts[201] ?? 0) + (counts[402] ?? 0) > 20, JSON.stringify(counts));
    assert.ok(counts[422] > 0, JSON.stringify(counts));
  });
}
