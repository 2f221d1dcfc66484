/**
 * The outbox: it keeps requests until they are answered, and sends each until then under its key.
 * @module
 */

// The declarations name Symbol.asyncDispose, which not every user's configuration knows.
/// <reference lib="esnext.disposable" preserve="true" />

import { invalidOption, isOncewardError, OncewardError } from "../errors.js";
import { Counter, closed } from "./desk.js";
import { Dispatcher } from "./dispatcher.js";
import { Enqueueing, type EnqueueOptions } from "./enqueueing.js";
import { Latest, Listeners, type OutboxEvent } from "./events.js";
import type { Item } from "./item.js";
import { Learning } from "./learning.js";
import { type Counts, Mirror, type Seen } from "./mirror.js";
import { surroundings } from "./network.js";
import { type OutboxOptions, type ReadOptions, readOptions } from "./options.js";
import { isPending } from "./sender.js";
import type { Items } from "./storage.js";
import { Submission } from "./submission.js";
import { requestSync } from "./sync.js";

// Older runtimes lack the symbol; the registered one is what their polyfills use.
const asyncDispose: typeof Symbol.asyncDispose =
  Symbol.asyncDispose ?? Symbol.for("Symbol.asyncDispose");

/**
 * Keeps requests until they are answered, and sends each under a key that stays the same, in order
 * within its scope.
 *
 * What was enqueued survives reloads, crashes and hours without a network, as far as its storage
 * does. Of all copies that are open on one name, in tabs and workers, one sends. docs/outbox.md
 * says what becomes of each answer, and what is not promised.
 *
 * @example
 * ```ts
 * const outbox = await Outbox.open({ name: "orders", storage: indexedDbStorage() });
 * const request = new Request("/charge", { method: "POST", body: JSON.stringify(order) });
 * const submission = await outbox.enqueue(request, { scope: "account-7" }); // it is kept now
 * const answer = await submission.answer;
 * ```
 */
export class Outbox {
  readonly #options: ReadOptions;
  readonly #items: Items;
  readonly #mirror: Mirror;
  readonly #counter: Counter;
  readonly #dispatcher: Dispatcher;
  readonly #learning: Learning;
  readonly #enqueueing: Enqueueing;
  readonly #listeners = new Listeners<OutboxEvent>();
  readonly #watchers = new Listeners<Counts | undefined>();
  readonly #stops: (() => void)[] = [];
  #isDropping = false;
  #closing: Promise<void> | undefined;

