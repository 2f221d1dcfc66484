/**
 * What was confirmed outlives the object and the process, whenever they end.
 * @module
 */
import assert from "node:assert/strict";
import test, { after } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { seeded } from "./helpers/random.js";
import { confirmed, digest, filled, startStored, storedIn } from "./helpers/stored.js";

const ROUNDS = 20;
const WRITERS = 3;
const SNAPSHOT_EVERY = 9;

const worker = await startStored({ after });

/** Bytes that differ from number to number: mostly few, but sometimes more than two chunks. */
function payload(number) {
  const random = seeded(number);
  return filled(random.chance(0.1) ? random.below(1_200_000) : random.below(300), number);
}

/** What must be there after so many writes. */
function expected(writes) {
  const base = writes - (writes % SNAPSHOT_EVERY);
  const snapshot = base === 0 ? {} : { snapshot: digest(payload(base)) };
  const changes = Array.from({ length: writes - base }, (_, at) => digest(payload(base + at + 1)));
  return { ...snapshot, changes };
}

/** Writes to an object one thing after the other, and counts what is confirmed. */
class Writer {
  confirmed = 0;
  /** Writes whose answer did not come: how many were there nevertheless, and how many not. */
  unanswered = { there: 0, absent: 0 };
  #object;
  #version = "0";

  constructor(name) {
    this.#object = storedIn(worker, name);
  }

  /** Writes until the fate of a write is unknown, or the signal comes. */
  async run(signal) {
    while (!signal.aborted) {
      const number = this.confirmed + 1;
      const write = number % SNAPSHOT_EVERY === 0 ? this.#object.replace : this.#object.append;
      const version = await confirmed(write(payload(number), this.#version));
      if (version === undefined) {
        return false;
      }
      assert.ok(BigInt(version) > BigInt(this.#version), "versions rise");
      this.#version = version;
      this.confirmed = number;
    }
    return true;
  }

  /** Checks that all confirmed writes are there, and at most one more; goes on from there. */
  async check(answered) {
    const { version, ...found } = (await this.#object.load()) ?? { version: "0", changes: [] };
    const another = expected(this.confirmed + 1);
    const isThere = !answered && JSON.stringify(found) === JSON.stringify(another);
    if (!answered) {
      this.unanswered[isThere ? "there" : "absent"] += 1;
    }
    this.confirmed += isThere ? 1 : 0;
    assert.deepEqual(found, expected(this.confirmed), `after ${this.confirmed} writes`);
    assert.ok(BigInt(version) >= BigInt(this.#version), "versions do not go back");
    this.#version = version;
  }
}

/** Interrupts several writers at random moments, and checks each time what is there. */
async function interrupted(t, seed, interrupt, recover) {
  const random = seeded(seed);
  const writers = Array.from({ length: WRITERS }, (_, at) => new Writer(`${t.name} ${at}`));
  for (let round = 0; round < ROUNDS; round += 1) {
    const stop = new AbortController();
    const running = writers.map((writer) => writer.run(stop.signal));
    await delay(random.below(120));
    await interrupt();
    stop.abort();
    const answered = await Promise.all(running);
    await recover();
    await Promise.all(writers.map((writer, at) => writer.check(answered[at])));
  }
  const sum = (count) => writers.reduce((total, writer) => total + count(writer), 0);
  const all = sum((writer) => writer.confirmed);
  const there = sum((writer) => writer.unanswered.there);
  const absent = sum((writer) => writer.unanswered.absent);
  t.diagnostic(`${all} writes; ${there + absent} without an answer, ${there} of them there`);
  assert.ok(all > ROUNDS, `only ${all} writes were confirmed`);
  return there + absent;
}

test("killing the process in the middle of writes loses nothing that was confirmed", async (t) => {
  const kill = () => worker.kill();
  const unanswered = await interrupted(t, 4, kill, () => worker.start());
  assert.ok(unanswered > ROUNDS, `only ${unanswered} writes were interrupted`);
});

test("evicting the objects in the middle of writes loses nothing that was confirmed", async (t) => {
  // Most evictions fall between two writes, since an object takes both in turn.
  await interrupted(
    t,
    3,
    () => worker.evict(),
    () => {},
  );
});

test("an eviction makes the object anew, and so does a restart; what is stored stays", async (t) => {
  const object = storedIn(worker, t.name);
  const version = await object.append(filled(5, 5), await object.replace(filled(7, 7), "0"));
  const stored = { snapshot: digest(filled(7, 7)), changes: [digest(filled(5, 5))], version };
  const born = [await object.ask("born"), await object.ask("born")];
  for (const end of [() => worker.evict(), () => worker.restart()]) {
    await end();
    born.push(await object.ask("born"));
    assert.deepEqual(await object.load(), stored);
  }
  assert.equal(born[0], born[1]);
  assert.equal(new Set(born).size, 3);
});
