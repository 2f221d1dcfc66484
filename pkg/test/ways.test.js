/**
 * Random events by every way there is, against the same events judged in full.
 *
 * Both gates are so small that they must forget, keys expire, the clock goes back and leaps, and
 * claims come and go in between. ONCEWARD_SEED=7 draws other worlds.
 * @module
 */
import assert from "node:assert/strict";
import test from "node:test";
import { VERDICTS } from "../dist/internals.js";
import { DAY, HOUR, MINUTE, SECOND, START } from "./helpers/gate.js";
import { seeded } from "./helpers/random.js";
import { itself, KEY_WAYS, outcome, POSITION_WAYS, REVISION_WAYS, twins } from "./helpers/ways.js";

const SEED = Number(process.env.ONCEWARD_SEED ?? 1);
const WORLDS = 25;
const STEPS = 600;

/** Each way must be taken, and each answer given, so often; or this tests less than it should. */
const OCCURRENCES_MIN = 15;

/** In so many worlds keys must be forgotten before their time. */
const CROWDED_MIN = 5;

const SCOPES = [undefined, "", "s", "é"];

/** The ways to judge many events of one kind, besides those for any events. */
const MANY_WAYS = {
  key: {
    checkIds: (gate, events) =>
      gate.checkIds(
        events.map(({ id }) => id),
        { scope: events[0]?.scope },
      ),
  },
  timed: {
    checkIds: (gate, events) =>
      gate.checkIds(
        events.map(({ id }) => id),
        { scope: events[0]?.scope, times: events.map(({ time }) => time) },
      ),
  },
  revision: {
    checkRevisions: (gate, events) =>
      gate.checkRevisions(
        events.map(({ entity }) => entity),
        events.map(({ revision }) => revision),
        { scope: events[0]?.scope },
      ),
  },
  position: {
    checkPositions: (gate, events) =>
      gate.checkPositions(
        events[0]?.source ?? "none",
        events.map(({ position }) => position),
        { scope: events[0]?.scope, epoch: events[0]?.epoch },
      ),
  },
  mixed: {},
};

/** What makes an event of a kind invalid. */
const SPOILT = {
  key: { id: "" },
  timed: { time: Number.NaN },
  revision: { entity: "" },
  position: { position: "01" },
  mixed: { source: "" },
};

const ONE_WAYS = { key: KEY_WAYS, revision: REVISION_WAYS, position: POSITION_WAYS };

/** A small world, the two gates in it, and what happens there. */
class World {
  taken = {};
  answers = {};
  #random;
  #pair;
  #options;
  #now = START;
  #highest = new Map();
  #claims = [];
  #hasContents;
  #last = { id: "first" };

  static async open(seed) {
    const random = seeded(seed);
    const retention = random.pick([50, SECOND, MINUTE, MINUTE, 7 * DAY, 25 * DAY]);
    const options = {
      retention,
      resultRetention: Math.ceil(retention / 2),
      maxBytes: random.pick([12, 16, 24, 48]) * 1024,
      maxClockJump: random.pick([20, retention, DAY, 40 * DAY]),
      lease: Math.ceil(retention / 4),
      afterCrash: random.pick(["retry", "hold"]),
      revisions: random.pick(["newer", "newer", "newer", "next"]),
      positions: random.pick(["newer", "next", { window: 70 }]),
      maxJump: random.pick([undefined, undefined, 30]),
      timeFromId: random.chance(0.2),
    };
    return new World(random, options, await twins(options, SCOPES));
  }

  constructor(random, options, pair) {
    this.#random = random;
    this.#options = options;
    this.#pair = pair;
    // Where there is no content, a gate may look at less.
    this.#hasContents = random.chance(0.4);
  }

  /** Lets things happen; returns whether keys had to be forgotten before their time. */
  run() {
    const { clock, quick } = this.#pair;
    let latest = START;
    let isCrowded = false;
    for (let step = 0; step < STEPS; step += 1) {
      this.#moveClock();
      latest = Math.max(latest, clock.now);
      const what = this.#random.pick(["one", "one", "one", "many", "many", "claim", "other"]);
      const told = this[what]();
      this.#pair.same(`step ${step}, ${told}, ${JSON.stringify(this.#options)}`);
      isCrowded ||= quick.stats().horizon > latest - this.#options.retention + 1;
    }
    return isCrowded;
  }

