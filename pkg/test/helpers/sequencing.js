/**
 * Sequencers whose items know where they belong, and a naive sequencer to compare them with.
 * @module
 */
import { Sequencer } from "onceward";
import { START } from "./gate.js";

/** Returns what came out by scope, in order: the ids. */
export function byScope(items) {
  const groups = {};
  for (const { scope, id } of items) {
    groups[scope] ??= [];
    groups[scope].push(id);
  }
  return groups;
}

/** A sequencer that says of each call what came out, was dropped, skipped or refused. */
export class Told {
  #options;
  #sequencer;
  #drop;
  #skip = {};

  constructor(options) {
    this.#options = {
      by: ({ scope, order }) => ({ scope, order }),
      sizeOf: ({ bytes }) => bytes ?? 0,
      onDrop: (_, why) => {
        this.#drop = why;
      },
      onSkip: (scope, from, to) => {
        this.#skip[scope] ??= [];
        this.#skip[scope].push([`${from}`, `${to}`]);
      },
      ...options,
    };
    this.#sequencer = new Sequencer({ clock: () => START, ...this.#options });
  }

  get sequencer() {
    return this.#sequencer;
  }

  push(item, now = START) {
    return this.#tell((sequencer) => sequencer.push(item, now));
  }

  flush(now) {
    return this.#tell((sequencer) => sequencer.flush(now));
  }

  drain() {
    return this.#tell((sequencer) => sequencer.drain());
  }

  forget(scope) {
    return this.#tell((sequencer) => sequencer.forget(scope));
  }

  /** Goes on from its state. */
  reopen(now) {
    const snapshot = this.#sequencer.snapshot();
    this.#sequencer = new Sequencer({ ...this.#options, clock: () => now, snapshot });
  }

  #tell(call) {
    this.#drop = undefined;
    this.#skip = {};
    const told = {};
    try {
      const out = byScope(call(this.#sequencer));
      if (Object.keys(out).length > 0) {
        told.out = out;
      }
    } catch (error) {
      return { error: error.code };
    }
    if (this.#drop !== undefined) {
      told.drop = this.#drop;
    }
    if (Object.keys(this.#skip).length > 0) {
      told.skip = this.#skip;
    }
    return told;
  }
}

/** So many gaps of a scope are remembered. */
const GAPS_MAX = 8;

/** A sequencer as slow as its description: what is held is searched from its beginning. */
export class Naive {
  dropped = 0;
  held = [];
  scopes = {};
  #options;
  #now;
  #ahead;
  #pushes = 0;

  constructor(options, now = START) {
    this.#options = options;
    this.#now = now;
  }

  push(item, now = START) {
    const before = structuredClone([this.held, this.scopes]);
    const clock = [this.#now, this.#ahead];
    this.#read(now);
    const told = {};
    const { scope, order } = item;
    const why = this.#refuse(scope, order);
    if (why === undefined) {
      this.scopes[scope] ??= { start: this.#options.first ?? order, gaps: [], out: [] };
      const own = this.scopes[scope];
      own.highest = Math.max(own.highest ?? order, order);
      this.#pushes += 1;
      this.held.push({ item, push: this.#pushes, since: this.#ahead ?? this.#now });
    } else {
      told.drop = why;
    }
    this.#release(told);
    if (this.held.length > (this.#options.maxHeld ?? Infinity)) {
      [this.held, this.scopes] = before;
      [this.#now, this.#ahead] = clock;
      return { error: "capacity" };
    }
    this.dropped += why === undefined ? 0 : 1;
    return told;
  }

  flush(now) {
    const told = {};
    this.#read(now);
    this.#release(told);
    return told;
  }

  drain() {
    const told = {};
    for (const scope of Object.keys(this.scopes)) {
      for (let first = this.#first(scope); first; first = this.#first(scope)) {
        this.#take(first, told);
      }
    }
    return told;
  }

  forget(scope) {
    const out = [];
    for (let first = this.#first(scope); first; first = this.#first(scope)) {
      this.held.splice(this.held.indexOf(first), 1);
      out.push(first.item.id);
    }
    delete this.scopes[scope];
    return out.length > 0 ? { out: { [scope]: out } } : {};
  }

  reopen(now) {
    this.dropped = 0;
    this.#read(now);
  }

  get #isNext() {
    return this.#options.release === "next";
  }

  get #wait() {
    const { release, onGap, maxWait = 30_000 } = this.#options;
    return this.#isNext ? (onGap === "skip" ? maxWait : Infinity) : release.lateness;
  }

  #read(now) {
    const { maxClockJump = 86_400_000 } = this.#options;
    if (this.#ahead !== undefined && now >= this.#ahead) {
      this.#now = this.#ahead;
    }
    this.#ahead = now > this.#now + maxClockJump ? now : undefined;
    this.#now = this.#ahead === undefined ? Math.max(this.#now, now) : this.#now;
    const stamp = this.#ahead ?? this.#now;
    for (const held of this.held) {
      held.since = Math.min(held.since, stamp);
    }
  }

  #refuse(scope, order) {
    const own = this.scopes[scope];
    if (!this.#isNext) {
      return own?.last !== undefined && order < own.last ? "late" : undefined;
    }
    if (own === undefined) {
      return order < (this.#options.first ?? 0) ? "late" : undefined;
    }
    const forgotten = own.gaps.at(-GAPS_MAX - 1);
    if (order < (forgotten === undefined ? own.start : forgotten[1] + 1)) {
      return "late";
    }
    const isHeld = this.held.some(({ item }) => item.scope === scope && item.order === order);
    if (isHeld || own.out.includes(order)) {
      return "duplicate";
    }
    return own.last !== undefined && order < own.last ? "late" : undefined;
  }

  #first(scope) {
    const own = this.held.filter(({ item }) => item.scope === scope);
    return own.sort((a, b) => a.item.order - b.item.order || a.push - b.push)[0];
  }

  #release(told) {
    for (const [scope, own] of Object.entries(this.scopes)) {
      const due = this.held
        .filter(({ item, since }) => item.scope === scope && since + this.#wait <= this.#now)
        .map(({ item }) => item.order);
      const through = Math.max(...due, this.#isNext ? -1 : own.highest - this.#wait);
      for (let first = this.#first(scope); first; first = this.#first(scope)) {
        const isNext = this.#isNext && first.item.order === this.#expected(own);
        if (!isNext && first.item.order > through) {
          break;
        }
        this.#take(first, told);
      }
    }
  }

  #expected({ last, start }) {
    return last === undefined ? start : last + 1;
  }

  #take(held, told) {
    const { scope, order, id } = held.item;
    const own = this.scopes[scope];
    this.held.splice(this.held.indexOf(held), 1);
    const expected = this.#expected(own);
    if (this.#isNext && order > expected) {
      own.gaps.push([expected, order - 1]);
      told.skip ??= {};
      told.skip[scope] ??= [];
      told.skip[scope].push([`${expected}`, `${order - 1}`]);
    }
    own.last = order;
    own.out.push(order);
    told.out ??= {};
    told.out[scope] ??= [];
    told.out[scope].push(id);
  }
}

/** Brings items into any order at all. */
export function shuffled(items, random) {
  const all = [...items];
  for (let index = all.length - 1; index > 0; index -= 1) {
    const other = random.below(index + 1);
    [all[index], all[other]] = [all[other], all[index]];
  }
  return all;
}
