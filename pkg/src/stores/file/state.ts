/**
 * The newest state of a name: reading it from its files, and writing on.
 * @module
 */

import { OncewardError } from "../../errors.js";
import { journalRecord, journalTip, readJournal } from "../../instance.js";
import type { StoredState } from "../../store.js";
import type { Disk, OpenFile } from "./disk.js";
import { putFile } from "./durably.js";
import { type Found, type StateFiles, versionOf } from "./layout.js";

/**
 * A journal may not outgrow what can be read again. A gate puts a snapshot in its place long before.
 */
const JOURNAL_BYTES_MAX = 2 ** 28;

/**
 * The journals to which this process failed to append. What a failed sync has left out can still be
 * read, from the memory of the system, but may never reach the disk; so nothing may be appended to
 * it, and a later sync proves nothing. The file has to be written anew.
 */
const doubtful = new Set<string>();

/** The newest state as it is on the disk. */
export interface RawState {
  readonly generation: bigint;
  /** Empty where there is none, as the journal's codec wants it. */
  readonly base: Uint8Array;
  readonly snapshot: Uint8Array | undefined;
  /** All of the journal; empty where there is none. */
  readonly journal: Uint8Array;
}

/** What there is to know of the journal. */
interface Position {
  readonly generation: bigint;
  /** How far the journal is valid, in bytes. */
  length: number;
  /** How long its file is: longer where the last write was interrupted. */
  size: number;
  /** What the next record is chained to. */
  tip: Uint8Array;
  /** The valid part of a journal that has to be written anew before anything is appended. */
  unsound: Uint8Array | undefined;
}

/** Passes our own errors, and makes others the cause of one with the code `store`. */
export function asStoreError(error: unknown, message: string): OncewardError {
  return error instanceof OncewardError
    ? error
    : new OncewardError("store", message, { cause: error });
}

function greatest(generations: readonly bigint[]): bigint {
  return generations.reduce((most, each) => (each > most ? each : most), 0n);
}

/** The generation that holds the state. */
function newestOf({ snapshots, journals }: Found): bigint {
  return greatest([...snapshots, ...journals]);
}

/** Reads the files of the newest generation, of which any may be missing. */
export async function readNewest(disk: Disk, files: StateFiles, found: Found): Promise<RawState> {
  const generation = newestOf(found);
  const none = new Uint8Array(0);
  const snapshot = found.snapshots.includes(generation)
    ? await disk.read(files.snapshot(generation))
    : undefined;
  const journal = found.journals.includes(generation)
    ? await disk.read(files.journal(generation))
    : none;
  return { generation, base: snapshot ?? none, snapshot, journal };
}

/**
 * Makes durable what is about to be read. A writer that was killed may have left a write that the
 * system knows and the disk does not, and who reads it may act on it.
 */
async function settle(disk: Disk, files: StateFiles, found: Found): Promise<void> {
  const newest = newestOf(found);
  if (found.journals.includes(newest)) {
    const journal = await disk.open(files.journal(newest), "write");
    await journal.sync().finally(() => journal.close());
  }
  await disk.syncFolder(files.folder);
}

/** The state of a name, open for writing. Whoever uses it has the lock, and does one thing at a time. */
export class OpenState {
  readonly #disk: Disk;
  readonly #files: StateFiles;
  #at: Position;
  /** The journal, once it was opened for writing. */
  #journal: OpenFile | undefined;
  /** Why nothing may be written any more. */
  #failure: OncewardError | undefined;

  private constructor(disk: Disk, files: StateFiles, at: Position) {
    this.#disk = disk;
    this.#files = files;
    this.#at = at;
  }

  /**
   * Reads the newest state. The files stay exactly as they are.
   *
   * @throws {OncewardError} `corrupt`; and what the disk throws.
   */
  static async read(
    disk: Disk,
    files: StateFiles,
  ): Promise<{ readonly opened: OpenState; readonly state: StoredState | undefined }> {
    const found = files.among(await disk.list(files.folder));
    if (newestOf(found) > greatest(found.snapshots)) {
      throw new OncewardError("corrupt", "the snapshot that the newest journal continues is gone");
    }
    await settle(disk, files, found);
    const { generation, base, snapshot, journal } = await readNewest(disk, files, found);
    const { records: changes, tip, tornBytes } = readJournal(base, generation, journal);
    const size = journal.length;
    const length = size - tornBytes;
    const isUnsound = tornBytes > 0 || doubtful.has(files.journal(generation));
    const unsound = isUnsound ? journal.subarray(0, length) : undefined;
    const isThere = snapshot !== undefined || size > 0;
    return {
      opened: new OpenState(disk, files, { generation, length, size, tip, unsound }),
      state: isThere
        ? { snapshot, changes, version: versionOf(generation, length), tornBytes }
        : undefined,
    };
  }

