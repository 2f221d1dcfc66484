/**
 * How copies share what is stored under a name, without a browser: hundreds of random histories in
 * which messages are late, transactions fail, locks are taken away, and copies die at any moment.
 * @module
 */
import assert from "node:assert/strict";
import test from "node:test";
import { seeded } from "./helpers/random.js";
import { World } from "./helpers/world.js";

const encode = (texts) => new TextEncoder().encode(JSON.stringify(texts));
const decoder = new TextDecoder();
const decode = (bytes) => JSON.parse(decoder.decode(bytes));

/**
 * Plays a gate: knows a set of texts, appends new ones, and now and then replaces all by what it
 * knows. Checks on the way what a caller may rely on.
 */
class Caller {
  constructor(world, name, plan) {
    this.world = world;
    this.name = name;
    this.plan = plan;
    this.count = 0;
    this.confirmed = [];
    this.codes = [];
    this.isDone = false;
  }

  /** Opens copies, and writes through them, until as much is confirmed as was planned. */
  async live() {
    while (this.confirmed.length < this.plan.writes) {
      this.life = this.world.arrive(this.plan);
      try {
        await this.load();
        await this.work();
      } catch (error) {
        // Of several that found nothing, one writes the first snapshot; the others load it.
        const isSecond = this.version === 0n && /was the first to write/.test(error.message);
        this.codes.push(isSecond ? "second" : error.code);
        assert.ok(["store", "fenced", "closed"].includes(error.code), error);
        this.life.copy.close();
      }
    }
    this.isDone = true;
  }

  async load() {
    const { copy } = this.life;
    const state = await copy.open();
    const parts = state === undefined ? [] : [state.snapshot ?? encode([]), ...state.changes];
    this.known = new Set(parts.flatMap(decode));
    this.version = state?.version ?? 0n;
    let last = -1;
    copy.subscribe((bytes) => {
      for (const text of decode(bytes)) {
        this.known.add(text);
      }
      const text = decoder.decode(bytes);
      // A write may be recorded twice, when its first record was no more by the second.
      const place = this.world.history.findIndex(
        (record, index) => index > last && decoder.decode(record.bytes) === text,
      );
      assert.ok(place > last, `${this.name}: ${text} is out of order`);
      last = place;
    });
  }

  async work() {
    const { random } = this.world;
    while (this.confirmed.length < this.plan.writes) {
      this.count += 1;
      const text = `${this.name} ${this.count}`;
      // As a gate does: it knows what it has judged, whether the store takes it or not.
      this.known.add(text);
      if (random.chance(this.plan.joins)) {
        await this.join(text);
      } else {
        const isSnapshot = random.chance(this.plan.snapshots);
        await this.write(encode(isSnapshot ? [...this.known] : [text]), isSnapshot);
      }
      this.confirmed.push(text);
    }
  }

  /** Writes the same bytes until they are confirmed, however much came in since they were made. */
  async write(bytes, isSnapshot) {
    for (;;) {
      await new Promise((resolve) => this.world.later(this.life, resolve));
      try {
        const version = await this.life.copy.write(bytes, isSnapshot, this.version);
        assert.ok(version > this.version, "versions rise");
        this.version = version;
        this.checkOrder(version);
        return;
      } catch (error) {
        if (error.code !== "store") {
          throw error;
        }
        this.codes.push(error.code);
      }
    }
  }

  join(text) {
    const { copy, storage } = this.life;
    const asked = copy.nextAsked();
    return new Promise((resolve) => {
      storage.join(asked, encode([text]), (record) => {
        copy.announce(record);
        resolve();
      });
    });
  }

  /** Everything that was written before is delivered before the confirmation. */
  checkOrder(version) {
    for (const { number, bytes } of this.world.database.records.values()) {
      if (BigInt(number) < version) {
        for (const text of decode(bytes)) {
          assert.ok(this.known.has(text), `${this.name} at ${version} lacks ${text} of ${number}`);
        }
      }
    }
  }
}

/** Whether a copy goes on, and so must be told of everything. */
function isIn(life) {
  try {
    life.copy.nextAsked();
    return true;
  } catch {
    return false;
  }
}

/** Everything that the database knows. */
function union(world) {
  return new Set([...world.database.records.values()].flatMap(({ bytes }) => decode(bytes)));
}

