/**
 * A store that keeps states in files, for Node.js: a snapshot and a journal for each name.
 * @module onceward/file
 */

import { resolve } from "node:path";
import { invalidOption } from "../errors.js";
import { type Duration, readDuration, takeOptions } from "../options.js";
import type { Store } from "../store.js";
import { nodeDisk } from "./file/disk.js";
import { type Salvaged, salvageFrom, storeOn } from "./file/store.js";

export type { Salvaged };

/** How a file store behaves. */
export interface FileOptions {
  /** How long to wait for a name that someone else has open. @default 0 */
  wait?: Duration | undefined;
}

function readDirectory(directory: unknown): string {
  if (typeof directory !== "string" || directory === "") {
    throw invalidOption("the directory of a file store must be a path, and not be empty");
  }
  // A program that changes its working directory later does not move its states.
  return resolve(directory);
}

/**
 * Makes a store in a directory, which is made with the first name that is loaded.
 *
 * - A write resolves when it is on the disk, by `fdatasync`, with the entries in the directory that
 *   it needs. What `load` returns is on the disk as well.
 * - One store object at a time has a name open, in this process or another. The lock is one of the
 *   kernel: it is taken by `load`, or by a write where nothing was loaded, and ends with `release`,
 *   `close`, or the process, however that dies. It needs the package `fs-native-extensions`. Locks of
 *   network file systems are as good as those make them.
 * - `append` adds one record to a journal, with a checksum that is chained to everything before it.
 *   What an interrupted write leaves at its end is left out, and reported as `tornBytes`; the next
 *   `append` removes it. Any other damage is `corrupt`, and nothing is changed then.
 * - `replace` writes a new snapshot beside the old one and renames it. The generation before it is
 *   kept; older ones are removed. An `append` beyond 256 MiB is refused, and has to be a `replace`.
 * - After a write that failed every other is refused with `store` until the name is loaded again.
 *
 * The files can only be read by their owner, since a state may hold the secret of its gate. How they
 * are named and made is described in `file/layout.ts`.
 *
 * @throws {OncewardError} `invalid_option`. The methods reject with `store`: the disk failed, or
 * another writer has the name open; `fenced`, `corrupt`; `invalid_option` for a name with a lone
 * surrogate.
 *
 * @example
 * ```ts
 * import { file } from "onceward/file";
 *
 * const store = file("/var/lib/shop", { wait: "5s" });
 * const state = await store.load("orders");
 * ```
 */
export function file(directory: string, options?: FileOptions): Store {
  const { wait } = takeOptions(options, "the file store's options", ["wait"]);
  return storeOn(nodeDisk, readDirectory(directory), readDuration(wait, "wait", 0));
}

/**
 * Reads what is left of a state that `load` calls `corrupt`: the last snapshot, and the changes that
 * were appended to it up to the damage, exactly. It guesses nothing, and falls back on nothing older.
 *
 * Nothing is changed, and nothing is locked; nobody should be writing meanwhile.
 *
 * @throws {OncewardError} `store` when the files cannot be read; `invalid_option`.
 *
 * @example
 * ```ts
 * const { snapshot, changes, lostBytes } = await salvage("/var/lib/shop", "orders");
 * ```
 */
export async function salvage(directory: string, name: string): Promise<Salvaged> {
  return await salvageFrom(nodeDisk, readDirectory(directory), name);
}
