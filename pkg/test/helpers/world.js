/**
 * A small world for copies of a gate's state: one database, locks and channels, in which every step
 * happens at a moment of the world's choice, and anything may fail or die. The same seed gives the
 * same history.
 * @module
 */
import { OncewardError } from "onceward";
import { Copy } from "../../dist/internals.js";

const fail = (code) => new OncewardError(code, `${code}, says the world`);

/** Lets everything run that waits for nothing but promises. */
const settle = () => new Promise((resolve) => setImmediate(resolve));

/** Where and when things happen. */
export class World {
  constructor(random, timers) {
    this.random = random;
    this.timers = timers;
    this.steps = [];
    this.database = { life: 1, term: 0, version: 0, base: 0, records: new Map() };
    this.holders = new Map();
    this.waiting = [];
    this.transactions = [];
    /** All records that ever were, in the order of writing. */
    this.history = [];
    this.copies = new Set();
    this.faults = 0;
    this.origins = 0;
  }

  /** Has something done at some later moment, unless its copy is dead by then. */
  later(owner, step) {
    this.steps.push(() => (owner?.isDead ? undefined : step()));
  }

  /** Lets things happen, in any order, until a condition holds. */
  async run(isOver) {
    for (let idle = 0; !isOver(); ) {
      if (this.steps.length > 0) {
        const [step] = this.steps.splice(this.random.below(this.steps.length), 1);
        step();
        idle = 0;
      } else {
        // Nothing but time can help.
        this.timers.tick(500);
        idle += 1;
      }
      await settle();
      if (idle > 200) {
        throw new Error("the world stands still");
      }
    }
  }

  /** Lets time pass, and everything happen that comes of it. */
  async pass(ms) {
    for (let passed = 0; passed < ms; passed += 500) {
      this.timers.tick(500);
      await settle();
      await this.run(() => this.steps.length === 0);
    }
  }

  /** Transactions overlap, and so happen in the order in which they were begun. */
  transact(transaction) {
    this.transactions.push(transaction);
    this.later(undefined, () => this.transactions.shift()());
  }

  /** Puts a record into the database, and for a snapshot removes what it covers. */
  put(record, covers) {
    const { database } = this;
    database.version += 1;
    const stored = { ...record, number: database.version };
    if (covers !== undefined) {
      database.base = stored.number;
      for (const number of [...database.records.keys()]) {
        if (number <= covers.upTo && !covers.except.includes(number)) {
          database.records.delete(number);
        }
      }
    }
    database.records.set(stored.number, stored);
    this.history.push(stored);
    return stored;
  }

  /** Comes to the world with another copy. */
  arrive({ isShared = true, hasLocks = true, wait = 5000 } = {}) {
    this.origins += 1;
    const life = { isDead: false, origin: `copy ${this.origins}`, channels: new Set() };
    const locks = { request: (...args) => this.#request(life, ...args) };
    life.storage = new WorldStorage(this, life);
    life.copy = new Copy({
      origin: life.origin,
      storage: life.storage,
      wait,
      lock: hasLocks ? { manager: locks, name: "lock" } : undefined,
      connect: isShared ? (hear) => this.#connect(life, hear) : undefined,
    });
    this.copies.add(life);
    return life;
  }

  /** The copy is gone from one moment to the next, and so are its lock and its channels. */
  kill(life) {
    life.isDead = true;
    this.copies.delete(life);
    this.later(undefined, () => {
      this.waiting = this.waiting.filter((one) => one.life !== life);
      for (const [name, holder] of this.holders) {
        if (holder.life === life) {
          this.holders.delete(name);
        }
      }
      this.#grant();
    });
  }

  /** Takes a lock away, and gives it to the next. */
  steal(name) {
    const holder = this.holders.get(name);
    this.holders.delete(name);
    if (holder !== undefined) {
      this.later(holder.life, () => holder.reject(new Error("stolen")));
    }
    this.#grant();
  }

  #connect(life, hear) {
    const channel = { life, hear, inbox: [], isOpen: true };
    life.channels.add(channel);
    return {
      send: (message) => {
        for (const other of this.copies) {
          for (const one of other.channels) {
            if (one !== channel && one.isOpen) {
              one.inbox.push(structuredClone(message));
              // What was sent is heard in order; when, is open.
              this.later(one.life, () => one.isOpen && one.hear(one.inbox.shift()));
            }
          }
        }
      },
      close: () => {
        channel.isOpen = false;
        life.channels.delete(channel);
      },
    };
  }

