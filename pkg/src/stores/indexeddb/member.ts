/**
 * How the copies of one gate share what is stored under a name, in several tabs and workers: one of
 * them is the writer, the others follow. Storage, locks and channel are handed in.
 *
 * What holds, and what it rests on:
 *
 * 1. Records are numbered without gaps in the order of writing, and every copy takes them in that
 *    order, each once. A number that it has seen is dropped; before one that leaves a gap it reads
 *    from the database what it missed, which may be a snapshot in the place of older records.
 * 2. Only the holder of the lock raises the term, and only who raised it last can write: each write
 *    checks the term in its own transaction. So one who was replaced without noticing changes
 *    nothing. Records that are joined to other transactions are the exception: they carry a mark.
 * 3. A write is confirmed when its copy takes the record of it, by what the writer tells after its
 *    transaction is complete, or by reading. So whatever comes before it in the order was delivered
 *    before. The one other way is `confirmed`, after which the copy reads first.
 * 4. A follower asks again, under the same id, whenever there is a new writer. That one has taken
 *    all records, knows by their ids what is there already, and only confirms it.
 * 5. A snapshot removes only records up to the version that its caller expects, without what could
 *    not be delivered: all that was known when the version was told. What came since stays beside it.
 * 6. The version that a copy's caller expects is the number of its own last write, or what it loaded.
 *    Nobody else's writes move it, so a caller is fenced only by its own, by a lost term, or when it
 *    found nothing and another one was quicker to write the first.
 * 7. Whatever changes the term or the place in the order runs in one queue, one thing at a time.
 * @module
 */

import type { OncewardError } from "../../errors.js";
import { asStoreError, closed, fenced, isFenced } from "./failures.js";
import { fromFailure, type Message, readMessage, refusal } from "./messages.js";
import type { Progress } from "./progress.js";
import { Queue } from "./queue.js";
import { type Ports, type Role, Seat } from "./seat.js";
import type { Reading, StoredRecord, Write } from "./storage.js";

/** After how many milliseconds something that failed for now is tried again. */
const RETRY_MS = 1000;

/** One copy, as the others know it. */
export class Member {
  readonly #ports: Ports;
  readonly #progress: Progress;
  readonly #queue = new Queue();

  #role: Role = "new";
  #seat: Seat | undefined;
  #isHidden = false;
  #isClosing = false;
  /** The term of the writer that is known here, and the life of the name. */
  #term = 0;
  #life: string | undefined;
  #retry: ReturnType<typeof setTimeout> | undefined;

  constructor(ports: Ports, progress: Progress) {
    this.#ports = ports;
    this.#progress = progress;
  }

  /** The term under which this copy writes; undefined when it is not the writer. */
  get leadingTerm(): number | undefined {
    return this.#role === "writer" ? this.#term : undefined;
  }

  /** Throws `fenced` or `closed` when this copy is out for good. */
  requireRight(): void {
    if (this.#isClosing) {
      throw closed();
    }
    if (this.#role === "fenced") {
      throw fenced("there is another writer, or another database; load the state again");
    }
  }

