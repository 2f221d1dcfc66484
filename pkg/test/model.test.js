/**
 * Replays the histories of `tests/histories` through the package, which must answer as the naive
 * gate does.
 *
 * ONCEWARD_SEED=7 starts with another history, ONCEWARD_EVENTS=1000000 compares more events.
 * @module
 */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { Gate, isOncewardError } from "onceward";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const EVENTS_MIN = 100_000;
const SEED = process.env.ONCEWARD_SEED ?? "1";
const EVENTS = String(Math.max(EVENTS_MIN, Number(process.env.ONCEWARD_EVENTS ?? EVENTS_MIN)));
const SHOWN_MAX = 20;

/** Every answer must occur at least so often, or the histories test less than they should. */
const OCCURRENCES_MIN = 300;
const ANSWERS = [
  "fresh",
  "duplicate",
  "stale",
  "conflict",
  "early",
  "expired",
  "invalid_event",
  "jump",
];

test("the package answers as the naive gate does", async () => {
  const answers = new Map(ANSWERS.map((answer) => [answer, 0]));
  const replay = new Replay(answers);
  for (const line of histories()) {
    await replay.take(JSON.parse(line));
  }
  await replay.close();
  assert.ok(replay.events >= EVENTS_MIN, `only ${replay.events} events were compared`);
  for (const [answer, count] of answers) {
    assert.ok(count >= OCCURRENCES_MIN, `${answer} occurred only ${count} times`);
  }
});

/** Yields the lines that the oracle writes. */
function* histories() {
  const command = ["run", "--quiet", "--release", "--example", "histories", "--"];
  const run = spawnSync("cargo", [...command, "--seed", SEED, "--events", EVENTS], {
    cwd: ROOT,
    maxBuffer: 2 ** 31,
  });
  assert.equal(run.error, undefined, `cargo, which writes the histories, cannot run: ${run.error}`);
  assert.equal(run.status, 0, `the histories could not be written: ${run.stderr}`);
  let from = 0;
  // The whole output may be longer than a string can be.
  for (let end = run.stdout.indexOf(10); end !== -1; end = run.stdout.indexOf(10, from)) {
    yield run.stdout.toString("utf8", from, end);
    from = end + 1;
  }
  assert.equal(from, run.stdout.length, "the last line is whole");
}

/** One gate after the other, each with its own history. */
class Replay {
  events = 0;
  #answers;
  #gate;
  #opening;
  #now = 0;
  #shown = [];

  constructor(answers) {
    this.#answers = answers;
  }

  async take(step) {
    this.#shown.push(step);
    if (this.#shown.length > SHOWN_MAX) {
      this.#shown.shift();
    }
    this.#now = step.now ?? this.#now;
    if (step.op === "open") {
      await this.close();
      this.#opening = step;
      const clock = () => this.#now;
      const secret = new Uint8Array(Buffer.from(step.secret, "hex"));
      this.#gate = await Gate.open({ ...step.options, secret, clock });
      return;
    }
    const found = this.#answer(step);
    const expected = step.error === undefined ? { expect: step.expect } : { error: step.error };
    try {
      assert.deepStrictEqual(found, this.#near(found, expected));
    } catch (error) {
      throw new Error(`${this.#story(found)}\n${error.message}`, { cause: error });
    }
    this.#count(step);
  }

  async close() {
    await this.#gate?.close();
  }

  #answer(step) {
    try {
      return { expect: this.#call(step) };
    } catch (error) {
      if (!isOncewardError(error)) {
        throw error;
      }
      return { error: error.code };
    }
  }

  #call(step) {
    switch (step.op) {
      case "check":
        return this.#gate.check(revived(step.event));
      case "checkAll":
        return [...this.#gate.checkAll(step.events.map(revived))];
      case "inspect":
        return inspection(this.#gate.inspect(revived(step.event)));
      case "forget":
        return this.#gate.forget(step.what);
      case "stats":
        return figures(this.#gate.stats(), step.expect);
      default:
        throw new Error(`there is no step called ${step.op}`);
    }
  }

  /** What is expected, with a time that may be told in ticks taken from what was found. */
  #near(found, expected) {
    const told = found.expect?.since;
    const exact = expected.expect?.since;
    if (told === undefined || exact === undefined) {
      return expected;
    }
    const since = Math.abs(told - exact) < this.#opening.tick ? told : exact;
    return { expect: { ...expected.expect, since } };
  }

  #count(step) {
    const judged = { check: 1, checkAll: step.events?.length }[step.op] ?? 0;
    this.events += judged;
    if (judged > 0) {
      for (const answer of [step.error ?? step.expect].flat()) {
        this.#answers.set(answer, this.#answers.get(answer) + 1);
      }
    }
  }

  #story(found) {
    const lines = this.#shown.map((step) => JSON.stringify(step));
    const seed = this.#opening.seed;
    return [
      `replay with ONCEWARD_SEED=${seed}`,
      JSON.stringify(this.#opening),
      ...lines,
      `found ${JSON.stringify(found)}`,
    ].join("\n");
  }
}

/** An event as a caller writes it: bytes are written in hex on the line. */
function revived(event) {
  const hex = event.content?.bytes;
  if (hex === undefined) {
    return event;
  }
  return { ...event, content: new Uint8Array(Buffer.from(hex, "hex")) };
}

/** What an inspection tells, with its ordinals as text. */
function inspection({ verdict, expected, current, since }) {
  const told = { verdict };
  for (const [name, value] of Object.entries({ expected, current })) {
    if (value !== undefined) {
      assert.equal(typeof value, "bigint", `${name} is a bigint`);
      told[name] = String(value);
    }
  }
  return since === undefined ? told : { ...told, since };
}

/** The figures that the oracle has an opinion on. */
function figures(stats, expected) {
  const pick = (from, names) => Object.fromEntries(names.map((name) => [name, from[name]]));
  const verdicts = pick(stats.verdicts, Object.keys(expected.verdicts));
  return { ...pick(stats, Object.keys(expected)), verdicts };
}