  #request(life, name, { signal, ifAvailable }, granted) {
    return new Promise((resolve, reject) => {
      const entry = { life, name, granted, resolve, reject };
      this.later(life, () => {
        if (signal?.aborted) {
          reject(signal.reason);
        } else if (ifAvailable && (this.holders.has(name) || this.waiting.length > 0)) {
          granted(null);
          resolve();
        } else {
          this.waiting.push(entry);
          signal?.addEventListener("abort", () => {
            if (this.waiting.includes(entry)) {
              this.waiting = this.waiting.filter((one) => one !== entry);
              reject(signal.reason);
            }
          });
          this.#grant();
        }
      });
    });
  }

  #grant() {
    for (const entry of [...this.waiting]) {
      if (!this.holders.has(entry.name)) {
        this.waiting = this.waiting.filter((one) => one !== entry);
        this.holders.set(entry.name, entry);
        this.later(entry.life, async () => {
          await entry.granted({ name: entry.name });
          if (this.holders.get(entry.name) === entry) {
            this.holders.delete(entry.name);
          }
          entry.resolve();
          this.#grant();
        });
      }
    }
  }
}

/** The database as one copy sees it: each transaction happens at one moment, and is told of later. */
class WorldStorage {
  constructor(world, life) {
    this.world = world;
    this.life = life;
    this.known = undefined;
  }

  lead(after) {
    return this.#transact((database) => {
      this.#require(after);
      database.term += 1;
      return this.#reading(after);
    });
  }

  read(after) {
    return this.#transact(() => {
      this.#require(after);
      return this.#reading(after);
    });
  }

  write(term, after, write, mayStand) {
    return this.#transact((database) => {
      this.#require(after);
      const there = this.#reading(after).records;
      if (database.term !== term) {
        throw fail("fenced");
      }
      if (there.some(({ origin, id }) => origin === write.origin && id === write.id)) {
        return there;
      }
      if (!there.every(mayStand)) {
        throw fail("fenced");
      }
      const { origin, id, bytes, covers } = write;
      return [...there, this.world.put({ origin, id, bytes, joined: false }, covers)];
    });
  }

  /** Joins a record, as a transaction of the user's own does. */
  join(asked, bytes, done) {
    this.world.transact(() => {
      const record = this.world.put({ ...asked, bytes, joined: true });
      this.world.later(this.life, () => done(record));
    });
  }

  #transact(work) {
    const { world, life } = this;
    return new Promise((resolve, reject) => {
      const isLost = world.random.chance(world.faults);
      const isLostLate = world.random.chance(world.faults);
      world.transact(() => {
        if (life.isDead && world.random.chance(0.5)) {
          // What was under way when the copy died may be complete all the same.
          return;
        }
        let outcome = () => reject(fail("store"));
        if (!isLost) {
          try {
            const result = work(world.database);
            outcome = isLostLate ? outcome : () => resolve(result);
          } catch (error) {
            outcome = () => reject(error);
          }
        }
        world.later(life, outcome);
      });
    });
  }

  #require(after) {
    const { life, version } = this.world.database;
    this.known ??= version === 0 ? undefined : life;
    if ((this.known ?? life) !== life || version < after) {
      throw fail("fenced");
    }
  }

  #reading(after) {
    const { term, life, version, base, records } = this.world.database;
    const all = [...records.values()].filter(({ number }) => number > after);
    // Nobody has made it where nobody has written it.
    return { term, life: term === 0 ? undefined : life, version, base, records: all };
  }
}
