/**
 * The whole of it, on simulated time: events are issued, sent, delivered, and acted on twice over.
 *
 * Time goes in fixed steps, so what happens up to a moment depends on the seed and on what was set
 * when, and on nothing else: not on how often anyone looks.
 * @module
 */

import type { Verdict } from "onceward";
import { Consumer, Truth, UsualConsumer } from "./consumers.js";
import { Guard, type Opener } from "./guard.js";
import { crashes, type Flight, Network } from "./network.js";
import { type Random, seeded } from "./random.js";
import type { Settings } from "./settings.js";
import { type Issued, World } from "./world.js";

/** How long a step is. */
export const STEP_MS = 10;

/** How often the consumer notes how far it has come, and how long it takes to start again. */
const COMMIT_EVERY_MS = 1000;
const DOWN_MS = 700;

/** How much quicker than events are issued the consumer can catch up. */
const CATCH_UP_TIMES = 6;

const SWEEP_EVERY_MS = 1000;

/** Is told what happens, as a picture of it needs it. */
export interface Watcher {
  fly(flight: Flight): void;
  land(event: Issued, verdict: Verdict, isApplied: boolean, now: number): void;
}

/** How much of everything there was. */
export interface Totals {
  issued: number;
  sent: number;
  resent: number;
  lost: number;
  delivered: number;
  judged: number;
  crashes: number;
  readonly verdicts: Record<Verdict, number>;
}

/** One run, from one seed. */
export class Simulation {
  readonly settings: Settings;
  readonly naive = new Consumer();
  readonly usual = new UsualConsumer();
  readonly gated = new Consumer();
  readonly truth = new Truth();
  readonly world: World;
  readonly guard: Guard;
  readonly #network: Network;
  readonly #mishaps: Random;
  readonly #verdicts: Record<Verdict, number> = {
    fresh: 0,
    duplicate: 0,
    stale: 0,
    conflict: 0,
    pending: 0,
    "in-doubt": 0,
    early: 0,
    expired: 0,
  };
  readonly #log: Issued[] = [];

  now = 0;
  /** Whether nothing more is issued. */
  isEnding = false;
  #credit = 0;
  #delivered = 0;
  #judged = 0;
  #crashes = 0;
  /** How many entries of the log were handed on, and how many of these for good. */
  #position = 0;
  #committed = 0;
  #downUntil = 0;
  /** By how much the consumer's clock differs: each machine that it starts on has another. */
  #offsetMs = 0;
  #mustCrash = false;

  private constructor(seed: number, settings: Settings, guard: Guard) {
    this.settings = { ...settings };
    this.world = new World(seed);
    this.guard = guard;
    this.#network = new Network(seed);
    this.#mishaps = seeded(seed, "mishaps");
  }

  static async start(seed: number, settings: Settings, open: Opener): Promise<Simulation> {
    return new Simulation(seed, settings, await Guard.open(open));
  }

  /** Whether the consumer is not running. */
  get isDown(): boolean {
    return this.now < this.#downUntil;
  }

  /** Whether nothing more will happen. */
  get isOver(): boolean {
    return this.isEnding && this.#network.isIdle && this.#position === this.#log.length;
  }

  get totals(): Totals {
    const { sent, resent, lost } = this.#network;
    return {
      issued: this.world.issued,
      sent,
      resent,
      lost,
      delivered: this.#delivered,
      judged: this.#judged,
      crashes: this.#crashes,
      verdicts: { ...this.#verdicts },
    };
  }

  /** Makes the consumer crash in the next step. */
  crash(): void {
    this.#mustCrash = true;
  }

  /** Goes on to a moment, or to the end. */
  async advance(until: number, watcher: Watcher): Promise<void> {
    while (this.now + STEP_MS <= until && !this.isOver) {
      if (this.#step(watcher)) {
        await this.guard.crash();
      }
    }
  }

  /** Goes one step; returns whether the consumer crashed in it. */
  #step(watcher: Watcher): boolean {
    this.now += STEP_MS;
    const { now, settings } = this;
    const fly = (flight: Flight): void => watcher.fly(flight);
    if (!this.isEnding) {
      this.#credit += settings.rate * STEP_MS;
      for (; this.#credit >= 1000; this.#credit -= 1000) {
        this.#network.send(this.world.issue(now, settings.skew * 1000), now, settings, fly);
      }
    }
    for (const event of this.#network.advance(now, settings, fly)) {
      this.#log.push(event);
      this.#delivered += 1;
    }
    // Drawn in each step, so that a crash by hand does not move the others.
    const happens = crashes(this.#mishaps, settings.crashes, STEP_MS);
    if ((happens || this.#mustCrash) && !this.isDown) {
      this.#goDown();
      return true;
    }
    if (!this.isDown) {
      this.#consume(watcher);
    }
    return false;
  }

  #goDown(): void {
    this.#mustCrash = false;
    this.#crashes += 1;
    this.#downUntil = this.now + DOWN_MS;
    this.#position = this.#committed;
    this.#offsetMs = Math.round((this.#mishaps() - 0.5) * 2 * this.settings.skew * 1000);
    this.usual.crash();
  }

  #consume(watcher: Watcher): void {
    const { now } = this;
    const most = 2 + Math.ceil((CATCH_UP_TIMES * this.settings.rate * STEP_MS) / 1000);
    const events = this.#log.slice(this.#position, this.#position + most);
    this.#position += events.length;
    const clock = now + this.#offsetMs;
    const verdicts = events.length > 0 ? this.guard.judge(events, clock) : [];
    events.forEach((event, index) => {
      const verdict = verdicts[index];
      if (verdict === undefined) {
        return;
      }
      this.truth.note(event);
      this.#verdicts[verdict] += 1;
      this.#judged += 1;
      if (verdict === "fresh") {
        this.gated.apply(event);
      }
      this.naive.apply(event);
      const isApplied = this.usual.apply(event, clock);
      watcher.land(event, verdict, this.settings.naive === "all" || isApplied, now);
    });
    if (now % SWEEP_EVERY_MS === 0) {
      this.usual.sweep(clock);
    }
    if (now % COMMIT_EVERY_MS === 0) {
      // What comes before is never asked for again.
      this.#log.splice(0, this.#position);
      this.#position = 0;
      this.#committed = 0;
    }
  }
}

/** Watches nothing. */
export const NOBODY: Watcher = { fly: () => {}, land: () => {} };
