/**
 * The file store over any file system.
 * @module
 */

import { salvageJournal } from "../../instance.js";
import type { Store } from "../../store.js";
import type { Disk } from "./disk.js";
import { StateFiles } from "./layout.js";
import { asStoreError, readNewest } from "./state.js";
import { Writer } from "./writer.js";

/** What could be read of a damaged state. */
export interface Salvaged {
  /** The last snapshot, as it is in its file; a gate finds out whether it is whole. */
  readonly snapshot?: Uint8Array | undefined;
  /** What was appended to it, oldest first, up to the damage. */
  readonly changes: readonly Uint8Array[];
  /** How many bytes of the journal come after that. */
  readonly lostBytes: number;
}

/** Makes a store in a folder of a file system. */
export function storeOn(disk: Disk, folder: string, wait: number): Store {
  const writers = new Map<string, Writer>();

  async function use<T>(name: string, task: (writer: Writer) => Promise<T>): Promise<T> {
    const writer = writers.get(name) ?? new Writer(disk, new StateFiles(folder, name), wait);
    writers.set(name, writer);
    try {
      return await task(writer);
    } finally {
      if (writer.isIdle && writers.get(name) === writer) {
        writers.delete(name);
      }
    }
  }

  // Bytes are copied at once, since they may wait for their turn; not by `slice`, with which a
  // Buffer returns a view.
  return {
    load: (name) => use(name, (writer) => writer.load()),

    async append(name, changes, expect) {
      const copy = new Uint8Array(changes);
      return await use(name, (writer) => writer.append(copy, expect));
    },

    async replace(name, snapshot, expect) {
      const copy = new Uint8Array(snapshot);
      return await use(name, (writer) => writer.replace(copy, expect));
    },

    release: (name) => use(name, (writer) => writer.release()),

    async close() {
      const names = [...writers.keys()];
      const ends = names.map((name) => use(name, (writer) => writer.release()));
      // All of them are given back before the first that failed is reported.
      await Promise.allSettled(ends);
      await Promise.all(ends);
    },
  };
}

/** Reads what can be read of the newest state, and changes nothing. */
export async function salvageFrom(disk: Disk, folder: string, name: string): Promise<Salvaged> {
  const files = new StateFiles(folder, name);
  try {
    const found = files.among(await disk.list(folder));
    const { generation, base, snapshot, journal } = await readNewest(disk, files, found);
    const { records: changes, lostBytes } = salvageJournal(base, generation, journal);
    return { snapshot, changes, lostBytes };
  } catch (error) {
    throw asStoreError(error, "the files could not be read");
  }
}
