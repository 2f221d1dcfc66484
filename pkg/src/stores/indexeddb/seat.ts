/**
 * A copy's place among the others, from when it comes until it leaves: its channel and its lock.
 * @module
 */

import { OncewardError } from "../../errors.js";
import { acquire, type Held, type Locks } from "./locks.js";
import { type Channel, envelope, type Message } from "./messages.js";
import type { Storage } from "./storage.js";

/**
 * What a copy is. It is `new` before it comes, and `absent` while its page is hidden, or while it
 * tries to come. `fenced` and `closed` are for good.
 */
export type Role = "new" | "absent" | "follower" | "writer" | "fenced" | "closed";

/** What a copy needs of the world. */
export interface Ports {
  /** What no other copy is called. */
  readonly origin: string;
  readonly storage: Storage;
  /** For how many milliseconds to wait for another writer. */
  readonly wait: number;
  /** The lock of the writer. Absent where there are no locks: then the term alone decides. */
  readonly lock?: { readonly manager: Locks; readonly name: string } | undefined;
  /** Joins the channel. Absent for a copy that does not share, and waits for the lock instead. */
  readonly connect?: ((hear: (data: unknown) => void) => Channel) | undefined;
}

/** One stay. */
export class Seat {
  readonly #ports: Ports;
  readonly #stolen: () => void;
  readonly #waiting = new AbortController();
  readonly #channel: Channel | undefined;
  #held: Held | undefined;
  #isAsking = false;
  #isOver = false;

  /**
   * @param hear is called with what others say.
   * @param stolen is called when the lock was taken away.
   */
  constructor(ports: Ports, hear: (data: unknown) => void, stolen: () => void) {
    this.#ports = ports;
    this.#stolen = stolen;
    // Before the lock and the first reading, so that nothing is missed in between.
    this.#channel = ports.connect?.(hear);
  }

  /** Whether it is over: then nothing that was begun during it counts any more. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /**
   * Takes the lock: at once or not at all where the writer can be followed, else within the wait.
   * Returns whether this copy is to be the writer.
   *
   * @throws {OncewardError} `store` when others kept the lock for too long.
   */
  async take(): Promise<boolean> {
    const { lock, connect } = this.#ports;
    if (lock === undefined) {
      return true;
    }
    return connect === undefined ? await this.#waitForLock() : await this.#acquire(true);
  }

  /** Waits in line for the lock, unless it does already; one of the functions is called then. */
  ask(granted: () => void, failed: () => void): void {
    if (this.#isAsking || this.#held !== undefined || this.isOver) {
      return;
    }
    this.#isAsking = true;
    this.#acquire(false).then(
      (isGranted) => {
        this.#isAsking = false;
        if (isGranted) {
          granted();
        }
      },
      () => {
        this.#isAsking = false;
        failed();
      },
    );
  }

  /** Gives the lock back, and stays. */
  async giveBack(): Promise<void> {
    const held = this.#held;
    this.#held = undefined;
    await held?.release();
  }

  /** Says something to the others. */
  send(message: Message): void {
    if (this.isOver) {
      return;
    }
    try {
      this.#channel?.send(envelope(message));
    } catch {
      // It was too large to be copied. Others notice that it is missing, and read; what was asked for
      // in it is given up in time.
    }
  }

  /** Stops waiting for the lock. */
  stopWaiting(): void {
    this.#waiting.abort();
  }

  /** Ends the stay: nothing is heard any more, and the lock is free. */
  async leave(): Promise<void> {
    this.#isOver = true;
    this.stopWaiting();
    this.#channel?.close();
    await this.giveBack();
  }

  async #waitForLock(): Promise<boolean> {
    const { wait } = this.#ports;
    const timer = setTimeout(() => this.stopWaiting(), wait);
    try {
      return await this.#acquire(false);
    } catch (error) {
      const message = `another tab or worker writes under this name, and did not end within ${wait} ms`;
      throw new OncewardError("store", message, { cause: error });
    } finally {
      clearTimeout(timer);
    }
  }

  async #acquire(onlyNow: boolean): Promise<boolean> {
    const { lock } = this.#ports;
    if (lock === undefined) {
      return true;
    }
    const held = await acquire(lock.manager, {
      name: lock.name,
      ...(onlyNow ? { onlyNow } : { signal: this.#waiting.signal }),
      stolen: () => {
        this.#held = undefined;
        this.#stolen();
      },
    });
    if (this.#isOver) {
      await held?.release();
      return false;
    }
    this.#held = held;
    return held !== undefined;
  }
}