  /**
   * Comes to the others, and returns what is there.
   *
   * @throws {OncewardError} `store`, `corrupt`, `unsupported_version`, `closed`.
   */
  open(): Promise<Reading> {
    return this.#queue.run(async () => {
      this.#role = "absent";
      try {
        const reading = await this.#enter();
        this.#progress.start(reading);
        return reading;
      } catch (error) {
        // What was to be written by it would be written without having been loaded.
        this.#isClosing = true;
        throw error;
      }
    });
  }

  /**
   * Has something written, by this copy or by the writer; resolves with the number of its record.
   *
   * @throws {OncewardError} `fenced`, `store`, `corrupt`, `closed`.
   */
  put(write: Write): Promise<number> {
    const recorded = this.#progress.pending.add(write);
    void this.#queue.run(() => this.#attempt(write));
    return recorded;
  }

  /** Tells everyone of a record that a transaction of the user's own has put there. */
  announce(record: StoredRecord): void {
    this.#enqueue(this.#seat, async () => {
      const records = [record];
      this.#send({ type: "written", term: this.#term, records });
      await this.#takeTold(this.#term, records);
    });
  }

  /** Leaves while the page is hidden and may be frozen, so that another copy can be the writer. */
  suspend(): void {
    if (["follower", "writer", "absent"].includes(this.#role)) {
      this.#isHidden = true;
      this.#role = "absent";
      this.#progress.pending.hold();
      void this.#seat?.leave();
    }
  }

  /** Comes back, and takes what was missed. */
  resume(): void {
    if (this.#isHidden) {
      this.#isHidden = false;
      this.#progress.pending.restart();
      void this.#queue.run(() => (this.#role === "absent" ? this.#return() : undefined));
    }
  }

  /** Leaves for good, when what is being written is done; what is not confirmed then is rejected. */
  async close(): Promise<void> {
    this.#isClosing = true;
    this.#seat?.stopWaiting();
    await this.#queue.run(async () => {
      this.#role = "closed";
      clearTimeout(this.#retry);
      this.#progress.pending.giveUp(closed());
      await this.#seat?.leave();
    });
  }

  async #enter(): Promise<Reading> {
    const { storage } = this.#ports;
    const seat: Seat = new Seat(
      this.#ports,
      (data) => this.#hear(seat, data),
      () => this.#enqueue(seat, () => this.#lose(fenced("the lock was taken away"))),
    );
    this.#seat = seat;
    try {
      const isLeading = !this.#isClosing && (await seat.take());
      if (this.#isClosing) {
        throw closed();
      }
      const { seen } = this.#progress;
      const reading = await (isLeading ? storage.lead(seen) : storage.read(seen));
      ({ term: this.#term, life: this.#life } = reading);
      if (!seat.isOver && isLeading) {
        this.#role = "writer";
        this.#send({ type: "leads", term: this.#term });
      } else if (!seat.isOver) {
        this.#role = "follower";
        this.#askForLock();
      }
      return reading;
    } catch (error) {
      await seat.leave();
      throw this.#isClosing ? closed() : asStoreError(error, "loading");
    }
  }

  /** Enters once more, after a time of absence. */
  async #return(): Promise<void> {
    try {
      const { records } = await this.#enter();
      this.#progress.takeAll(records);
    } catch (error) {
      this.#stumble(error);
      return;
    }
    await this.#attemptAgain();
  }

  #askForLock(): void {
    const seat = this.#seat;
    if (this.#role === "follower") {
      seat?.ask(
        () => this.#enqueue(seat, () => this.#takeOver(seat)),
        () => this.#enqueue(seat, () => this.#tryLater()),
      );
    }
  }

  /** Has the lock: becomes the writer. */
  async #takeOver(seat: Seat): Promise<void> {
    try {
      const reading = await this.#ports.storage.lead(this.#progress.seen);
      this.#progress.takeAll(reading.records);
      if (seat.isOver) {
        return;
      }
      ({ term: this.#term, life: this.#life } = reading);
      this.#role = "writer";
    } catch (error) {
      await seat.giveBack();
      this.#stumble(error);
      return;
    }
    this.#send({ type: "leads", term: this.#term });
    await this.#attemptAgain();
  }

  /** Puts once more what is not confirmed. */
  async #attemptAgain(): Promise<void> {
    const { write } = this.#progress.pending;
    if (write !== undefined) {
      await this.#attempt(write);
    }
  }

  /** Writes what the caller wants to be written, or asks the writer to. */
  async #attempt(write: Write): Promise<void> {
    const { pending } = this.#progress;
    if (!pending.has(write.id)) {
      return;
    }
    if (this.#role === "writer") {
      pending.hold();
      await this.#record(write);
    } else if (this.#role === "follower") {
      this.#send({ type: "write", life: this.#life, write });
    } else if (this.#role !== "absent") {
      pending.giveUp(fenced("there is another writer; load the state again"));
    } else if (!this.#isHidden) {
      // Coming back puts the write, or gives it up.
      await this.#return();
    }
  }

  /** As the writer: writes what this copy or another one asked for, and tells everyone. */
  async #record(write: Write): Promise<void> {
    const seat = this.#seat;
    const number = this.#progress.numberOf(write);
    if (number !== undefined) {
      this.#send({ type: "confirmed", asked: { origin: write.origin, id: write.id }, number });
      return;
    }
    const { seen } = this.#progress;
    if (write.isFirst === true && seen > 0) {
      this.#refuse(write, fenced("another copy was the first to write; load the state again"));
      return;
    }
    try {
      const records = await this.#ports.storage.write(this.#term, seen, write, (record) =>
        this.#progress.mayStand(record),
      );
      this.#progress.takeAll(records);
      this.#send({ type: "written", term: this.#term, records });
    } catch (error) {
      this.#progress.failed(write);
      const failure = asStoreError(error, "writing");
      if (isFenced(failure)) {
        // Whoever has left asks again when it is back, and followers ask the new writer.
        if (seat?.isOver === false) {
          this.#lose(failure);
        }
      } else {
        this.#refuse(write, failure);
      }
    }
  }

  #refuse(write: Write, failure: OncewardError): void {
    if (this.#progress.isOwn(write)) {
      this.#progress.pending.giveUp(failure);
    } else {
      this.#send(refusal(write, failure));
    }
  }

  #hear(seat: Seat, data: unknown): void {
    const message = readMessage(data);
    if (message !== undefined) {
      this.#enqueue(seat, () => this.#handle(message));
    }
  }

  async #handle(message: Message): Promise<void> {
    if ("asked" in message && !this.#progress.isOwn(message.asked)) {
      return; // It is an answer to someone else.
    }
    switch (message.type) {
      case "write":
        if (this.#role === "writer" && message.life === this.#life) {
          await this.#record(message.write);
        }
        break;
      case "written":
        await this.#takeTold(message.term, message.records);
        break;
      case "confirmed":
        await this.#takeConfirmed(message.asked.id, message.number);
        break;
      case "refused":
        this.#progress.pending.reject(message.asked.id, fromFailure(message.failure));
        break;
      case "leads":
        await this.#follow(message.term);
        break;
    }
  }

  async #takeTold(term: number, records: readonly StoredRecord[]): Promise<void> {
    for (const record of records) {
      const { seen } = this.#progress;
      if (record.number > seen && (record.number > seen + 1 || term !== this.#term)) {
        await this.#catchUp();
        return;
      }
      this.#progress.take([record]);
    }
  }

  async #takeConfirmed(id: number, number: number): Promise<void> {
    if (number > this.#progress.seen) {
      await this.#catchUp();
    }
    if (number <= this.#progress.seen) {
      this.#progress.pending.resolve(id, number);
    }
  }

  async #follow(term: number): Promise<void> {
    if (this.#role === "follower") {
      await this.#catchUp();
      await this.#attemptAgain();
    } else if (term > this.#term) {
      this.#lose(fenced("there is another writer"));
    }
  }

  /** Reads what was missed: all that is there, and so more than any message can tell. */
  async #catchUp(): Promise<void> {
    try {
      const reading = await this.#ports.storage.read(this.#progress.seen);
      if (this.#role === "follower") {
        ({ term: this.#term, life: this.#life } = reading);
      }
      this.#progress.takeAll(reading.records);
    } catch (error) {
      if (isFenced(error)) {
        this.#lose(error);
      } else {
        this.#tryLater();
      }
    }
  }

  /** Tells the caller of a failure, and tries again later where that makes sense. */
  #stumble(error: unknown): void {
    if (isFenced(error)) {
      this.#lose(error);
    } else {
      this.#progress.pending.giveUp(error);
      this.#tryLater();
    }
  }

  #lose(error: unknown): void {
    this.#role = "fenced";
    this.#progress.pending.giveUp(error);
    void this.#seat?.leave();
  }

  /** Tries after a while what has failed for now. */
  #tryLater(): void {
    clearTimeout(this.#retry);
    this.#retry = setTimeout(() => void this.#queue.run(() => this.#tryAgain()), RETRY_MS);
  }

  async #tryAgain(): Promise<void> {
    if (this.#role === "absent" && !this.#isHidden) {
      await this.#return();
    } else if (this.#role === "follower" || this.#role === "writer") {
      await this.#catchUp();
      this.#askForLock();
    }
  }

  #send(message: Message): void {
    this.#seat?.send(message);
  }

  /** Runs a task of a stay, unless that is over by then. */
  #enqueue(seat: Seat | undefined, task: () => Promise<void> | void): void {
    void this.#queue.run(() => (seat?.isOver === false ? task() : undefined));
  }
}
