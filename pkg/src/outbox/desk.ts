/**
 * What callers want of single items: to wait for an answer, to take it, to try again, to cancel.
 * @module
 */

import { OncewardError } from "../errors.js";
import { restoreAnswer } from "./capture.js";
import { changed, type Item } from "./item.js";
import type { Mirror, Seen } from "./mirror.js";
import { isPending } from "./sender.js";
import type { Change, Items } from "./storage.js";
import type { Answer, Cancellation, Desk } from "./submission.js";

/** Someone who waits. */
interface Waiter {
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

const GONE = 410;
/** By this `onceward/http` says that the answer is one that was given before. */
const REPLAYED = "idempotency-replayed";

/** Makes the error for calls that come too late. */
export function closed(): OncewardError {
  return new OncewardError("closed", "the outbox was closed");
}

/** The desk of one copy of an outbox. */
export class Counter implements Desk {
  readonly #items: Items;
  readonly #mirror: Mirror;
  readonly #clock: () => number;
  readonly #waiters = new Map<number, Waiter[]>();
  #isClosed = false;

  constructor(items: Items, mirror: Mirror, clock: () => number) {
    this.#items = items;
    this.#mirror = mirror;
    this.#clock = clock;
  }

  item(number: number): Item | undefined {
    return this.#mirror.get(number);
  }

  async answer(number: number): Promise<Answer> {
    for (;;) {
      this.#requireOpen();
      const item = this.#mirror.get(number);
      if (item === undefined) {
        return { state: this.#mirror.removalOf(number) };
      }
      if (!isPending(item)) {
        const answer = await this.#read(item);
        if (answer !== undefined) {
          return answer;
        }
        // Someone was quicker.
        await this.#look(number);
        if (this.#mirror.get(number)?.revision === item.revision) {
          throw new OncewardError("corrupt", "the body of an answer is missing");
        }
        continue;
      }
      await new Promise<void>((resolve, reject) => {
        const waiters = this.#waiters.get(number) ?? [];
        waiters.push({ resolve, reject });
        this.#waiters.set(number, waiters);
      });
    }
  }

  async take(number: number): Promise<Answer> {
    for (;;) {
      const answer = await this.answer(number);
      if (answer.state !== "answered" && answer.state !== "parked") {
        return answer;
      }
      let isThere = false;
      let isOther = false;
      await this.#change(number, ({ state }) => {
        isThere = true;
        isOther = state !== answer.state;
        return isOther ? undefined : { remove: "taken" };
      });
      if (!isThere || !isOther) {
        this.#mirror.remove(number, "taken");
        return answer;
      }
      // Someone has had it sent again meanwhile.
      await this.#look(number);
    }
  }

  async retry(number: number): Promise<boolean> {
    this.#requireOpen();
    const now = this.#clock();
    const put = await this.#change(number, (item) => {
      const { state, sentAt } = item;
      const again = { state: "waiting", failures: 0, notBefore: now } as const;
      if (state === "parked") {
        const since = sentAt === undefined ? undefined : now;
        const anew = { reason: undefined, answer: undefined, trouble: undefined, sentAt: since };
        return { put: changed(item, now, { ...again, ...anew }) };
      }
      return state === "waiting" ? { put: changed(item, now, again) } : undefined;
    });
    if (put !== undefined) {
      this.#mirror.put(put);
    }
    return put !== undefined;
  }

  async cancel(number: number): Promise<Cancellation> {
    this.#requireOpen();
    let found: Item | undefined;
    await this.#change(number, (item) => {
      found = item;
      return item.state === "answered" ? undefined : { remove: "cancelled" };
    });
    const { state, attempts = 0 } = (found as Item | undefined) ?? {};
    const cancelled = state !== undefined && state !== "answered";
    if (cancelled) {
      this.#mirror.remove(number, "cancelled");
    }
    return { cancelled, sent: attempts > 0 };
  }

  /** Wakes those who wait for what was seen. */
  saw({ number, after }: Seen): void {
    if (after === undefined || !isPending(after)) {
      for (const { resolve } of this.#waiters.get(number) ?? []) {
        resolve();
      }
      this.#waiters.delete(number);
    }
  }

  close(): void {
    this.#isClosed = true;
    for (const { reject } of [...this.#waiters.values()].flat()) {
      reject(closed());
    }
    this.#waiters.clear();
  }

  #requireOpen(): void {
    if (this.#isClosed) {
      throw closed();
    }
  }

  /** Changes an item, or finds out what is there now. */
  async #change(
    number: number,
    step: (item: Item) => Change | undefined,
  ): Promise<Item | undefined> {
    try {
      return await this.#items.change(number, step);
    } catch (error) {
      // It may have happened all the same. What cannot be read either is found out later.
      await this.#look(number).catch(() => {});
      throw error;
    }
  }

  async #look(number: number): Promise<void> {
    this.#mirror.refresh([{ number }], await this.#items.read([number]));
  }

  /** Undefined when the item is not what it was any more. */
  async #read({ number, state, reason, answer }: Item): Promise<Answer | undefined> {
    const body = answer && (await this.#items.body(number, "answer"));
    const isLost = body === undefined && (answer?.bodyBytes ?? 0) > 0;
    if (isLost || (state === "answered" && answer === undefined)) {
      return undefined;
    }
    const response = answer && restoreAnswer(answer, body);
    if (state === "parked" || answer === undefined || response === undefined) {
      return { state: "parked", reason: reason ?? "refused", response };
    }
    const { status, omitted } = answer;
    const replayed = response.headers.get(REPLAYED) === "true";
    return { state: "answered", response, replayed, omitted: omitted || status === GONE };
  }
}
