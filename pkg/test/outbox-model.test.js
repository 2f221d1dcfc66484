/**
 * Random lives of an outbox: copies that come and go, a storage and a network that fail, clocks
 * that move. ONCEWARD_LIVES says how many there are, and ONCEWARD_SEED the seed of the first.
 * @module
 */
import assert from "node:assert/strict";
import test from "node:test";
import { memory } from "onceward/memory";
import { Outbox } from "onceward/outbox";
import { FakeTime, HOUR, lost, MINUTE, post, SECOND, settle } from "./helpers/outbox.js";
import { seeded } from "./helpers/random.js";

const LIVES = Number(process.env.ONCEWARD_LIVES ?? 20);
const SEED = Number(process.env.ONCEWARD_SEED ?? 60);
const STEPS = 60;
const SCOPES = ["a", "b", "c"];
const COPIES = 3;

/** A server that acts once for each key, and a network that does not always reach it. */
class World {
  /** What was acted on, in that order: the key is known to nobody else. */
  acted = [];
  isCalm = false;
  #answers = new Map();
  #random;
  #flying = new Map();

  constructor(random) {
    this.#random = random;
  }

  fetch = async (request) => {
    const key = request.headers.get("idempotency-key");
    const what = await request.text();
    const [scope] = what;
    const others = this.#flying.get(scope) ?? new Set();
    assert.ok(
      [...others].every(({ aborted }) => aborted),
      `${what} is sent while something else of its scope is on its way`,
    );
    this.#flying.set(scope, others.add(request.signal));
    try {
      return await this.#answer(key, what);
    } finally {
      others.delete(request.signal);
    }
  };

  async #answer(key, what) {
    const chance = this.isCalm ? 1 : this.#random.below(100) / 100;
    for (let turns = this.#random.below(4); turns > 0; turns -= 1) {
      await settle();
    }
    if (chance < 0.1) {
      throw lost();
    }
    if (chance < 0.15) {
      return new Response("", { status: 503, headers: { "retry-after": "30" } });
    }
    const { status, text } = this.#act(key, what, chance < 0.25);
    if (chance >= 0.25 && chance < 0.35) {
      throw lost();
    }
    return new Response(text, { status });
  }

  #act(key, what, refuses) {
    const known = this.#answers.get(key);
    if (known !== undefined) {
      return known;
    }
    if (refuses) {
      // Decided by the request alone, so it is the answer for good.
      this.#answers.set(key, { status: 422, text: `no ${what}` });
    } else {
      this.acted.push(what);
      this.#answers.set(key, { status: 200, text: `did ${what}` });
    }
    return this.#answers.get(key);
  }
}

/** A store that fails now and then, before or after it has written. */
function fragile(random, world) {
  const inner = memory();
  const fails = (probability) => !world.isCalm && random.chance(probability);
  return {
    ...inner,
    async append(...args) {
      if (fails(0.04)) {
        throw new Error("the disk failed before it wrote");
      }
      const version = await inner.append(...args);
      if (fails(0.04)) {
        throw new Error("the disk failed after it wrote");
      }
      return version;
    },
  };
}

class Life {
  #random;
  #world;
  #time = new FakeTime();
  #storage;
  #copies = [];
  #enqueued = 0;
  /** What is certainly kept, and what is certainly not wanted any more. */
  #kept = new Set();
  #cancelled = new Map();
  #taken = new Map();

  constructor(seed) {
    this.#random = seeded(seed);
    this.#world = new World(this.#random);
    this.#storage = fragile(this.#random, this.#world);
  }

