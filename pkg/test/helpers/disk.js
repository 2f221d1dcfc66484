/**
 * File systems for the tests of the file store: one that fails when it is told to, and one that
 * forgets what was not synced.
 * @module
 */
import { dirname, join } from "node:path";

/**
 * Wraps a file system. Before each operation it asks `plan`, with the number of the operation, its
 * name and its path, what is to happen: nothing special, or an error `"before"` it is done, `"after"`
 * it, or, of a write, when `"half"` of it is done. `operations` tells what was asked.
 */
export function faulty(disk, plan) {
  const operations = [];

  async function run(name, path, action, half = async () => {}) {
    operations.push(`${name} ${path.slice(path.lastIndexOf("/") + 1)}`);
    const fault = plan(operations.length, name, path);
    if (fault === "half") {
      await half();
    } else if (fault !== "before") {
      const result = await action();
      if (fault === undefined) {
        return result;
      }
    }
    throw Object.assign(new Error(`planned failure of ${name}`), { code: "EIO" });
  }

  function wrapFile(file, path) {
    return {
      write: (bytes, offset) =>
        run(
          "write",
          path,
          () => file.write(bytes, offset),
          () => file.write(bytes.subarray(0, bytes.length >> 1), offset),
        ),
      sync: () => run("sync", path, () => file.sync()),
      tryLock: () => run("tryLock", path, () => file.tryLock()),
      // A file is closed in any case, as the kernel does it.
      async close() {
        await file.close();
        await run("close", path, async () => {});
      },
    };
  }

  const wrapped = {
    async open(path, how) {
      let opened;
      try {
        return await run("open", path, async () => {
          opened = await disk.open(path, how);
          return wrapFile(opened, path);
        });
      } catch (error) {
        await opened?.close();
        throw error;
      }
    },
  };
  for (const name of ["makeFolder", "syncFolder", "list", "size", "read", "rename", "remove"]) {
    wrapped[name] = (path, ...rest) => run(name, path, () => disk[name](path, ...rest));
  }
  return { disk: wrapped, operations };
}

const EMPTY = new Uint8Array(0);

function concat(...parts) {
  return new Uint8Array(Buffer.concat(parts));
}

/** What a file may hold after a power cut, when only some of it was synced. */
const CONTENTS = {
  synced: ({ synced }) => synced,
  written: ({ written }) => written,
  half: ({ synced, written }) => written.slice(0, (synced.length + written.length) >> 1),
  zeros: ({ synced, written }) =>
    concat(synced, new Uint8Array(Math.max(0, written.length - synced.length))),
};

/**
 * A file system in memory that knows what is durable: the content of a file as of its last sync, and
 * the entries of a folder as of its last one. When the power is cut, any of the other changes of
 * entries may be there or not, and so may what was written.
 */
export class ModelDisk {
  /** What the system sees, and what is on the disk, by path. A folder is `null`. */
  #entries = new Map([["/", null]]);
  #durable = new Map([["/", null]]);
  /** The changes of entries that are not durable. */
  #pending = [];
  #locked = new Set();

  /** A disk with these contents, all of them durable. */
  static of(image) {
    const disk = new ModelDisk();
    for (const [path, bytes] of image) {
      const node = bytes === null ? null : { synced: bytes, written: bytes };
      disk.#entries.set(path, node);
      disk.#durable.set(path, node);
    }
    return disk;
  }

  #change(folder, apply) {
    apply(this.#entries);
    this.#pending.push({ folder, apply });
  }

  async makeFolder(path) {
    let topmost;
    for (let folder = path; !this.#entries.has(folder); folder = dirname(folder)) {
      topmost = folder;
      this.#change(dirname(folder), (entries) => entries.set(folder, null));
    }
    return topmost;
  }

  async syncFolder(path) {
    for (const { folder, apply } of this.#pending) {
      if (folder === path) {
        apply(this.#durable);
      }
    }
    this.#pending = this.#pending.filter(({ folder }) => folder !== path);
  }

  async list(path) {
    return [...this.#entries.keys()]
      .filter((each) => each !== "/" && dirname(each) === path)
      .map((each) => each.slice(join(path, "/").length));
  }

  async size(path) {
    return this.#entries.get(path)?.written.length;
  }

  async read(path) {
    return new Uint8Array(this.#node(path).written);
  }

  async open(path, how) {
    const isThere = this.#entries.has(path);
    if (how === "create" && isThere) {
      throw new Error(`${path} is there already`);
    }
    if (how !== "write" && !isThere) {
      const made = { synced: EMPTY, written: EMPTY };
      this.#change(dirname(path), (entries) => entries.set(path, made));
    }
    return this.#handle(path, this.#node(path));
  }

  async rename(from, to) {
    const node = this.#node(from);
    this.#change(dirname(to), (entries) => {
      entries.delete(from);
      entries.set(to, node);
    });
  }

  async remove(path) {
    if (this.#entries.has(path)) {
      this.#change(dirname(path), (entries) => entries.delete(path));
    }
  }

  #node(path) {
    const node = this.#entries.get(path);
    if (!node) {
      throw new Error(`${path} is not there`);
    }
    return node;
  }

  #handle(path, node) {
    let hasLock = false;
    return {
      async write(bytes, offset) {
        if (offset > node.written.length) {
          throw new Error("a write behind the end");
        }
        const rest = node.written.subarray(offset + bytes.length);
        node.written = concat(node.written.subarray(0, offset), bytes, rest);
      },
      async sync() {
        node.synced = node.written;
      },
      tryLock: async () => {
        hasLock ||= !this.#locked.has(path) && this.#locked.add(path) !== undefined;
        return hasLock;
      },
      close: async () => {
        if (hasLock) {
          this.#locked.delete(path);
        }
      },
    };
  }

  /** All that a power cut at this moment may leave behind, as images. */
  *cut() {
    const known = new Set();
    for (let subset = 0; subset < 2 ** this.#pending.length; subset += 1) {
      const entries = new Map(this.#durable);
      this.#pending.forEach(({ apply }, index) => {
        if ((subset >> index) & 1) {
          apply(entries);
        }
      });
      for (const content of Object.values(CONTENTS)) {
        const image = [...entries]
          .filter(([path]) => isReachable(path, entries))
          .map(([path, node]) => [path, node && content(node)]);
        const key = JSON.stringify(
          image.map(([path, bytes]) => [path, bytes && Buffer.from(bytes).toString("base64")]),
        );
        if (!known.has(key)) {
          known.add(key);
          yield image;
        }
      }
    }
  }
}

/** A file whose folder has not reached the disk is lost with it. */
function isReachable(path, entries) {
  return path === "/" || (entries.has(dirname(path)) && isReachable(dirname(path), entries));
}