  /** What the next write has to expect. */
  get version(): bigint {
    return versionOf(this.#at.generation, this.#at.length);
  }

  /**
   * Asserts that a write may begin.
   *
   * @throws {OncewardError} `store` when an earlier write failed; `fenced` when another version is
   * expected, or someone who does not respect the lock has written.
   */
  async require(expect: bigint): Promise<void> {
    if (this.#failure !== undefined) {
      throw new OncewardError("store", "an earlier write failed; release it and load it again", {
        cause: this.#failure,
      });
    }
    if (expect !== this.version || !(await this.#isUnchanged())) {
      throw new OncewardError("fenced", "another writer has written since");
    }
  }

  /** Adds a record to the journal. */
  async append(changes: Uint8Array): Promise<bigint> {
    const at = this.#at;
    if (at.length + changes.length > JOURNAL_BYTES_MAX) {
      throw new OncewardError(
        "store",
        `the journal would exceed ${JOURNAL_BYTES_MAX} bytes; a snapshot has to take its place`,
      );
    }
    const { record, tip } = journalRecord(at.tip, changes);
    const length = at.length + record.length;
    const path = this.#files.journal(at.generation);
    await this.#attempt("the changes could not be written", async () => {
      await this.#mend(path);
      // From here on, until the sync has succeeded.
      doubtful.add(path);
      this.#journal ??= await this.#openJournal(path);
      await this.#journal.write(record, at.length);
      await this.#journal.sync();
      doubtful.delete(path);
    });
    at.length = length;
    at.size = length;
    at.tip = tip;
    return this.version;
  }

  /** Begins a new generation with a snapshot. The one before is kept, older ones are removed. */
  async replace(snapshot: Uint8Array): Promise<bigint> {
    const before = this.#at.generation;
    const generation = before + 1n;
    const tip = journalTip(snapshot, generation);
    await this.#attempt("the snapshot could not be written", () =>
      putFile(this.#disk, this.#files.snapshot(generation), snapshot),
    );
    this.#at = { generation, length: 0, size: 0, tip, unsound: undefined };
    doubtful.delete(this.#files.journal(before));
    await this.close();
    // The snapshot is durable. What cannot be removed takes up space until the next one.
    await this.#tidy(before).catch(() => undefined);
    return this.version;
  }

  /** Closes the journal. All that was confirmed is synced, so there is nothing that could fail. */
  async close(): Promise<void> {
    const journal = this.#journal;
    this.#journal = undefined;
    await journal?.close().catch(() => undefined);
  }

  /** Whether the files are as this writer has left them. */
  async #isUnchanged(): Promise<boolean> {
    const { generation, size } = this.#at;
    try {
      const [journal = 0, later] = await Promise.all([
        this.#disk.size(this.#files.journal(generation)),
        this.#disk.size(this.#files.snapshot(generation + 1n)),
      ]);
      return journal === size && later === undefined;
    } catch (error) {
      throw asStoreError(error, "the files could not be looked at");
    }
  }

  /** After a failure nobody knows what the disk has, so nothing is tried again. */
  async #attempt(message: string, write: () => Promise<void>): Promise<void> {
    try {
      await write();
    } catch (error) {
      this.#failure = asStoreError(error, message);
      throw this.#failure;
    }
  }

  /** Writes the valid part of a journal anew, without what an interrupted write has left there. */
  async #mend(path: string): Promise<void> {
    const at = this.#at;
    if (at.unsound !== undefined) {
      await putFile(this.#disk, path, at.unsound);
      at.unsound = undefined;
      at.size = at.length;
    }
  }

  async #openJournal(path: string): Promise<OpenFile> {
    if ((await this.#disk.size(path)) !== undefined) {
      return await this.#disk.open(path, "write");
    }
    const journal = await this.#disk.open(path, "create");
    try {
      await this.#disk.syncFolder(this.#files.folder);
      return journal;
    } catch (error) {
      await journal.close().catch(() => undefined);
      throw error;
    }
  }

  /** Removes generations that are older, and files that were never finished. */
  async #tidy(oldest: bigint): Promise<void> {
    const found = this.#files.among(await this.#disk.list(this.#files.folder));
    const isOver = (generation: bigint): boolean => generation < oldest;
    for (const path of [
      ...found.temporaries,
      ...found.journals.filter(isOver).map((each) => this.#files.journal(each)),
      ...found.snapshots.filter(isOver).map((each) => this.#files.snapshot(each)),
    ]) {
      await this.#disk.remove(path);
    }
  }
}
