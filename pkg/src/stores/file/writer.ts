/**
 * The writer of one name in a store object: it has the lock, and does one thing after the other.
 * @module
 */

import type { StoredState } from "../../store.js";
import type { Disk, OpenFile } from "./disk.js";
import { makeFolder } from "./durably.js";
import type { StateFiles } from "./layout.js";
import { takeLock } from "./lock.js";
import { asStoreError, OpenState } from "./state.js";

/** The one writer of a name. */
export class Writer {
  readonly #disk: Disk;
  readonly #files: StateFiles;
  readonly #wait: number;
  #lock: OpenFile | undefined;
  #opened: OpenState | undefined;
  #tasks = 0;
  #last: Promise<unknown> = Promise.resolve();

  /** @param wait For how many milliseconds a lock is waited for. */
  constructor(disk: Disk, files: StateFiles, wait: number) {
    this.#disk = disk;
    this.#files = files;
    this.#wait = wait;
  }

  /** Whether it has no lock, and nothing to do. */
  get isIdle(): boolean {
    return this.#lock === undefined && this.#tasks === 0;
  }

  /** Takes the lock, unless it has it, and reads the state. */
  load(): Promise<StoredState | undefined> {
    return this.#inTurn(async () => (await this.#open()).state);
  }

  /** Adds changes to the state. */
  append(changes: Uint8Array, expect: bigint): Promise<bigint> {
    return this.#write(expect, (opened) => opened.append(changes));
  }

  /** Puts a snapshot in the place of the state. */
  replace(snapshot: Uint8Array, expect: bigint): Promise<bigint> {
    return this.#write(expect, (opened) => opened.replace(snapshot));
  }

  /** Gives the lock back, after what is under way. */
  release(): Promise<void> {
    return this.#inTurn(async () => {
      try {
        await this.#drop();
      } catch (error) {
        throw asStoreError(error, "the lock could not be given back");
      }
    });
  }

  #write(expect: bigint, write: (opened: OpenState) => Promise<bigint>): Promise<bigint> {
    return this.#inTurn(async () => {
      const known = this.#opened;
      const opened = known ?? (await this.#open()).opened;
      try {
        await opened.require(expect);
      } catch (error) {
        if (known === undefined) {
          // Who never was the writer does not become it by a write that is refused.
          await this.#drop().catch(() => undefined);
        }
        throw error;
      }
      return await write(opened);
    });
  }

  async #inTurn<T>(task: () => Promise<T>): Promise<T> {
    this.#tasks += 1;
    const turn = this.#last.then(task).finally(() => {
      this.#tasks -= 1;
    });
    this.#last = turn.catch(() => undefined);
    return await turn;
  }

  /** Reads everything anew. If that fails the lock is given back: this is no writer then. */
  async #open(): Promise<Awaited<ReturnType<typeof OpenState.read>>> {
    try {
      await this.#opened?.close();
      this.#opened = undefined;
      if (this.#lock === undefined) {
        await makeFolder(this.#disk, this.#files.folder);
        this.#lock = await takeLock(this.#disk, this.#files.lock(), this.#wait);
      }
      const read = await OpenState.read(this.#disk, this.#files);
      this.#opened = read.opened;
      return read;
    } catch (error) {
      await this.#drop().catch(() => undefined);
      throw asStoreError(error, "the state could not be read");
    }
  }

  async #drop(): Promise<void> {
    const lock = this.#lock;
    await this.#opened?.close();
    this.#opened = undefined;
    this.#lock = undefined;
    await lock?.close();
  }
}
