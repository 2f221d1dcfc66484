/**
 * Killed at any moment, a process that acts with `once` and a file store neither forgets nor repeats
 * what it has said.
 *
 *   ONCEWARD_SEED=7 ONCEWARD_KILLS=1000 node --test pkg/test/crash.test.js
 * @module
 */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import test from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { Gate } from "onceward";
import { file } from "onceward/file";
import { HOUR } from "./helpers/gate.js";
import { seeded } from "./helpers/random.js";

const seed = Number(process.env.ONCEWARD_SEED ?? 1);
const kills = Number(process.env.ONCEWARD_KILLS ?? 200);
const child = fileURLToPath(new URL("helpers/crash-child.js", import.meta.url));

/** A lease that is soon over, so that what a crash left behind is met again. */
const LEASE = "100ms";

/** Runs a process, and kills it some time after it has said a word; returns what it has said. */
async function live(task, { after, delay }) {
  const process_ = spawn(process.execPath, [child, JSON.stringify(task)], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  const said = [];
  let errors = "";
  process_.stderr.on("data", (text) => {
    errors += text;
  });
  const exit = once(process_, "close");
  const lines = createInterface({ input: process_.stdout });
  for await (const line of lines) {
    const [word, details] = line.split(/ (.*)/s);
    said.push({ word, ...JSON.parse(details) });
    if (word === after) {
      pause(delay).then(() => process_.kill("SIGKILL"));
    }
  }
  const [code, signal] = await exit;
  assert.equal(errors, "");
  assert.deepEqual({ code, signal }, { code: null, signal: "SIGKILL" });
  return said;
}

/** Lives and dies so many times; returns everything that was said and done. */
async function liveAgainAndAgain(t, options, lives) {
  const directory = mkdtempSync(join(tmpdir(), "onceward-crash-"));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  const log = join(directory, "effects.log");
  const random = seeded(seed);
  const said = [];
  for (let life = 0; life < lives; life += 1) {
    const task = { directory, log, life, seed: seed * 100_000, options };
    // Some do not live long enough to open their gate.
    const after = random.chance(0.25) ? "UP" : "OPEN";
    said.push(...(await live(task, { after, delay: random.below(200) })));
  }
  const effects = readFileSync(log, "utf8").split("\n");
  assert.equal(effects.pop(), "");
  return { directory, said, effects: effects.map((line) => JSON.parse(line)) };
}

const isAfter = (one, other) =>
  one.life > other.life || (one.life === other.life && one.moment > other.moment);

function byId(items) {
  const groups = new Map();
  for (const item of items) {
    groups.set(item.id, [...(groups.get(item.id) ?? []), item]);
  }
  return groups;
}

/** Opens the gate when all leases are over, and asserts that it knows all that was acknowledged. */
async function assertKnown({ directory, said }, options) {
  const store = file(directory);
  const gate = await Gate.open({ store, ...options, clock: () => Date.now() + HOUR });
  for (const { id } of said.filter(({ word }) => word === "CHECKED")) {
    assert.equal(gate.check({ scope: "checked", id }), "duplicate", `checked ${id}`);
  }
  for (const { id, value } of said.filter(({ word }) => word === "ACK")) {
    const found = gate.inspect({ id });
    assert.equal(found.verdict, "duplicate", `once ${id}`);
    assert.deepEqual(found.result, value, `once ${id}`);
  }
  return gate;
}

/** Asserts that nothing acts after it was acknowledged, nor was acknowledged without acting. */
function assertNotRepeated({ said, effects }) {
  const done = byId(effects);
  for (const acknowledged of said.filter(({ word }) => word === "ACK")) {
    const { id, value } = acknowledged;
    const later = done.get(id).filter((effect) => isAfter(effect, acknowledged));
    assert.deepEqual(later, [], `${id} acted again`);
    assert.deepEqual(done.get(id).at(-1), value, `${id} has the value of its last run`);
  }
  return done;
}

function tell(t, { said, effects }, done, startedAt) {
  const count = (word) => said.filter((one) => one.word === word).length;
  const runs = [...done.values()].map(({ length }) => length);
  const figures = {
    seed,
    kills: count("UP"),
    opened: count("OPEN"),
    torn: said.filter(({ tornBytes }) => tornBytes > 0).length,
    effects: effects.length,
    events: runs.length,
    actedTwice: runs.filter((length) => length > 1).length,
    acknowledged: count("ACK"),
    checked: count("CHECKED"),
    refused: count("REFUSED"),
    unconfirmed: count("UNCONFIRMED"),
    seconds: Math.round((performance.now() - startedAt) / 1000),
  };
  t.diagnostic(JSON.stringify(figures));
}

test("killed at any moment", { concurrency: 2, timeout: 900_000 }, async (t) => {
  const retry = t.test("with retry, what was acknowledged is never done again", async (t) => {
    const startedAt = performance.now();
    const options = { lease: LEASE, afterCrash: "retry" };
    const lived = await liveAgainAndAgain(t, options, Math.ceil(kills / 2));
    const done = assertNotRepeated(lived);
    tell(t, lived, done, startedAt);
    const gate = await assertKnown(lived, options);
    await gate.close();
  });

  const hold = t.test(
    "with hold, nothing is ever done twice, and what may be done is in doubt",
    async (t) => {
      const startedAt = performance.now();
      const options = { lease: LEASE, afterCrash: "hold" };
      const lived = await liveAgainAndAgain(t, options, Math.floor(kills / 2));
      const done = assertNotRepeated(lived);
      tell(t, lived, done, startedAt);
      const gate = await assertKnown(lived, options);
      for (const [id, runs] of done) {
        assert.equal(runs.length, 1, `${id} acted ${runs.length} times`);
        const { verdict } = gate.inspect({ id });
        assert.ok(["duplicate", "in-doubt"].includes(verdict), `${id} is ${verdict}`);
      }
      await gate.close();
    },
  );
  await Promise.all([retry, hold]);
});
