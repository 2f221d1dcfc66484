/**
 * What tests of the outbox stand on: a clock and timers that only move when they are told to, and a
 * server that answers as it is told.
 * @module
 */
import { setImmediate as turn } from "node:timers/promises";
import { memory } from "onceward/memory";
import { Outbox } from "onceward/outbox";

export const START = Date.UTC(2026, 0, 1);
export const SECOND = 1000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;

/** Lets all that is under way, and needs neither time nor a disk, come to its end. */
export async function settle() {
  for (let turns = 0; turns < 30; turns += 1) {
    await turn();
  }
}

/** Time that stands still until it is moved. */
export class FakeTime {
  /** What timers go by, which nobody can set. */
  #passed = 0;
  /** When the clock would have been at 0. */
  #zero = START;
  #timers = new Map();
  #last = 0;

  clock = () => this.now;

  get now() {
    return this.#zero + this.#passed;
  }

  /** Sets the clock, as a user does. */
  set now(now) {
    this.#zero = now - this.#passed;
  }

  timers = {
    set: (callback, ms) => {
      this.#last += 1;
      this.#timers.set(this.#last, { callback, at: this.#passed + ms });
      return this.#last;
    },
    clear: (timer) => {
      this.#timers.delete(timer);
    },
  };

  /** How long until each timer is due, soonest first. */
  get waits() {
    return [...this.#timers.values()].map(({ at }) => at - this.#passed).sort((a, b) => a - b);
  }

  /** Moves on, timer by timer. */
  async advance(ms) {
    const end = this.#passed + ms;
    await settle();
    for (;;) {
      const due = [...this.#timers].filter(([, { at }]) => at <= end);
      if (due.length === 0) {
        break;
      }
      const [timer, { callback, at }] = due.reduce((one, other) =>
        other[1].at < one[1].at ? other : one,
      );
      this.#timers.delete(timer);
      this.#passed = Math.max(this.#passed, at);
      callback();
      await settle();
    }
    this.#passed = end;
    await settle();
  }
}

/** A server that a test writes the answers of; without one it answers 200. */
export class FakeServer {
  /** What has arrived, in that order. */
  requests = [];
  #answers = [];

  /** The next answers: Response objects, errors to fail with, or functions of the request. */
  answer(...answers) {
    this.#answers.push(...answers);
  }

  fetch = async (request) => {
    const key = JSON.parse(request.headers.get("idempotency-key"));
    const { method, url, headers, signal } = request;
    const body = await request.text();
    const seen = { key, method, path: new URL(url).pathname, body, headers, signal };
    this.requests.push(seen);
    const next = this.#answers.shift() ?? new Response(`did ${body}`);
    const answer = typeof next === "function" ? await next(seen) : next;
    if (answer instanceof Error) {
      throw answer;
    }
    return answer;
  };

  get bodies() {
    return this.requests.map(({ body }) => body);
  }
}

/** A promise, and what resolves it. */
export function deferred() {
  let resolve;
  const promise = new Promise((done) => {
    resolve = done;
  });
  return { promise, resolve };
}

/** A network that does not answer. */
export const lost = () => new TypeError("the network is away");

/** A request with a text. */
export function post(body, path = "/orders", init = {}) {
  return new Request(`https://shop.example${path}`, { method: "POST", body, ...init });
}

/** An outbox in a world that stands still: waits are the longest that jitter allows. */
export async function openOutbox(t, options = {}) {
  const time = options.time ?? new FakeTime();
  const server = options.server ?? new FakeServer();
  const storage = options.storage ?? memory();
  const { time: _time, server: _server, ...given } = options;
  const opened = await Outbox.open({
    storage,
    fetch: server.fetch,
    clock: time.clock,
    timers: time.timers,
    random: () => 1 - 2 ** -53,
    ...given,
  });
  t.after(() => opened.close());
  const troubles = [];
  opened.subscribe((event) => {
    if (event.type === "trouble") {
      troubles.push(event.error);
    }
  });
  return { outbox: opened, time, server, storage, troubles };
}
