/**
 * Changes to a file system that are durable when they return, and whole or not there at any time.
 * @module
 */

import { dirname } from "node:path";
import type { Disk } from "./disk.js";
import { temporary } from "./layout.js";

/** Makes a folder and those above it, so that a power cut does not take it away again. */
export async function makeFolder(disk: Disk, folder: string): Promise<void> {
  const topmost = await disk.makeFolder(folder);
  if (topmost === undefined) {
    return;
  }
  // The entry of a folder is in the one above it.
  for (let made = folder; made.length >= topmost.length; made = dirname(made)) {
    await disk.syncFolder(dirname(made));
  }
}

async function writeNew(disk: Disk, path: string, bytes: Uint8Array): Promise<void> {
  // One that an earlier attempt left behind may be beyond trust; a new file has nothing of it.
  await disk.remove(path);
  const file = await disk.open(path, "create");
  try {
    await file.write(bytes, 0);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Puts a file in the place of another, or of none: after a crash it is the old or the new one. */
export async function putFile(disk: Disk, path: string, bytes: Uint8Array): Promise<void> {
  await writeNew(disk, temporary(path), bytes);
  await disk.rename(temporary(path), path);
  await disk.syncFolder(dirname(path));
}