  /** Judges one event. */
  one() {
    const kind = this.#random.pick(["key", "key", "key", "revision", "position"]);
    const [event] = this.#events(kind, 1);
    const [name, way] = this.#random.pick(Object.entries(ONE_WAYS[kind]));
    const told = this.#took(`one ${kind}: ${name}`);
    const { gives, code } = this.#pair.agree(way, event, told);
    this.#count([gives ?? code]);
    return told;
  }

  /** Judges a batch. */
  many() {
    const random = this.#random;
    const kind = random.pick(["key", "key", "key", "timed", "revision", "position", "mixed"]);
    const events = this.#events(kind, random.below(random.pick([5, 40, 150])));
    if (events.length > 0 && random.chance(0.03)) {
      events.splice(random.below(events.length + 1), 0, { ...events[0], ...SPOILT[kind] });
    }
    const { quick, slow } = this.#pair;
    const all = (gate) => gate.checkAll(events);
    const ways = { checkAll: all, filter: undefined, ...MANY_WAYS[kind] };
    const [name, way] = random.pick(Object.entries(ways));
    const told = this.#took(`many ${kind}: ${name}`);
    const expected = outcome(() => slow.checkAll(events));
    if (way === undefined) {
      const fresh = (verdicts) => events.filter((_, index) => verdicts[index] === "fresh");
      const kept = expected.gives === undefined ? expected : { gives: fresh(expected.gives) };
      assert.deepEqual(
        outcome(() => quick.filter(events, itself)),
        kept,
        told,
      );
    } else {
      assert.deepEqual(
        outcome(() => [...way(quick, events)]),
        expected,
        told,
      );
    }
    this.#count(expected.gives ?? [expected.code]);
    return told;
  }

