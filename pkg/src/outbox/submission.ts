/**
 * What callers see of an item: what it is, where it stands, and its answer.
 * @module
 */

import type { Json } from "../event.js";
import type { Item, Reason, State } from "./item.js";

/** An item as of one moment. */
export interface SubmissionView {
  /** What is sent as the Idempotency-Key. */
  readonly key: string;
  /** Items of one scope are sent one after the other. */
  readonly scope: string;
  /** What was to be remembered of it. */
  readonly note: Json | undefined;
  /** The method of its request. */
  readonly method: string;
  /** The absolute address of its request. */
  readonly url: string;
  /** Where it stands. */
  readonly state: State;
  /** Why it is parked. */
  readonly reason: Reason | undefined;
  /** When it was taken on. */
  readonly enqueuedAt: Date;
  /**
   * When it was sent for the first time; undefined when it has certainly never left this device.
   */
  readonly sentAt: Date | undefined;
  /** How often it was sent. */
  readonly attempts: number;
  /** What became of the last try that failed: a status, `"network"`, `"timeout"` or `"prepare"`. */
  readonly trouble: string | undefined;
  /** When it may be tried again; undefined unless it waits. */
  readonly nextTry: Date | undefined;
}

/** How the sending of an item has ended. */
export type Answer =
  | {
      /** The server has answered. */
      readonly state: "answered";
      /** What it has answered. */
      readonly response: Response;
      /** Whether the server has said that it answers as it did before. */
      readonly replayed: boolean;
      /** Whether the body was too long to be kept, here or at the server. */
      readonly omitted: boolean;
    }
  | {
      /** It is not sent again before someone has decided. */
      readonly state: "parked";
      /** Why not. */
      readonly reason: Reason;
      /** The last answer, where there was one. */
      readonly response: Response | undefined;
    }
  /** Someone has cancelled it, taken its answer, or it was dropped to make room. */
  | {
      /** What has become of it. */
      readonly state: "cancelled" | "taken" | "dropped";
    };

/** What a cancellation has found. */
export interface Cancellation {
  /** Whether it was removed: not when it was answered already, or is not known. */
  readonly cancelled: boolean;
  /** Whether it was sent at least once, so that the server may have acted on it all the same. */
  readonly sent: boolean;
}

/** Shows an item as of now. */
export function viewOf(item: Item): SubmissionView {
  const { key, scope, note, request, state, reason, attempts, trouble } = item;
  const { method, url } = request;
  return {
    ...{ key, scope, note, method, url, state, attempts, trouble },
    reason: state === "parked" ? reason : undefined,
    enqueuedAt: new Date(item.enqueuedAt),
    sentAt: item.sentAt === undefined ? undefined : new Date(item.sentAt),
    nextTry: state === "waiting" ? new Date(item.notBefore) : undefined,
  };
}

/** What a submission asks its outbox. */
export interface Desk {
  /** What is known of the item now; undefined when it is gone. */
  item(number: number): Item | undefined;
  answer(number: number): Promise<Answer>;
  take(number: number): Promise<Answer>;
  retry(number: number): Promise<boolean>;
  cancel(number: number): Promise<Cancellation>;
}

/**
 * A request that an outbox has taken on.
 *
 * @example
 * ```ts
 * const submission = await outbox.enqueue(request, { scope: "account-7" });
 * const answer = await submission.answer;
 * if (answer.state === "answered") show(await answer.response.json());
 * await submission.take(); // it need not be kept any longer
 * ```
 */
export class Submission implements SubmissionView {
  readonly #desk: Desk;
  readonly #number: number;
  #last: Item;

  /** @internal */
  constructor(desk: Desk, item: Item) {
    this.#desk = desk;
    this.#number = item.number;
    this.#last = item;
  }

  /** What is sent as the Idempotency-Key. It stays the same, whatever happens. */
  get key(): string {
    return this.#last.key;
  }

  /** Items of one scope are sent one after the other. */
  get scope(): string {
    return this.#last.scope;
  }

  /** What was to be remembered of it. */
  get note(): Json | undefined {
    return this.#last.note;
  }

  /** The method of its request. */
  get method(): string {
    return this.#last.request.method;
  }

  /** The absolute address of its request. */
  get url(): string {
    return this.#last.request.url;
  }

  /** Where it stands, as far as this copy knows; as of the last that was known when it is gone. */
  get state(): State {
    return this.#item.state;
  }

  /** Why it is parked; undefined unless it is. */
  get reason(): Reason | undefined {
    return viewOf(this.#item).reason;
  }

  /** When it was taken on. */
  get enqueuedAt(): Date {
    return viewOf(this.#item).enqueuedAt;
  }

  /** When it was sent for the first time; undefined when it has certainly never left this device. */
  get sentAt(): Date | undefined {
    return viewOf(this.#item).sentAt;
  }

  /** How often it was sent. */
  get attempts(): number {
    return this.#item.attempts;
  }

  /** What became of the last try that failed: a status, `"network"`, `"timeout"` or `"prepare"`. */
  get trouble(): string | undefined {
    return this.#item.trouble;
  }

  /** When it may be tried again; undefined unless it waits. */
  get nextTry(): Date | undefined {
    return viewOf(this.#item).nextTry;
  }

  /** Whether it was taken, cancelled or dropped. */
  get isGone(): boolean {
    return this.#desk.item(this.#number) === undefined;
  }

  /**
   * Resolves when it is answered or parked, or gone. Of a parked one that is sent again this is
   * another promise, with what becomes of it then. The answer is kept until it is taken.
   *
   * It rejects with `closed` when the outbox is closed before, and with `store`.
   */
  get answer(): Promise<Answer> {
    return this.#desk.answer(this.#number);
  }

  /**
   * Waits for the answer, and lets the outbox forget the submission. A parked one does not stop its
   * scope any more.
   *
   * @throws {OncewardError} `closed`; `store`, and then it is still there.
   */
  take(): Promise<Answer> {
    return this.#desk.take(this.#number);
  }

  /**
   * Has it sent now: a parked one again, one that waits for its next try at once. Returns whether
   * it was one of these. Its key stays the same, and its `maxAge` begins anew: look first whether
   * the server still knows the key.
   *
   * @throws {OncewardError} `closed`, `store`.
   */
  retry(): Promise<boolean> {
    return this.#desk.retry(this.#number);
  }

  /**
   * Removes it, unless it is answered. What is on its way is broken off, which the server need not
   * notice: `sent` says whether it may have acted.
   *
   * @throws {OncewardError} `closed`, `store`.
   */
  cancel(): Promise<Cancellation> {
    return this.#desk.cancel(this.#number);
  }

  get #item(): Item {
    this.#last = this.#desk.item(this.#number) ?? this.#last;
    return this.#last;
  }
}