  async live() {
    for (let copy = 0; copy < COPIES; copy += 1) {
      this.#copies.push(await this.#open());
    }
    for (let step = 0; step < STEPS; step += 1) {
      await this.#step();
    }
    this.#world.isCalm = true;
    await this.#finish();
    this.#check();
    await Promise.all(this.#copies.map((copy) => copy.close()));
    return { acted: this.#world.acted.length, cancelled: this.#cancelled.size };
  }

  #open() {
    const { clock, timers } = this.#time;
    const random = () => this.#random.below(1000) / 1000;
    const { fetch } = this.#world;
    return Outbox.open({ storage: this.#storage, fetch, clock, timers, random, concurrency: 2 });
  }

  async #step() {
    const copy = this.#random.below(COPIES);
    const chance = this.#random.below(100);
    if (chance < 45) {
      await this.#enqueue(this.#copies[copy]);
    } else if (chance < 70) {
      await this.#time.advance(this.#random.pick([1, 500, SECOND, MINUTE, 10 * MINUTE]));
    } else if (chance < 78) {
      await this.#copies[copy].close();
      this.#copies[copy] = await this.#open();
    } else if (chance < 83) {
      this.#time.now += this.#random.pick([-HOUR, HOUR]);
    } else {
      await this.#decide(this.#copies[copy]);
    }
  }

  async #enqueue(copy) {
    const scope = this.#random.pick(SCOPES);
    this.#enqueued += 1;
    const what = `${scope}${this.#enqueued}`;
    try {
      await copy.enqueue(post(what), { scope, note: what });
      this.#kept.add(what);
    } catch (error) {
      assert.equal(error.code, "store", error.stack);
    }
  }

  /** Does something with some item, as that copy knows it. */
  async #decide(copy) {
    const submission = this.#random.pick(copy.list());
    try {
      if (submission === undefined) {
        return;
      }
      const { note } = submission;
      const how = this.#random.below(3);
      if (how === 0) {
        const { cancelled, sent } = await submission.cancel();
        if (cancelled) {
          this.#cancelled.set(note, sent);
        }
      } else if (how === 1) {
        await submission.retry();
      } else if (["answered", "parked"].includes(submission.state)) {
        await this.#take(submission);
      }
    } catch (error) {
      assert.equal(error.code, "store", error.stack);
      // What has happened all the same is not known.
      this.#cancelled.set(submission.note, true);
    }
  }

  async #take(submission) {
    const { note } = submission;
    const answer = await submission.take();
    if (answer.response !== undefined) {
      this.#taken.set(note, await answer.response.text());
    } else if (answer.state === "parked") {
      this.#taken.set(note, answer.reason);
    }
  }

  /** Lets everything come to its end. */
  async #finish() {
    const [copy] = this.#copies;
    for (let round = 0; copy.list().length > 0; round += 1) {
      assert.ok(round < 300, `still there: ${copy.list().map(({ note, state }) => [note, state])}`);
      await this.#time.advance(HOUR);
      for (const submission of copy.list()) {
        if (["answered", "parked"].includes(submission.state)) {
          await this.#take(submission);
        }
      }
    }
  }

  #check() {
    const { acted } = this.#world;
    assert.equal(new Set(acted).size, acted.length, "nothing was acted on twice");
    for (const scope of SCOPES) {
      // One that was cancelled on its way may still arrive, after those that did not wait for it.
      const waited = acted.filter((what) => what[0] === scope && !this.#cancelled.has(what));
      const places = waited.map((what) => Number(what.slice(1)));
      const inOrder = [...places].sort((one, other) => one - other);
      assert.deepEqual(places, inOrder, `scope ${scope} is in order`);
    }
    for (const what of this.#kept) {
      const sent = this.#cancelled.get(what);
      const told = this.#taken.get(what);
      const hasActed = acted.includes(what);
      assert.ok(told !== undefined || sent !== undefined, `${what} has come to an end`);
      if (sent === false) {
        assert.equal(hasActed, false, `${what} was never sent`);
      }
      if (told !== undefined && told !== "expired") {
        assert.equal(told, hasActed ? `did ${what}` : `no ${what}`, "the answer is the right one");
      }
    }
  }
}

test("whatever fails, each submission is acted on once and in order, and ends", async (t) => {
  const seeds = Array.from({ length: LIVES }, (_, index) => SEED + index);
  const sum = { acted: 0, cancelled: 0 };
  for (const seed of seeds) {
    try {
      const { acted, cancelled } = await new Life(seed).live();
      sum.acted += acted;
      sum.cancelled += cancelled;
    } catch (error) {
      throw new Error(`seed ${seed}: ${error.message}`, { cause: error });
    }
  }
  t.diagnostic(`${seeds.length} lives: ${JSON.stringify(sum)}`);
  assert.ok(sum.acted > 10 * LIVES && sum.cancelled > 0, JSON.stringify(sum));
});
