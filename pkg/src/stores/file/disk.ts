/**
 * The few things that the file store does with a file system, in one place: tests put another one
 * there, which fails, or loses what was not synced.
 * @module
 */

import { mkdir, open, readdir, rename, rm, stat } from "node:fs/promises";
import { OncewardError } from "../../errors.js";

/** A file that is open for writing. */
export interface OpenFile {
  /** Writes all bytes, beginning at that offset. */
  write(bytes: Uint8Array, offset: number): Promise<void>;

  /** Returns when the content is durable, and its length with it. */
  sync(): Promise<void>;

  /** Takes the file's exclusive lock; false when another open file has it. It ends with `close`. */
  tryLock(): Promise<boolean>;

  close(): Promise<void>;
}

/** A file system. All paths are absolute. */
export interface Disk {
  /** Makes a folder and what is missing above it; returns the topmost that it made. */
  makeFolder(path: string): Promise<string | undefined>;

  /** Returns when the entries of a folder are durable: what was made, renamed and removed in it. */
  syncFolder(path: string): Promise<void>;

  /** Returns the names of what is in a folder. */
  list(path: string): Promise<readonly string[]>;

  /** Returns how many bytes a file has; undefined where there is none. */
  size(path: string): Promise<number | undefined>;

  /** Returns the content of a file, as an array of its own. */
  read(path: string): Promise<Uint8Array>;

  /**
   * Opens a file: `"create"` one that must not be there yet, `"write"` to one that must be, or
   * `"lock"` one whatever is there.
   */
  open(path: string, how: "create" | "write" | "lock"): Promise<OpenFile>;

  rename(from: string, to: string): Promise<void>;

  /** Removes a file, if it is there. */
  remove(path: string): Promise<void>;
}

const FLAGS = { create: "wx", write: "r+", lock: "a" } as const;

/** A state may hold the secret of its gate. */
const OWNER_ONLY = 0o600;

/** What Windows answers to those who would sync a folder, which it has no call for. */
const NO_FOLDER_SYNC: readonly unknown[] = ["EPERM", "EISDIR", "EINVAL", "EACCES"];

function codeOf(error: unknown): unknown {
  return typeof error === "object" && error !== null && "code" in error ? error.code : undefined;
}

/** Loaded where it is needed: who only reads, or salvages, can do without it. */
async function loadTryLock(): Promise<(fd: number) => boolean> {
  try {
    return (await import("fs-native-extensions")).tryLock;
  } catch (error) {
    throw new OncewardError("store", "the file store needs the package fs-native-extensions", {
      cause: error,
    });
  }
}

type Handle = Awaited<ReturnType<typeof open>>;

async function writeAll(handle: Handle, bytes: Uint8Array, offset: number): Promise<void> {
  let written = 0;
  while (written < bytes.length) {
    const { bytesWritten } = await handle.write(
      bytes,
      written,
      bytes.length - written,
      offset + written,
    );
    if (bytesWritten === 0) {
      throw new Error("nothing was written");
    }
    written += bytesWritten;
  }
}

async function readAll(handle: Handle): Promise<Uint8Array> {
  const { size } = await handle.stat();
  const bytes = new Uint8Array(size);
  let length = 0;
  while (length < size) {
    const { bytesRead } = await handle.read(bytes, length, size - length, length);
    if (bytesRead === 0) {
      throw new Error("the file became shorter while it was read");
    }
    length += bytesRead;
  }
  return bytes;
}

/** The file system of the machine. */
export const nodeDisk: Disk = {
  makeFolder: (path) => mkdir(path, { recursive: true }),

  async syncFolder(path) {
    try {
      const handle = await open(path, "r");
      await handle.sync().finally(() => handle.close());
    } catch (error) {
      if (process.platform !== "win32" || !NO_FOLDER_SYNC.includes(codeOf(error))) {
        throw error;
      }
    }
  },

  list: (path) => readdir(path),

  async size(path) {
    try {
      return (await stat(path)).size;
    } catch (error) {
      if (codeOf(error) === "ENOENT") {
        return undefined;
      }
      throw error;
    }
  },

  async read(path) {
    const handle = await open(path, "r");
    return await readAll(handle).finally(() => handle.close());
  },

  async open(path, how) {
    const handle = await open(path, FLAGS[how], OWNER_ONLY);
    return {
      write: (bytes, offset) => writeAll(handle, bytes, offset),
      sync: () => handle.datasync(),
      tryLock: async () => (await loadTryLock())(handle.fd),
      close: () => handle.close(),
    };
  },

  rename,
  remove: (path) => rm(path, { force: true }),
};