  /** Claims something, or ends a claim. */
  claim() {
    const random = this.#random;
    if (this.#claims.length === 0 || random.chance(0.5)) {
      const kinds = ["key", "revision", "position"].filter(() => random.chance(0.5));
      const event = Object.assign(
        { id: "claimed" },
        ...kinds.map((kind) => this.#events(kind, 1)[0]),
      );
      const claimed = this.#pair.claim(event);
      this.#claims.push(...(claimed === undefined ? [] : [claimed]));
      return "claim";
    }
    const [claimed] = this.#claims.splice(random.below(this.#claims.length), 1);
    const result = random.pick([undefined, { a: 1 }, "x".repeat(300)]);
    const [name, end] = random.pick([
      ["commit", (claim) => claim.commit(result)],
      ["release", (claim) => claim.release()],
      ["doubt", (claim) => claim.doubt()],
      ["extend", (claim) => claim.extend(100)],
    ]);
    claimed(end);
    return name;
  }

  /** Does what is neither judging nor claiming. */
  other() {
    const kind = this.#random.pick(["key", "revision", "position"]);
    const [event] = this.#events(kind, 1);
    const { scope, id, entity, source } = event;
    const resolved = this.#random.pick(["committed", "released"]);
    const [name, call] = this.#random.pick([
      ["inspect", (gate) => gate.inspect(event)],
      ["resolve", (gate) => gate.resolve(event, resolved)],
      ["doubts", (gate) => gate.doubts()],
      ["forget", (gate) => gate.forget({ scope, id, entity, source })],
    ]);
    this.#pair.both(call);
    return name;
  }

  #moveClock() {
    const random = this.#random;
    const { retention, maxClockJump } = this.#options;
    const { clock } = this.#pair;
    this.#now += random.pick([
      0,
      0,
      0,
      1,
      1,
      7,
      Math.ceil(retention / 100),
      Math.ceil(retention / 9),
    ]);
    clock.now = this.#now;
    if (random.chance(0.04)) {
      clock.now -= random.below(retention);
    } else if (random.chance(0.02)) {
      clock.now += maxClockJump + random.below(3);
      // Some leaps are of the time itself, and are confirmed next.
      this.#now = random.chance(0.3) ? clock.now : this.#now;
    } else if (random.chance(0.01)) {
      this.#now += retention - 1 + random.below(3);
    }
  }

  /** Draws events of a kind, near what is known, and mostly in one scope. */
  #events(kind, count) {
    const random = this.#random;
    const scope = random.pick(SCOPES);
    const epoch = random.pick([undefined, undefined, 0, 1]);
    const source = random.pick(["log", "é"]);
    return Array.from({ length: count }, () => {
      switch (kind) {
        case "key":
          return { scope, id: this.#id() };
        case "timed":
          return { scope, id: this.#id(), time: this.#pair.clock.now - random.below(2 * HOUR) };
        case "revision": {
          const entity = `e${random.below(30)}`;
          return { scope, entity, revision: this.#near(JSON.stringify([scope, entity])) };
        }
        case "position":
          return {
            scope,
            source,
            epoch,
            position: this.#near(JSON.stringify([scope, source, epoch, 0])),
          };
        default: {
          if (this.#hasContents && random.chance(0.4)) {
            return { ...this.#last, content: random.below(2) };
          }
          const [event] = this.#events(random.pick(["key", "timed", "revision", "position"]), 1);
          const content = this.#hasContents && random.chance(0.2) ? random.below(2) : undefined;
          const more = random.chance(0.2) ? this.#events("key", 1)[0] : {};
          this.#last = { ...more, ...event, content };
          return this.#last;
        }
      }
    });
  }

  #id() {
    const random = this.#random;
    const recent = Math.floor((this.#now - START) / 3) % 100_000;
    return `${random.pick(["", "é"])}${random.pick([recent + random.below(100), random.below(3000)])}`;
  }

  #near(name) {
    const random = this.#random;
    const last = this.#highest.get(name) ?? 5;
    const next = Math.max(0, last + random.pick([-2, -1, 0, 0, 1, 1, 1, 1, 1, 2, 3, 40]));
    this.#highest.set(name, Math.max(last, next));
    return random.pick([next, BigInt(next), next, String(next)]);
  }

  #took(way) {
    this.taken[way] = (this.taken[way] ?? 0) + 1;
    return way;
  }

  #count(answers) {
    for (const answer of answers) {
      this.answers[answer] = (this.answers[answer] ?? 0) + 1;
    }
  }
}

function add(totals, counts) {
  for (const [name, count] of Object.entries(counts)) {
    totals[name] = (totals[name] ?? 0) + count;
  }
}

test("whatever way an event comes, it is judged as in full", async () => {
  const taken = {};
  const answers = {};
  let crowded = 0;
  for (let seed = SEED; seed < SEED + WORLDS; seed += 1) {
    const world = await World.open(seed);
    try {
      crowded += world.run() ? 1 : 0;
    } catch (error) {
      throw new Error(`ONCEWARD_SEED=${seed}\n${error.message}`, { cause: error });
    }
    add(taken, world.taken);
    add(answers, world.answers);
  }
  const ways = [
    ...Object.entries(ONE_WAYS).flatMap(([kind, all]) => namesOf(`one ${kind}`, all)),
    ...Object.entries(MANY_WAYS).flatMap(([kind, all]) => namesOf(`many ${kind}`, all)),
    ...Object.keys(MANY_WAYS).flatMap((kind) => [`many ${kind}: checkAll`, `many ${kind}: filter`]),
  ];
  for (const way of ways) {
    assert.ok(taken[way] >= OCCURRENCES_MIN, `${way} was taken ${taken[way]} times`);
  }
  for (const answer of [...VERDICTS, "invalid_event", "jump", "capacity"]) {
    assert.ok(answers[answer] >= OCCURRENCES_MIN, `${answer} was given ${answers[answer]} times`);
  }
  assert.ok(crowded >= CROWDED_MIN, `in ${crowded} worlds there was too little memory`);
});

function namesOf(what, ways) {
  return Object.keys(ways).map((name) => `${what}: ${name}`);
}
