/**
 * Webhooks that are retried while the process is killed: each is acted on once, as far as was said.
 * @module
 */
import assert from "node:assert/strict";
import test, { after } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { gatedIn, startGated } from "./helpers/gated.js";
import { seeded } from "./helpers/random.js";
import { Gone } from "./helpers/stored.js";

const CLIENTS = 3;
/** Whoever waits for what does not come fails. */
const LIMITED = { timeout: 120_000 };

const worker = await startGated({ after });

/**
 * Sends the same webhooks as all clients, in their order, and each again until it is acknowledged;
 * sometimes an old one, too.
 */
class Client {
  /** How many were acknowledged, old ones included. */
  answered = 0;
  /** How many were sent again because nobody answered. */
  unanswered = 0;
  #at = 0;
  #random;
  #acknowledge;

  /** `acknowledge` sends one, and tells whether it was; it throws `Gone` when nobody answers. */
  constructor(seed, acknowledge) {
    this.#random = seeded(seed);
    this.#acknowledge = acknowledge;
  }

  /** Sends until nobody answers. */
  async run() {
    try {
      for (;;) {
        const isOld = this.#random.chance(0.2);
        const at = isOld ? this.#random.below(this.#at + 1) : this.#at;
        if (await this.#acknowledge(`event-${at}`, this.#random)) {
          this.answered += 1;
          this.#at += at === this.#at ? 1 : 0;
        }
      }
    } catch (error) {
      assert.ok(error instanceof Gone, error);
      this.unanswered += 1;
    }
  }
}

/** Lets clients send, and kills the process at random moments; each time, checks what is there. */
async function killed(t, { rounds, seed, acknowledge, check }) {
  t.diagnostic(`seed ${seed}`);
  const random = seeded(seed);
  const clients = Array.from({ length: CLIENTS }, (_, at) => new Client(seed + at, acknowledge));
  const sum = (count) => clients.reduce((total, client) => total + count(client), 0);
  for (let round = 0; round < rounds; round += 1) {
    const enough = sum(({ answered }) => answered) + random.below(30);
    let isOver = false;
    const running = Promise.all(clients.map((client) => client.run())).finally(() => {
      isOver = true;
    });
    const killing = (async () => {
      while (!isOver && sum(({ answered }) => answered) < enough) {
        await delay(1);
      }
      await delay(random.below(20));
      assert.ok(!isOver, "the process ended by itself");
      await worker.kill();
    })();
    await Promise.all([running, killing]);
    t.signal.throwIfAborted();
    await worker.start();
    await check();
  }
  return sum(({ unanswered }) => unanswered);
}

test("what was acknowledged stays so, and no effect is acknowledged twice", LIMITED, async (t) => {
  const object = gatedIn(worker, t.name, "BRIEF");
  const values = new Map();
  const applied = new Set();
  const counts = { acknowledged: 0, pending: 0, unconfirmed: 0, takeovers: 0 };

  const acknowledge = async (id, random) => {
    const pause = random.chance(0.5) ? 0 : random.below(20);
    const outcome = await object.send({ scope: "hooks", id }, { pause });
    if (outcome.status === "refused" || outcome.unconfirmed) {
      assert.ok(outcome.unconfirmed || outcome.verdict === "pending", JSON.stringify(outcome));
      counts[outcome.unconfirmed ? "unconfirmed" : "pending"] += 1;
      return false;
    }
    const { status, value } = outcome;
    if (status === "applied") {
      assert.ok(!applied.has(id), `the effect of ${id} was acknowledged twice`);
      applied.add(id);
    }
    assert.deepEqual(value, values.get(id) ?? value, id);
    values.set(id, value);
    counts.acknowledged += 1;
    counts.takeovers += status === "applied" && value.takeover ? 1 : 0;
    return true;
  };

  let checked = 0;
  const check = async (from = checked) => {
    const known = [...values].slice(from);
    checked = values.size;
    for (const [id, value] of known) {
      const again = await object.send({ scope: "hooks", id });
      assert.deepEqual(again, { status: "replayed", value, omitted: false }, id);
    }
    const rows = await object.sql("SELECT number, id, attempt FROM effects ORDER BY number");
    const rowsOf = new Map();
    for (const row of rows) {
      rowsOf.set(row.id, [...(rowsOf.get(row.id) ?? []), row]);
    }
    for (const [id, ran] of rowsOf) {
      const attempts = ran.map(({ attempt }) => attempt);
      assert.deepEqual(
        attempts,
        [...new Set(attempts)].sort((a, b) => a - b),
        id,
      );
      assert.ok(attempts.length <= attempts.at(-1), `${id}: more rows than attempts`);
    }
    for (const [id, { row, attempt }] of values) {
      const ran = rowsOf.get(id)?.find(({ number }) => number === row);
      assert.equal(ran?.attempt, attempt, `the acknowledged effect of ${id} is not there`);
    }
    return rows.length;
  };

  const unanswered = await killed(t, { rounds: 20, seed: 11, acknowledge, check });
  const rows = await check(0);
  t.diagnostic(JSON.stringify({ ids: values.size, rows, unanswered, ...counts }));
  assert.ok(values.size > 40, `only ${values.size} ids were acknowledged`);
});

test(
  "recorded in the transaction of the effect, every effect happens exactly once",
  LIMITED,
  async (t) => {
    const object = gatedIn(worker, t.name, "STAGING");
    const applied = new Set();
    const done = new Set();
    let merged = 0;

    const acknowledge = async (id, random) => {
      const pause = random.below(10);
      const verdict = await object.send({ id }, { pause, tidy: random.chance(0.1) });
      if (verdict === "pending") {
        return false;
      }
      assert.match(verdict, /^(fresh|duplicate)$/);
      if (verdict === "fresh") {
        assert.ok(!applied.has(id), `the effect of ${id} was acknowledged twice`);
        applied.add(id);
      }
      done.add(id);
      return true;
    };

    let checked = 0;
    const check = async (from = checked) => {
      merged += await object.post("merged", {});
      const rows = await object.sql(
        "SELECT id, count(*) AS times FROM effects GROUP BY id ORDER BY min(number)",
      );
      const times = new Map(rows.map((row) => [row.id, row.times]));
      for (const [id, count] of times) {
        assert.equal(count, 1, `${id} happened ${count} times`);
      }
      for (const id of [...times.keys()].slice(from)) {
        assert.equal(await object.send({ id }, { pause: 0 }), "duplicate", id);
      }
      checked = times.size;
      for (const id of done) {
        assert.ok(times.has(id), `the acknowledged effect of ${id} is not there`);
      }
      return rows.length;
    };

    const unanswered = await killed(t, { rounds: 12, seed: 12, acknowledge, check });
    t.diagnostic(JSON.stringify({ rows: await check(0), unanswered, merged }));
    assert.ok(merged > 5, `only ${merged} records were merged`);
  },
);
