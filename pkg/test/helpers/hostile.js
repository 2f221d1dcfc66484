/**
 * A network that drops requests and answers, sends them twice, late and in another order, and
 * answers itself; all by chance, from a seed.
 * @module
 */
import { setTimeout as delay } from "node:timers/promises";
import { seeded } from "./random.js";

/** How late a request, or a copy of it, may be, in milliseconds. */
const LATE_MS = 15;
const COPY_LATE_MS = 400;

/** The chances of what happens to one request. */
const CHANCES = {
  dropsRequest: 0.06,
  dropsAnswer: 0.06,
  cutsAnswer: 0.02,
  answersItself: 0.03,
  copies: 0.1,
  delays: 0.3,
};

export class HostileNetwork {
  /** How often each thing has happened, and how many requests have come in and gone out. */
  counts = { sent: 0, forwarded: 0, unreachable: 0 };
  #random;
  #forward;
  #copies = new Set();

  /** @param forward takes a request to its server. */
  constructor(seed, forward) {
    this.#random = seeded(seed);
    this.#forward = forward;
    for (const name of Object.keys(CHANCES)) {
      this.counts[name] = 0;
    }
  }

  fetch = async (request) => {
    this.counts.sent += 1;
    const parcel = {
      path: new URL(request.url).pathname,
      method: request.method,
      headers: new Headers(request.headers),
      body: await request.text(),
    };
    if (this.#happens("delays")) {
      await this.#late(LATE_MS);
    }
    if (this.#happens("copies")) {
      this.#copy(parcel);
    }
    if (this.#happens("dropsRequest")) {
      throw new TypeError("the request was lost");
    }
    if (this.#happens("answersItself")) {
      return new Response("<h1>Bad gateway</h1>", { status: 502 });
    }
    const answer = await this.#pass(parcel);
    if (this.#happens("delays")) {
      await this.#late(LATE_MS);
    }
    if (this.#happens("dropsAnswer")) {
      throw new TypeError("the answer was lost");
    }
    return this.#happens("cutsAnswer") ? cut(answer) : answer;
  };

  /** Resolves when no copy is on its way any more. */
  async calm() {
    while (this.#copies.size > 0) {
      await Promise.all(this.#copies);
    }
  }

  #happens(name) {
    const happens = this.#random.chance(CHANCES[name]);
    this.counts[name] += happens ? 1 : 0;
    return happens;
  }

  async #late(ms) {
    await delay(this.#random.below(ms));
  }

  /**
   * Sends a request once more, at any time: also when others that were sent later are long done.
   */
  #copy(parcel) {
    const copy = this.#late(COPY_LATE_MS)
      .then(() => this.#pass(parcel))
      .then((answer) => answer.arrayBuffer())
      .catch(() => {})
      .finally(() => this.#copies.delete(copy));
    this.#copies.add(copy);
  }

  async #pass(parcel) {
    this.counts.forwarded += 1;
    try {
      return await this.#forward(parcel);
    } catch (error) {
      this.counts.unreachable += 1;
      throw error;
    }
  }
}

/** An answer that breaks off in the middle of its body. */
async function cut(answer) {
  const bytes = new Uint8Array(await answer.arrayBuffer());
  const body = new ReadableStream({
    pull(controller) {
      if (bytes.length > 1) {
        controller.enqueue(bytes.subarray(0, bytes.length >> 1));
      }
      controller.error(new TypeError("the answer was cut off"));
    },
  });
  return new Response(body, answer);
}
