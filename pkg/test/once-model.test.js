/**
 * Many callers of `once` in random order: whatever happens, no effect runs beside another of its
 * event, and what was answered once is answered ever after.
 *
 * ONCEWARD_SEED=7 draws other histories.
 * @module
 */
import assert from "node:assert/strict";
import test from "node:test";
import { deferred, turn } from "./helpers/claims.js";
import { open } from "./helpers/gate.js";
import { seeded } from "./helpers/random.js";

const SEED = Number(process.env.ONCEWARD_SEED ?? 1);
const HISTORIES = 60;
const STEPS = 250;
const KEYS = ["a", "b", "c"];

/** One gate, its callers, and what must be true of them. */
class World {
  running = new Map();
  answers = new Map();
  doubts = new Set();
  calls = [];
  counts = { applied: 0, replayed: 0, failed: 0, "in-doubt": 0, conflict: 0, pending: 0 };

  constructor(gate, random) {
    this.gate = gate;
    this.random = random;
  }

  /** Another caller arrives; now and then with other content, or one that does not wait. */
  call() {
    const id = this.random.pick(KEYS);
    const isOther = this.random.chance(0.1);
    const onPending = this.random.chance(0.1) ? "refuse" : "wait";
    const event = { id, content: isOther ? "other" : "same" };
    const choice = { made: "release" };
    const effect = () => {
      assert.equal(this.running.get(id), undefined, "two effects of one event");
      assert.ok(!this.answers.has(id), "an effect after the answer");
      assert.ok(!this.doubts.has(id), "an effect in doubt");
      const held = deferred();
      this.running.set(id, { ...held, event, choice });
      return held.promise;
    };
    const options = { onPending, onError: () => choice.made };
    this.calls.push(
      this.gate.once(event, effect, options).then(
        (outcome) => this.applied(event, outcome),
        (error) => {
          assert.equal(error.message, "of the effect");
          this.counts.failed += 1;
        },
      ),
    );
  }

  /** An effect ends in one way or another. */
  settle() {
    const id = this.random.pick(KEYS);
    const effect = this.running.get(id);
    if (effect === undefined) {
      return;
    }
    this.running.delete(id);
    const { content } = effect.event;
    const fate = this.random.below(10);
    if (fate < 2) {
      this.answers.set(id, { content, value: { n: this.random.below(1000) } });
      effect.resolve(this.answers.get(id).value);
      return;
    }
    if (fate === 2) {
      this.doubts.add(id);
      effect.choice.made = "doubt";
    } else if (fate === 3) {
      effect.choice.made = "commit";
      const error = { name: "Error", message: "of the effect" };
      this.answers.set(id, { content, value: { error } });
    }
    effect.reject(new Error("of the effect"));
  }

  /** Somebody finds out what had happened. */
  async resolve() {
    // An effect's end is recorded a turn after it was settled.
    await turn();
    const id = this.random.pick([...this.doubts, ...KEYS]);
    if (this.doubts.delete(id)) {
      this.gate.resolve({ id }, "released");
    }
  }

  applied({ id, content }, outcome) {
    this.counts[outcome.verdict ?? outcome.status] += 1;
    const answer = this.answers.get(id);
    if (outcome.status !== "refused") {
      assert.deepEqual(outcome.value, answer.value);
      assert.equal(answer.content, content);
    }
  }

  /** Lets all effects fail until nobody is left. */
  async drain() {
    while (this.running.size > 0) {
      for (const [id, effect] of this.running) {
        this.running.delete(id);
        effect.choice.made = "release";
        effect.reject(new Error("of the effect"));
      }
      await turn();
    }
    await Promise.all(this.calls);
    assert.equal(this.gate.stats().claims, this.doubts.size);
  }
}

test("in random histories no event runs beside itself, and every answer stays", async () => {
  const total = {};
  for (let history = 0; history < HISTORIES; history += 1) {
    const random = seeded(SEED * 1000 + history);
    const { gate } = await open();
    const world = new World(gate, random);
    for (let step = 0; step < STEPS; step += 1) {
      const { call, settle, resolve } = World.prototype;
      await random.pick([call, call, call, settle, settle, resolve]).apply(world);
      if (random.chance(0.5)) {
        await turn();
      }
    }
    await world.drain();
    for (const [name, count] of Object.entries(world.counts)) {
      total[name] = (total[name] ?? 0) + count;
    }
    await gate.close();
  }
  for (const [name, count] of Object.entries(total)) {
    assert.ok(count >= 30, `${name} occurred only ${count} times`);
  }
});
