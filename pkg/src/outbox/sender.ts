/**
 * One try to send one item, and what is written down before and after it.
 *
 * Before a request leaves it is written down that it may have: whatever happens then, the item is
 * sent again under its key until its answer is written down.
 * @module
 */

import { fullJitter } from "./backoff.js";
import { captureAnswer, restore, restoreAnswer } from "./capture.js";
import { Cut, type Exchanged, exchange } from "./exchange.js";
import { changed, type Item } from "./item.js";
import type { ReadOptions } from "./options.js";
import { type Decision, decide } from "./policy.js";
import { readRetryAfter } from "./retry-after.js";
import type { Change, Items } from "./storage.js";
import { viewOf } from "./submission.js";

/** What a failed try was like. */
interface Failure {
  readonly trouble: string;
  /** For how many milliseconds the server has asked to wait. */
  readonly retryAfter?: number | undefined;
  /** Whether the server is at it already, so that it is no failure. */
  readonly isWait?: boolean | undefined;
}

/** Whether it was first sent so long ago that its server may have forgotten its key. */
export function isExpired(item: Item, now: number, maxAge: number): boolean {
  // A clock that was set back does not make an item younger than it was.
  return item.sentAt !== undefined && Math.max(now, item.changedAt) - item.sentAt >= maxAge;
}

/** Whether an item is one that is to be sent. */
export function isPending({ state }: Item): boolean {
  return state === "waiting" || state === "sending";
}

/** Sends items. */
export class Sender {
  readonly #items: Items;
  readonly #options: ReadOptions;
  readonly #changed: (item: Item) => void;
  readonly #heard: () => void;

  /**
   * @param wasChanged is called with what was written down.
   * @param heard is called when any server has answered.
   */
  constructor(
    items: Items,
    options: ReadOptions,
    wasChanged: (item: Item) => void,
    heard: () => void,
  ) {
    this.#items = items;
    this.#options = options;
    this.#changed = wasChanged;
    this.#heard = heard;
  }

  /**
   * Tries once. What becomes of it is written down.
   *
   * @throws {OncewardError} when it could not be written down.
   */
  async attempt(item: Item, signal: AbortSignal): Promise<void> {
    const { clock, maxAge, timers, timeout } = this.#options;
    if (isExpired(item, clock(), maxAge)) {
      await this.#park(item, "expired");
      return;
    }
    const cut = new Cut(signal, timers, timeout);
    try {
      const request = await this.#prepare(item, cut);
      const sending = request && (await this.#leave(item, signal));
      if (request !== undefined && sending !== undefined) {
        await this.#settle(sending, await exchange(this.#options.fetch, request, cut));
      }
    } finally {
      cut.end();
    }
  }

  /** Makes the request; undefined when there is nothing to send now, which is written down. */
  async #prepare(item: Item, cut: Cut): Promise<Request | undefined> {
    const { header, prepare } = this.#options;
    const body = await this.#items.body(item.number, "request");
    let request: Request;
    try {
      if (body?.length !== item.request.bodyBytes) {
        throw new RangeError("the body is not what it was");
      }
      request = restore(item.request, body, { header, key: item.key, signal: cut.signal });
    } catch {
      await this.#park(item, "unsendable");
      return undefined;
    }
    try {
      return await Promise.race([prepare(request, viewOf(item)), cut.happened]);
    } catch {
      if (cut.reason !== "aborted") {
        await this.#fail(item, { trouble: "prepare" });
      }
      return undefined;
    }
  }

  /** Writes down that the request may have left; undefined when it must not. */
  async #leave(item: Item, signal: AbortSignal): Promise<Item | undefined> {
    const now = this.#options.clock();
    return await this.#change(item, (found) => {
      if (signal.aborted || !isPending(found)) {
        return undefined;
      }
      const { attempts, sentAt = now } = found;
      return { put: changed(found, now, { state: "sending", attempts: attempts + 1, sentAt }) };
    });
  }

  async #settle(item: Item, exchanged: Exchanged): Promise<void> {
    if ("trouble" in exchanged) {
      // Of one that was broken off, whoever sends next knows that it may have left.
      if (exchanged.trouble !== "aborted") {
        await this.#fail(item, exchanged);
      }
      return;
    }
    this.#heard();
    const { response, bytes } = exchanged;
    const { answer, body } = captureAnswer(response, bytes, this.#options.maxAnswerBytes);
    const decision = await this.#decide(item, response, bytes);
    const now = this.#options.clock();
    if (decision === "answered") {
      await this.#change(item, (found) => {
        const put = changed(found, now, {
          ...{ state: "answered", reason: undefined, trouble: undefined, failures: 0, answer },
        });
        return isPending(found) ? { put, answerBody: body, dropRequestBody: true } : undefined;
      });
    } else if (decision === "parked") {
      await this.#change(item, (found) => {
        const put = changed(found, now, { state: "parked", reason: "refused", answer });
        return isSameTry(item, found) ? { put, answerBody: body } : undefined;
      });
    } else {
      const retryAfter = readRetryAfter(response.headers, now);
      const isWait = decision === "wait";
      await this.#fail(item, { trouble: String(response.status), retryAfter, isWait });
    }
  }

  async #decide(item: Item, response: Response, bytes: Uint8Array): Promise<Decision> {
    const { status, headers } = response;
    const { answer } = captureAnswer(response, bytes, Infinity);
    const own = await this.#options.decide(restoreAnswer(answer, bytes), viewOf(item));
    return own ?? decide(status, headers, bytes, this.#options.clock());
  }

  /** Writes down when it is tried again, or that it is not. */
  async #fail(item: Item, { trouble, retryAfter = 0, isWait = false }: Failure): Promise<void> {
    const { clock, backoff, random, maxAttempts } = this.#options;
    const now = clock();
    const failures = item.failures + (isWait ? 0 : 1);
    if (failures >= maxAttempts) {
      await this.#park(item, "exhausted", trouble);
      return;
    }
    // To those who are told when to come again, the wait for others does not matter.
    const jitter = fullJitter(backoff, isWait ? 1 : failures, random);
    const notBefore = now + Math.max(retryAfter, jitter);
    await this.#change(item, (found) => {
      const put = changed(found, now, { state: "waiting", failures, trouble, notBefore });
      return isSameTry(item, found) ? { put } : undefined;
    });
  }

  async #park(item: Item, reason: Item["reason"], trouble = item.trouble): Promise<void> {
    const now = this.#options.clock();
    await this.#change(item, (found) => {
      const put = changed(found, now, { state: "parked", reason, trouble });
      return isSameTry(item, found) ? { put } : undefined;
    });
  }

  async #change(item: Item, step: (found: Item) => Change | undefined): Promise<Item | undefined> {
    const put = await this.#items.change(item.number, step);
    if (put !== undefined) {
      this.#changed(put);
    }
    return put;
  }
}

/** Whether nobody has done anything to an item since this try of it began. */
function isSameTry(tried: Item, found: Item): boolean {
  return tried.revision === found.revision;
}
