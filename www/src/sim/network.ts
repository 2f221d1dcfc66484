/**
 * The network between them: it delivers at least once, in any order, and takes its time.
 * @module
 */

import { Queue } from "./queue.js";
import { below, type Random, seeded } from "./random.js";
import type { Settings } from "./settings.js";
import type { Issued } from "./world.js";

/** One message on its way, as a picture of it needs it. */
export interface Flight {
  readonly from: number;
  readonly until: number;
  readonly event: Issued;
  /** Whether the event was sent before. */
  readonly isCopy: boolean;
  readonly isLost: boolean;
  /** On which side and how far out it goes, from -1 to 1: detours go far out. */
  readonly lane: number;
}

/** What the network will do next. */
type Due =
  | { readonly does: "deliver"; readonly event: Issued }
  | { readonly does: "resend"; readonly event: Issued };

/** After how many times its delay a message counts as lost, and how much is added to that. */
const PATIENCE_TIMES = 2;
const PATIENCE_MS = 200;

/** How much longer a detour is, in times of the delay: at least, and at most that much more. */
const DETOUR_TIMES = 1.5;
const DETOUR_MORE = 3;

/** Takes messages, and says which of them come out. */
export class Network {
  readonly #random: Random;
  readonly #due = new Queue<Due>();

  /** How many messages were sent, and of these, how many were sent again, and how many lost. */
  sent = 0;
  resent = 0;
  lost = 0;

  constructor(seed: number) {
    this.#random = seeded(seed, "network");
  }

  /** Whether nothing is on its way. */
  get isIdle(): boolean {
    return this.#due.length === 0;
  }

  /** Sends an event for the first time. */
  send(event: Issued, now: number, settings: Settings, fly: (flight: Flight) => void): void {
    this.#send(event, now, settings, fly, false);
  }

  /** Goes on to a moment; returns what was delivered on the way there. */
  advance(now: number, settings: Settings, fly: (flight: Flight) => void): Issued[] {
    const delivered: Issued[] = [];
    for (let due = this.#due.take(now); due !== undefined; due = this.#due.take(now)) {
      if (due.does === "deliver") {
        delivered.push(due.event);
      } else {
        this.resent += 1;
        this.#send(due.event, now, settings, fly, true);
      }
    }
    return delivered;
  }

  #send(
    event: Issued,
    now: number,
    settings: Settings,
    fly: (flight: Flight) => void,
    isCopy: boolean,
  ): void {
    const random = this.#random;
    this.sent += 1;
    const isMissed = random() * 100 < settings.loss;
    // Half of what is missed did arrive: what was lost is the receipt.
    const isLost = isMissed && random() < 0.5;
    if (isMissed) {
      const patience = PATIENCE_TIMES * settings.delay + PATIENCE_MS;
      this.#due.put(now + patience, { does: "resend", event });
    }
    if (isLost) {
      this.lost += 1;
    }
    this.#fly(event, now, settings, fly, isCopy, isLost);
    if (random() * 100 < settings.duplicates) {
      this.#fly(event, now, settings, fly, true, false);
    }
  }

  #fly(
    event: Issued,
    now: number,
    settings: Settings,
    fly: (flight: Flight) => void,
    isCopy: boolean,
    isLost: boolean,
  ): void {
    const random = this.#random;
    const { delay } = settings;
    const isDetour = random() * 100 < settings.reorder;
    const extra = isDetour ? delay * (DETOUR_TIMES + DETOUR_MORE * random()) : 0;
    const takes = Math.round(delay * (0.7 + 0.6 * random()) + extra);
    const side = random() < 0.5 ? -1 : 1;
    const lane = side * (isDetour ? 0.6 + 0.4 * random() : 0.5 * random());
    const until = isLost ? now + Math.round(takes * (0.3 + 0.3 * random())) : now + takes;
    fly({ from: now, until, event, isCopy, isLost, lane });
    if (!isLost) {
      this.#due.put(until, { does: "deliver", event });
    }
  }
}

/** Draws when a consumer crashes; the chance is the same in every step. */
export function crashes(random: Random, perMinute: number, stepMs: number): boolean {
  return below(random, 60_000) < perMinute * stepMs;
}