  private constructor(items: Items | undefined, options: ReadOptions) {
    if (items === undefined) {
      throw invalidOption("an outbox is made by Outbox.open(), not by new");
    }
    const { stopsAtParked, clock } = options;
    this.#options = options;
    this.#items = items;
    const isInLine = (item: Item): boolean =>
      isPending(item) || (stopsAtParked && item.state === "parked");
    this.#mirror = new Mirror(isInLine, (seen) => this.#saw(seen));
    this.#counter = new Counter(items, this.#mirror, clock);
    this.#learning = new Learning(items, this.#mirror);
    const around = surroundings();
    this.#dispatcher = new Dispatcher({
      items,
      mirror: this.#mirror,
      learning: this.#learning,
      options,
      surroundings: around,
      trouble: (error) => this.#trouble(error),
    });
    this.#enqueueing = new Enqueueing(items, options, this.#mirror, this.#learning);
    items.subscribe((news) => this.#run(this.#learning.heard(news)));
    this.#stops.push(
      around.onOnline(() => this.#dispatcher.online()),
      around.onAside(
        () => this.#suspend(),
        () => this.#run(this.#resume()),
      ),
    );
  }

  /**
   * Opens an outbox as it was left, and begins to send.
   *
   * @throws {OncewardError} `invalid_option`; `store` when the storage fails; `corrupt` and
   * `unsupported_version` for what it holds.
   *
   * @example
   * ```ts
   * const outbox = await Outbox.open({ name: "orders", storage: file("outbox") });
   * ```
   */
  static async open(options: OutboxOptions): Promise<Outbox> {
    const given = readOptions(options);
    const outbox = new Outbox(await given.storage.items(given.name), given);
    try {
      await outbox.#learning.all();
    } catch (error) {
      await outbox.close().catch(() => {});
      throw error;
    }
    outbox.#dispatcher.start();
    return outbox;
  }

  /**
   * Takes a request on. It resolves when that is kept, and not before; the request's body is read.
   *
   * `Authorization`, `Proxy-Authorization` and `Cookie` are not kept: `prepare` adds them.
   *
   * @throws {OncewardError} `invalid_event` when the request cannot be kept or sent, is too large,
   * or the key stands for another one; `invalid_option` for an option that is unknown; `capacity`
   * at `maxItems`; `store`; `closed`. Nothing is kept then.
   *
   * @example
   * ```ts
   * const { key } = await outbox.enqueue(request, { scope: "account-7", note: { order: 17 } });
   * ```
   */
  async enqueue(request: Request, options?: EnqueueOptions): Promise<Submission> {
    this.#requireOpen();
    const item = await this.#enqueueing.add(request, options);
    if (this.#options.backgroundSync) {
      this.#run(requestSync(this.#options.name));
    }
    return this.#submission(item);
  }

  /**
   * Returns what is known under a key: also what was enqueued before a reload, or in another tab.
   */
  get(key: string): Submission | undefined {
    const item = this.#mirror.find(key);
    return item && this.#submission(item);
  }

  /** Returns everything that is kept, in the order in which it was enqueued. */
  list(): readonly Submission[] {
    return this.#mirror.all().map((item) => this.#submission(item));
  }

  /** How many items stand where. */
  get counts(): Counts {
    return this.#mirror.counts;
  }

  /** Whether this copy is the one that sends. */
  get leads(): boolean {
    return this.#dispatcher.leads;
  }

  /** Whether this copy does not send although it could. */
  get paused(): boolean {
    return this.#dispatcher.isPaused;
  }

  /** Has this copy send nothing new, and no other either while it leads, until `resume`. */
  pause(): void {
    this.#dispatcher.isPaused = true;
  }

  /** Goes on after `pause`. */
  resume(): void {
    this.#dispatcher.isPaused = false;
  }

  /**
   * Has a listener told of all that happens, until the function that is returned is called.
   *
   * @example
   * ```ts
   * outbox.subscribe((event) => {
   *   if (event.type === "parked") ask(event.submission);
   * });
   * ```
   */
  subscribe(listener: (event: OutboxEvent) => void): () => void {
    this.#requireOpen();
    return this.#listeners.add(listener);
  }

  /**
   * Yields the counts, now and whenever they have changed: the latest only, for those who are slow.
   * It ends when the outbox is closed.
   *
   * @example
   * ```ts
   * for await (const { pending } of outbox.progress()) badge.textContent = String(pending);
   * ```
   */
  progress(): AsyncIterableIterator<Counts> {
    this.#requireOpen();
    return new Latest(this.counts, (listener) => this.#watchers.add(listener));
  }

  /**
   * Resolves when nothing is left that will be sent by itself: everything is answered, parked or
   * behind something that is parked.
   *
   * @throws {OncewardError} `closed`.
   */
  async settled(): Promise<void> {
    this.#requireOpen();
    while (this.#isUnsettled()) {
      await new Promise<void>((resolve) => {
        const stop = this.#watchers.add(() => {
          stop();
          resolve();
        });
      });
      this.#requireOpen();
    }
  }

  /**
   * Stops sending, and gives everything back. What is on its way is broken off, and sent again by
   * whoever opens the outbox next.
   */
  async close(): Promise<void> {
    this.#closing ??= this.#close();
    await this.#closing;
  }

  /** Closes the outbox at the end of an `await using` block. */
  [asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(): Promise<void> {
    for (const stop of this.#stops) {
      stop();
    }
    await this.#enqueueing.settled();
    await this.#dispatcher.close();
    this.#counter.close();
    this.#watchers.call(undefined);
    await this.#items.close();
  }

  #isUnsettled(): boolean {
    const { lanes } = this.#mirror;
    return [...lanes.heads()].some(([, number]) => {
      const item = this.#mirror.get(number);
      return item !== undefined && isPending(item);
    });
  }

  #submission(item: Item): Submission {
    return new Submission(this.#counter, item);
  }

  #requireOpen(): void {
    if (this.#closing !== undefined) {
      throw closed();
    }
  }

  /** Lets something go on by itself; what goes wrong with it is told. */
  #run(work: Promise<unknown>): void {
    work.catch((error: unknown) => this.#trouble(error));
  }

  #trouble(thrown: unknown): void {
    const error = isOncewardError(thrown)
      ? thrown
      : new OncewardError("store", "the outbox could not go on", { cause: thrown });
    this.#listeners.call({ type: "trouble", error });
  }

  /** Lets other copies send while the page is put aside. */
  #suspend(): void {
    this.#items.suspend?.();
    this.#run(this.#dispatcher.stop());
  }

  /** Comes back after the page was put aside. */
  async #resume(): Promise<void> {
    if (this.#closing === undefined) {
      this.#items.resume?.();
      this.#dispatcher.start();
      await this.#learning.all();
    }
  }

  #saw(seen: Seen): void {
    const { number, before, after, removal = "taken" } = seen;
    const item = after ?? before;
    if (item === undefined) {
      return;
    }
    this.#counter.saw(seen);
    if (after === undefined) {
      this.#dispatcher.cut(number);
    } else if (after.state === "answered") {
      this.#run(this.#dropSurplus());
    }
    this.#dispatcher.wake();
    this.#watchers.call(this.counts);
    if (!this.#listeners.isEmpty) {
      const isNew = before === undefined && after?.state === "waiting";
      const type = isNew ? "enqueued" : (after?.state ?? removal);
      this.#listeners.call({ type, submission: this.#submission(item) });
    }
  }

  /** Makes room for newer answers. */
  async #dropSurplus(): Promise<void> {
    if (!this.#dispatcher.leads || this.#isDropping) {
      return;
    }
    this.#isDropping = true;
    try {
      for (const number of this.#mirror.answeredBeyond(this.#options.maxAnswers)) {
        await this.#items.change(number, ({ state }) =>
          state === "answered" ? { remove: "dropped" } : undefined,
        );
        this.#mirror.remove(number, "dropped");
      }
    } finally {
      this.#isDropping = false;
    }
  }
}
