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
import { Ways } from "./helpers/recorded-ways.js";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const EVENTS_MIN = 150_000;
const SEED = process.env.ONCEWARD_SEED ?? "1";
const EVENTS = String(Math.max(EVENTS_MIN, Number(process.env.ONCEWARD_EVENTS ?? EVENTS_MIN)));
const SHOWN_MAX = 20;

/**
 * Every answer must occur at least so often, and every way to ask be taken, or the histories test
 * less than they should.
 */
const OCCURRENCES_MIN = 120;
const WAYS_MIN = 100;

/** Few batches have a time for each of their keys. */
const TIMED_WAYS_MIN = 15;

/** Content that is nested more deeply is refused. */
const DEPTH_MAX = 500;

const ANSWERS = [
  "fresh",
  "duplicate",
  "stale",
  "conflict",
  "pending",
  "in-doubt",
  "early",
  "expired",
  "invalid_event",
  "jump",
  "granted",
  "takeover",
  "committed",
  "late",
  "lost_claim",
  "not_in_doubt",
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
  for (const [way, count] of replay.ways.taken) {
    const least = way.startsWith("many timed") ? TIMED_WAYS_MIN : WAYS_MIN;
    assert.ok(count >= least, `${way} was taken only ${count} times`);
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
  ways = new Ways();
  #answers;
  #gate;
  /** The claims of the history, by token. */
  #claims = new Map();
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
      this.#claims.clear();
      this.ways.start(step.seed);
      return;
    }
    const found = this.#answer(step);
    const expected = step.error === undefined ? { expect: step.expect } : { error: errorOf(step) };
    if (step.error === "lost_claim") {
      expected.refusal = step.refusal ?? found.refusal;
    }
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
      const { code, refusal } = error;
      return code === "lost_claim" ? { error: code, refusal: told(refusal) } : { error: code };
    }
  }

  #call(step) {
    switch (step.op) {
      case "check":
        return this.ways.check(this.#gate, revived(step.event));
      case "checkAll":
        return this.ways.checkAll(this.#gate, step.events.map(revived), step.expect);
      case "inspect":
        return told(this.#gate.inspect(revived(step.event)));
      case "forget":
        return this.#gate.forget(step.what);
      case "stats":
        return figures(this.#gate.stats(), step.expect);
      case "claim":
        return this.#claim(step);
      case "resolve":
        return this.#gate.resolve(revived(step.event), step.as, content(step.result)) ?? null;
      case "doubts":
        return doubts(this.#gate.doubts());
      default:
        return this.#use(this.#claims.get(step.token), step);
    }
  }

  #claim({ event, lease }) {
    const claim = this.#gate.claim(revived(event), { lease });
    if (claim.verdict !== "fresh") {
      return told(claim);
    }
    const { token, attempt, takeover, leaseUntil } = claim;
    this.#claims.set(String(token), claim);
    return { token: String(token), attempt, takeover, leaseUntil };
  }

  #use(claim, step) {
    switch (step.op) {
      case "commit": {
        const ending = claim.commit(content(step.result));
        // Of some commits it is left open whether they are late.
        return step.expect === null ? null : ending;
      }
      case "release":
        return claim.release() ?? null;
      case "doubt":
        return claim.doubt() ?? null;
      case "extend":
        claim.extend(step.lease);
        return claim.leaseUntil;
      default:
        throw new Error(`there is no step called ${step.op}`);
    }
  }

  /** What is expected, with what is left open taken from what was found. */
  #near(found, expected) {
    const name = expected.expect?.verdict === undefined ? "refusal" : "expect";
    if (expected[name]?.verdict === undefined || found[name] === undefined) {
      return expected;
    }
    const { since: exact, ...rest } = expected[name];
    const told = found[name].since;
    const inTheWay = exact === undefined && ["pending", "conflict"].includes(rest.verdict);
    // A time that is kept in ticks may be told in ticks.
    const isNear = Math.abs(told - exact) < this.#opening.tick;
    const since = inTheWay || isNear ? told : exact;
    return { ...expected, [name]: since === undefined ? rest : { ...rest, since } };
  }

  #count(step) {
    this.events += { checkAll: step.events?.length, inspect: 0, forget: 0, stats: 0 }[step.op] ?? 1;
    for (const answer of answersOf(step)) {
      this.#answers.set(answer, (this.#answers.get(answer) ?? 0) + 1);
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

/** What to count a step as: its verdicts, its error, or what became of a claim. */
function answersOf({ op, error, expect }) {
  if (error !== undefined) {
    return [error];
  }
  switch (op) {
    case "check":
    case "checkAll":
      return [expect].flat();
    case "claim":
      return [expect.verdict ?? (expect.takeover ? "takeover" : "granted")];
    case "commit":
      return expect === null ? [] : [expect];
    default:
      return [];
  }
}

/**
 * The error of a step. The package reads all content of a batch before it judges any of it, so that
 * content which is no content is told before a jump that stands further ahead.
 */
function errorOf({ error, events = [] }) {
  return events.some(({ content }) => depthOf(content) > DEPTH_MAX) ? "invalid_event" : error;
}

function depthOf(value) {
  let depth = 0;
  for (let inner = value; Array.isArray(inner); [inner] = inner) {
    depth += 1;
  }
  return depth;
}

/** An event as a caller writes it. */
function revived(event) {
  return "content" in event ? { ...event, content: content(event.content) } : event;
}

/** Content as a caller writes it: bytes are written in hex on the line. */
function content(written) {
  const hex = written?.bytes;
  return hex === undefined ? written : new Uint8Array(Buffer.from(hex, "hex"));
}

/** What an inspection or a refusal tells, with its ordinals as text and bytes in hex. */
function told(found) {
  if (found === undefined) {
    return undefined;
  }
  const { verdict, expected, current, since, retryAfter, result, omitted } = found;
  const plain = { since, retryAfter, omitted, result };
  for (const [name, value] of Object.entries({ expected, current })) {
    if (value !== undefined) {
      assert.equal(typeof value, "bigint", `${name} is a bigint`);
      plain[name] = String(value);
    }
  }
  if (result instanceof Uint8Array) {
    plain.result = { bytes: Buffer.from(result).toString("hex") };
  }
  return {
    verdict,
    ...Object.fromEntries(Object.entries(plain).filter(([, it]) => it !== undefined)),
  };
}

/** The doubts in the order of their tokens. */
function doubts(found) {
  const sorted = found.toSorted((one, other) => (one.token < other.token ? -1 : 1));
  return sorted.map(({ token, attempt, since }) => ({ token: String(token), attempt, since }));
}

/** The figures that the oracle has an opinion on. */
function figures(stats, expected) {
  const pick = (from, names) => Object.fromEntries(names.map((name) => [name, from[name]]));
  const verdicts = pick(stats.verdicts, Object.keys(expected.verdicts));
  return { ...pick(stats, Object.keys(expected)), verdicts };
}
