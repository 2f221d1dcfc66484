/**
 * A store that keeps states in the memory of its process.
 * @module onceward/memory
 */

import { OncewardError } from "../errors.js";
import type { Store } from "../store.js";

/** What is kept under one name. */
interface Kept {
  snapshot: Uint8Array | undefined;
  changes: Uint8Array[];
  version: bigint;
}

/** Copies bytes. Not by `slice`, with which a Buffer of Node.js returns a view. */
function copyOf(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes);
}

/**
 * Makes a store that keeps states in memory: for tests, and for gates that are closed and opened
 * again in one process. They find their state as long as they are given the same store object.
 *
 * It is as durable as the process. A write that expects another version than the current one is
 * refused with `fenced`; nothing else can go wrong.
 *
 * @example
 * ```ts
 * import { memory } from "onceward/memory";
 *
 * const store = memory();
 * await store.append("orders", changes, 0n); // 1n
 * ```
 */
export function memory(): Store {
  const states = new Map<string, Kept>();

  /** Nothing here awaits, so that nothing happens between the look at the version and the write. */
  function write(name: string, expect: bigint, change: (kept: Kept) => void): bigint {
    const kept = states.get(name) ?? { snapshot: undefined, changes: [], version: 0n };
    if (kept.version !== expect) {
      throw new OncewardError("fenced", "another writer has written since");
    }
    change(kept);
    kept.version += 1n;
    states.set(name, kept);
    return kept.version;
  }

  return {
    async load(name) {
      const kept = states.get(name);
      return (
        kept && {
          snapshot: kept.snapshot && copyOf(kept.snapshot),
          changes: kept.changes.map(copyOf),
          version: kept.version,
        }
      );
    },

    async append(name, changes, expect) {
      return write(name, expect, (kept) => {
        kept.changes.push(copyOf(changes));
      });
    },

    async replace(name, snapshot, expect) {
      return write(name, expect, (kept) => {
        kept.snapshot = copyOf(snapshot);
        kept.changes = [];
      });
    },
  };
}
