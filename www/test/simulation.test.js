/**
 * The simulation in Node, with the packed package: who asks the gate is right, others are not.
 * @module
 */
import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { Gate } from "onceward";
import { importSource } from "./helpers/bundle.js";

const SEEDS = 50;
const ISSUE_MS = 20_000;

describe("the lossy network", () => {
  let sim;
  before(async () => {
    sim = await importSource("sim/index.ts");
  });

  const start = (seed, settings = {}) =>
    sim.Simulation.start(seed, { ...sim.DEFAULTS, ...settings }, (options) => Gate.open(options));

  /** Issues for a while, and then lets everything arrive. */
  async function runToEnd(run) {
    await run.advance(ISSUE_MS, sim.NOBODY);
    run.isEnding = true;
    await run.advance(Number.MAX_SAFE_INTEGER, sim.NOBODY);
    assert.ok(run.isOver);
    await run.guard.close();
  }

  const settingsOf = {
    "an ordinary day": {},
    "a storm": { rate: 150, duplicates: 25, loss: 30, reorder: 35, crashes: 15, skew: 60 },
  };
  for (const [name, settings] of Object.entries(settingsOf)) {
    test(`${name}: naive is wrong and gated is right, for ${SEEDS} seeds`, async () => {
      let crashes = 0;
      for (let seed = 1; seed <= SEEDS; seed += 1) {
        const run = await start(seed, settings);
        await runToEnd(run);
        const truth = run.world.values;
        // Compared with what was issued, which knows nothing of deliveries.
        assert.deepEqual(run.gated.values, truth, `seed ${seed}`);
        assert.deepEqual(run.truth.values, truth, `seed ${seed}`);
        assert.ok(sim.errorOf(run.naive.values, truth).cents > 0, `seed ${seed}: naive is right`);
        assert.ok(sim.errorOf(run.usual.values, truth).wrong > 0, `seed ${seed}: usual is right`);
        const { verdicts, judged } = run.totals;
        assert.ok(verdicts.duplicate > 0 && verdicts.stale > 0, `seed ${seed}`);
        assert.equal(verdicts.fresh + verdicts.duplicate + verdicts.stale, judged);
        crashes += run.totals.crashes;
      }
      assert.ok(crashes > 0, "nothing crashed, so crashes were not tried");
    });
  }

  test("at every moment the gated side is as right as can be", async () => {
    const run = await start(3, { crashes: 30, rate: 80 });
    for (let now = 500; now <= 30_000; now += 500) {
      await run.advance(now, sim.NOBODY);
      assert.deepEqual(sim.errorOf(run.gated.values, run.truth.values), { cents: 0, wrong: 0 });
    }
    assert.ok(run.totals.crashes > 3);
    await run.guard.close();
  });

  test("a calm network makes no mistakes on any side", async () => {
    const calm = { duplicates: 0, loss: 0, reorder: 0, crashes: 0, skew: 0, rate: 2 };
    const run = await start(5, calm);
    await runToEnd(run);
    for (const side of [run.naive, run.gated]) {
      assert.deepEqual(side.values.balances, run.world.values.balances);
    }
    assert.equal(run.totals.verdicts.duplicate, 0);
  });

  test("how often anyone looks changes nothing", async () => {
    const summary = (run) => ({
      totals: run.totals,
      naive: run.naive.values,
      usual: run.usual.values,
    });
    const one = await start(11, { crashes: 20 });
    await one.advance(15_000, sim.NOBODY);
    const other = await start(11, { crashes: 20 });
    for (let now = 0; now < 15_000; ) {
      now = Math.min(15_000, now + 1 + ((now * 7919) % 133));
      await other.advance(now, sim.NOBODY);
    }
    assert.deepEqual(summary(other), summary(one));
    assert.ok(one.totals.crashes > 0);
  });

  test("what the network does changes nothing of what is issued", async () => {
    const calm = await start(12, { loss: 0, duplicates: 0, skew: 0 });
    const wild = await start(12, { loss: 50, duplicates: 50, skew: 60, crashes: 30 });
    await calm.advance(10_000, sim.NOBODY);
    await wild.advance(10_000, sim.NOBODY);
    assert.deepEqual(wild.world.values, calm.world.values);
    assert.notDeepEqual(wild.totals, calm.totals);
  });

  test("links say what was set, and nothing that cannot be", () => {
    const settings = { ...sim.DEFAULTS, rate: 2000, loss: 0, naive: "usual" };
    const query = sim.writeShared({ seed: 99, settings, at: 20_000 });
    assert.equal(query, "?seed=99&rate=2000&loss=0&naive=usual&at=20000");
    assert.deepEqual(sim.readShared(query, 1), { seed: 99, settings, at: 20_000 });
    for (const bad of [
      "?rate=3",
      "?loss=51",
      "?loss=-1",
      "?delay=1e3",
      "?naive=x",
      "?at=x",
      "?seed=",
    ]) {
      assert.deepEqual(sim.readShared(bad, 7), { seed: 7, settings: sim.DEFAULTS, at: undefined });
    }
  });
});
