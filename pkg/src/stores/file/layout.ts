/**
 * Which files hold the state of which name.
 *
 * All files of a name begin with its stem and a dot. The stem of a short name is `n-` and its UTF-8,
 * where every byte but `a` to `z`, `0` to `9`, `-` and `_` is written as `%` and two small
 * hexadecimal digits; of a name whose stem would be too long it is `h-` and the SHA-256 of the UTF-8.
 * So no two names share a stem, also where file names ignore case, and none means a device or leads
 * out of the folder.
 *
 * - `<stem>.lock` is empty, and locked by the writer.
 * - `<stem>.<generation>.snapshot` is a snapshot as it was handed in. Generation 0 has none.
 * - `<stem>.<generation>.journal` has what was appended to it, as the records of a journal.
 * - `….tmp` is one of these while it is written; it means nothing until it is renamed.
 * @module
 */

import { createHash } from "node:crypto";
import { join } from "node:path";
import { invalidOption } from "../../errors.js";
import { requireWellFormed } from "../../frame.js";

/** What file systems allow for a name, less the rest of it, and less what encrypting ones take. */
const STEM_LENGTH_MAX = 100;

/** How many low bits of a version count the bytes of the journal; the others are the generation. */
const LENGTH_BITS = 48n;

/** The files of one name that are there, by their generations. */
export interface Found {
  readonly snapshots: readonly bigint[];
  readonly journals: readonly bigint[];
  /** The paths of those that were never finished. */
  readonly temporaries: readonly string[];
}

function encode(name: string): string {
  try {
    requireWellFormed(name, "the name of a state");
  } catch (error) {
    throw invalidOption(error instanceof Error ? error.message : String(error));
  }
  const utf8 = new TextEncoder().encode(name);
  const plain = Array.from(utf8, (byte) => {
    const character = String.fromCharCode(byte);
    return /[a-z0-9_-]/.test(character) ? character : `%${byte.toString(16).padStart(2, "0")}`;
  }).join("");
  return plain.length + 2 <= STEM_LENGTH_MAX
    ? `n-${plain}`
    : `h-${createHash("sha256").update(utf8).digest("hex")}`;
}

/** The version of a state: that of a later generation is higher, and that of a longer journal. */
export function versionOf(generation: bigint, length: number): bigint {
  return (generation << LENGTH_BITS) + BigInt(length);
}

/** Where a file is written before it is renamed. */
export function temporary(path: string): string {
  return `${path}.tmp`;
}

/** The files of one name. */
export class StateFiles {
  /** The folder that they are in. */
  readonly folder: string;
  readonly #stem: string;

  constructor(folder: string, name: string) {
    this.folder = folder;
    this.#stem = encode(name);
  }

  lock(): string {
    return join(this.folder, `${this.#stem}.lock`);
  }

  snapshot(generation: bigint): string {
    return join(this.folder, `${this.#stem}.${generation}.snapshot`);
  }

  journal(generation: bigint): string {
    return join(this.folder, `${this.#stem}.${generation}.journal`);
  }

  /** Finds the files of this name among all names in the folder. */
  among(names: readonly string[]): Found {
    const snapshots: bigint[] = [];
    const journals: bigint[] = [];
    const temporaries: string[] = [];
    const start = `${this.#stem}.`;
    for (const name of names.filter((each) => each.startsWith(start))) {
      const [, generation, kind, unfinished] =
        /^(0|[1-9]\d*)\.(snapshot|journal)(\.tmp)?$/.exec(name.slice(start.length)) ?? [];
      if (generation === undefined) {
        continue;
      }
      if (unfinished !== undefined) {
        temporaries.push(join(this.folder, name));
      } else {
        (kind === "snapshot" ? snapshots : journals).push(BigInt(generation));
      }
    }
    return { snapshots, journals, temporaries };
  }
}