/** Runs one history to its end, lets everything heal, and checks what must hold then. */
async function play(t, seed, plan) {
  const random = seeded(seed);
  const world = new World(random, t.mock.timers);
  world.faults = plan.faults;
  const callers = Array.from(
    { length: plan.copies },
    (_, index) => new Caller(world, `caller ${index}`, plan),
  );
  const lives = callers.map((caller) => caller.live());
  const failures = [];
  for (const life of lives) {
    life.catch((error) => failures.push(error));
  }
  const disturb = () => {
    const caller = random.pick(callers);
    const { life } = caller;
    if (random.chance(plan.steals)) {
      world.steal("lock");
    }
    if (random.chance(plan.hides) && life !== undefined && !life.isDead) {
      life.copy.suspend();
      world.later(life, () => life.copy.resume());
    }
    if (random.chance(plan.kills) && life !== undefined && !life.isDead && !caller.isDone) {
      world.kill(life);
      const again = new Caller(world, `${caller.name}'`, plan);
      again.confirmed.push(...caller.confirmed);
      callers[callers.indexOf(caller)] = again;
      again.live().catch((error) => failures.push(error));
    }
  };
  await world.run(() => {
    disturb();
    assert.deepEqual(failures, []);
    return callers.every(({ isDone }) => isDone);
  });
  world.faults = 0;
  let isQuiet = false;
  // One more write tells everyone, also those whose last message was lost with its sender.
  const last = world.arrive(plan);
  const closing = (async () => {
    const state = await last.copy.open();
    await last.copy.write(encode(["last"]), false, state?.version ?? 0n);
    isQuiet = true;
  })();
  await world.run(() => isQuiet && world.steps.length === 0);
  await closing;
  // Whoever was behind tries again after a while.
  await world.pass(3000);
  return { world, callers };
}

const CALM = { copies: 3, writes: 12, faults: 0, steals: 0, kills: 0, hides: 0, joins: 0 };

const PLANS = {
  "three copies in peace": { ...CALM, snapshots: 0 },
  "with snapshots": { ...CALM, snapshots: 0.2 },
  "with joined records": { ...CALM, snapshots: 0.1, joins: 0.3 },
  "while transactions fail, before or after they happened": {
    ...CALM,
    snapshots: 0.1,
    joins: 0.1,
    faults: 0.1,
  },
  "while pages are hidden and shown": { ...CALM, snapshots: 0.1, joins: 0.1, hides: 0.05 },
  "while copies die and come back": { ...CALM, snapshots: 0.1, joins: 0.1, kills: 0.01 },
  "while copies die, and no record is removed": { ...CALM, snapshots: 0, kills: 0.02 },
  "while pages are hidden, and no record is removed": { ...CALM, snapshots: 0, hides: 0.05 },
  "while locks are stolen": { ...CALM, snapshots: 0.1, joins: 0.1, steals: 0.005 },
  "with everything at once": {
    ...CALM,
    copies: 4,
    snapshots: 0.1,
    joins: 0.1,
    faults: 0.05,
    hides: 0.02,
    kills: 0.005,
    steals: 0.002,
  },
};

const HISTORIES = 80;

for (const [what, plan] of Object.entries(PLANS)) {
  test(`nothing that was confirmed is lost: ${what}`, async (t) => {
    t.mock.timers.enable({ apis: ["setTimeout"] });
    const codes = new Map();
    for (let seed = 1; seed <= HISTORIES; seed += 1) {
      const { world, callers } = await play(t, seed, plan);
      const stored = union(world);
      for (const { name, confirmed, known, life, codes: said } of callers) {
        for (const text of confirmed) {
          assert.ok(stored.has(text), `seed ${seed}: ${text} is lost`);
        }
        if (isIn(life)) {
          for (const text of stored) {
            assert.ok(known.has(text), `seed ${seed}: ${name} was not told of ${text}`);
          }
        }
        for (const code of said) {
          codes.set(code, (codes.get(code) ?? 0) + 1);
        }
      }
      if (plan.snapshots === 0) {
        // No record is ever removed, so a write that is asked for again is known, and not repeated.
        const texts = world.history.flatMap(({ bytes }) => decode(bytes));
        assert.equal(new Set(texts).size, texts.length, `seed ${seed}: written twice`);
      }
      if (plan === PLANS["three copies in peace"]) {
        assert.equal(stored.size, 3 * plan.writes + 1);
        assert.deepEqual(codes, new Map());
      }
    }
    if (plan.steals === 0) {
      assert.equal(codes.get("fenced"), undefined);
    }
    t.diagnostic(`${HISTORIES} histories; refused: ${JSON.stringify([...codes])}`);
  });
}
