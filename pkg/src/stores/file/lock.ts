/**
 * The lock that makes a writer the only one. The kernel keeps it, and frees it when the process dies.
 * @module
 */

import { setTimeout as pause } from "node:timers/promises";
import { OncewardError } from "../../errors.js";
import type { Disk, OpenFile } from "./disk.js";

/** How often a lock that someone else has is tried again. */
const POLL_MS = 20;

/**
 * Takes a lock; it is given back by closing what is returned.
 *
 * The file stays when the lock is gone: if it were removed, one writer could lock the removed file,
 * and another a new one.
 *
 * @param wait For how many milliseconds to try.
 *
 * @throws {OncewardError} `store` when someone else has it.
 */
export async function takeLock(disk: Disk, path: string, wait: number): Promise<OpenFile> {
  const end = performance.now() + wait;
  const file = await disk.open(path, "lock");
  try {
    while (!(await file.tryLock())) {
      const left = end - performance.now();
      if (left <= 0) {
        throw new OncewardError("store", "another writer has it open");
      }
      await pause(Math.min(POLL_MS, left));
    }
    return file;
  } catch (error) {
    await file.close().catch(() => undefined);
    throw error;
  }
}
