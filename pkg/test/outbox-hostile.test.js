/**
 * Outboxes and the handler together, over a network that does everything that networks do, and a
 * server that is killed: each submission is acted on once, in its order, and every client has the
 * right answer.
 *
 * ONCEWARD_SUBMISSIONS says how many there are, ONCEWARD_SEED which chances.
 * @module
 */
import assert from "node:assert/strict";
import test from "node:test";
import { memory } from "onceward/memory";
import { Outbox } from "onceward/outbox";
import { HostileNetwork } from "./helpers/hostile.js";
import { workerd } from "./helpers/workerd.js";

const SUBMISSIONS = Number(process.env.ONCEWARD_SUBMISSIONS ?? 1200);
const SEED = Number(process.env.ONCEWARD_SEED ?? 20);
const CLIENTS = 3;
const SCOPES = 16;
const URL_OF_SHOP = "https://shop.example";

/** One client: what it sends, in its scopes, and what it is answered. */
class Client {
  answers = new Map();
  #name;
  #network;
  #storage = memory();
  #opening;

  constructor(name, network) {
    this.#name = name;
    this.#network = network;
    this.open();
  }

  open() {
    this.#opening = Outbox.open({
      storage: this.#storage,
      fetch: this.#network.fetch,
      concurrency: SCOPES,
      backoff: 20,
      maxBackoff: 500,
      timeout: "10s",
      maxAnswers: SUBMISSIONS,
    });
  }

  /** What it sends: the scope is in the middle, and the place in that at the end. */
  *submissions(count) {
    for (let index = 0; index < count; index += 1) {
      yield `${this.#name}/${index % SCOPES}/${Math.floor(index / SCOPES)}`;
    }
  }

  async send(count) {
    const outbox = await this.#opening;
    const options = (what) => ({ scope: what.split("/")[1], note: what });
    await Promise.all(
      [...this.submissions(count)].map((what) => outbox.enqueue(this.#order(what), options(what))),
    );
  }

  #order(what) {
    const url = `${URL_OF_SHOP}/${this.#name}`;
    return new Request(url, { method: "POST", body: what });
  }

  /** Ends as a process does, and begins again with what was kept. */
  async restart() {
    await (await this.#opening).close();
    this.open();
  }

  /** How many answers it has, taken or not. */
  async answered() {
    return this.answers.size + (await this.#opening).counts.answered;
  }

  /** Takes all answers, until all is done. */
  async collect() {
    const outbox = await this.#opening;
    for (const submission of outbox.list()) {
      const answer = await submission.take();
      assert.equal(answer.state, "answered", submission.note);
      assert.ok(!answer.omitted);
      this.answers.set(submission.note, await answer.response.json());
    }
    await outbox.close();
  }
}

async function until(isSo) {
  while (!(await isSo())) {
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

test("each submission is acted on once, in order, and every client has its answer", {
  timeout: 600_000,
}, async (t) => {
  t.diagnostic(`${SUBMISSIONS} submissions, seed ${SEED}`);
  const objects = { SHOP: { className: "Shop", useSQLite: true } };
  const worker = await workerd(t, new URL("helpers/hostile-worker.js", import.meta.url), objects);
  const forward = ({ path, ...init }) => worker.fetch("SHOP", "shop", path.slice(1), init);
  const network = new HostileNetwork(SEED, forward);
  const clients = ["ann", "bob", "cy"].map((name) => new Client(name, network));
  const count = Math.ceil(SUBMISSIONS / CLIENTS);
  const begin = performance.now();
  await Promise.all(clients.map((client) => client.send(count)));
  const done = async () => {
    const each = await Promise.all(clients.map((client) => client.answered()));
    return each.reduce((sum, answered) => sum + answered, 0);
  };
  const ends = [
    () => worker.kill().then(() => worker.start()),
    () => clients[1].restart(),
    () => worker.evict(),
    () => worker.kill().then(() => worker.start()),
  ];
  for (const [index, end] of ends.entries()) {
    const enough = (SUBMISSIONS * (index + 1)) / (ends.length + 1);
    await until(async () => (await done()) >= enough);
    await end();
  }
  await Promise.all(clients.map((client) => client.collect()));
  const ms = performance.now() - begin;
  await network.calm();

  const acted = await (await worker.fetch("SHOP", "shop", "acted")).json();
  const all = clients.flatMap((client) => [...client.submissions(count)]);
  const numbers = new Map(acted.map(({ number, what }) => [what, number]));
  assert.equal(acted.length, all.length, "nothing was acted on twice");
  assert.deepEqual(new Set(numbers.keys()), new Set(all), "and everything once");
  const answers = new Map(clients.flatMap((client) => [...client.answers]));
  const places = new Map();
  for (const what of all) {
    const number = numbers.get(what);
    assert.deepEqual(answers.get(what), { number, what }, "the answer is that of the one effect");
    const scope = what.slice(0, what.lastIndexOf("/"));
    assert.ok(number > (places.get(scope) ?? 0), `${what} is in its order`);
    places.set(scope, number);
  }
  const takeovers = acted.filter(({ attempt }) => attempt > 1).length;
  t.diagnostic(`${Math.round(ms)} ms; ${JSON.stringify({ ...network.counts, takeovers })}`);
  for (const [what, times] of Object.entries(network.counts)) {
    assert.ok(times > 0, `the network ${what}`);
  }
});
