/**
 * What copies of a gate share: records under one name, numbered in the order of writing.
 *
 * The protocol in `copy.ts` knows storage only by this, so that it can be tested without a browser.
 * @module
 */

import type { StoredState } from "../../store.js";

/** Who asked for a write: a copy, and how many it had asked for by then. */
export interface Asked {
  readonly origin: string;
  readonly id: number;
}

/** One record as it is stored. */
export interface StoredRecord extends Asked {
  /** Its place in the order of writing; the first is 1. */
  readonly number: number;
  readonly bytes: Uint8Array;
  /** Whether it was put there by someone else's transaction, and not by the writer. */
  readonly joined: boolean;
}

/** What the maker of a snapshot knew, so that no record is removed that the snapshot lacks. */
export interface Coverage {
  /** It knew all records up to this number, this one included, … */
  readonly upTo: number;
  /** … but for these. */
  readonly except: readonly number[];
}

/** Something to be written. */
export interface Write extends Asked {
  readonly bytes: Uint8Array;
  /** For a snapshot, the records that it makes superfluous. Absent for changes. */
  readonly covers?: Coverage | undefined;
  /** Whether it is a snapshot whose maker found nothing: it may hold a secret that nobody else knows. */
  readonly isFirst?: boolean | undefined;
}

/** What lies under a name, as of one moment. */
export interface Reading {
  /** Which life of the name it is: one that was deleted begins another. Absent where nothing is. */
  readonly life: string | undefined;
  /** Whose turn it is to write: it is raised by everyone who begins to. 0 where nothing is. */
  readonly term: number;
  /** The number of the last record. 0 where there was none yet. */
  readonly version: number;
  /** The number of the last snapshot. 0 where there was none yet. */
  readonly base: number;
  /** The records after the number that was asked for, in order. */
  readonly records: readonly StoredRecord[];
}

/** Records under one name. Every call is one transaction, and resolves when that is complete. */
export interface Storage {
  /**
   * Raises the term and returns what lies after a record.
   *
   * @throws {OncewardError} `fenced` where that record never was, `store`, `corrupt`.
   */
  lead(after: number): Promise<Reading>;

  /**
   * Returns what lies after a record, and changes nothing.
   *
   * @throws {OncewardError} `fenced` where that record never was, `store`, `corrupt`.
   */
  read(after: number): Promise<Reading>;

  /**
   * Writes, and returns what was written after a record: the new one is the last of them. What is
   * there already, by an earlier try, is not written again.
   *
   * @param mayStand says whether a record may be there that the caller does not know.
   * @throws {OncewardError} `fenced` where the term is another one or a record may not be there;
   * then nothing is changed. `store`, `corrupt`.
   */
  write(
    term: number,
    after: number,
    write: Write,
    mayStand: (record: StoredRecord) => boolean,
  ): Promise<readonly StoredRecord[]>;
}

/** Names a write among all of a name. */
export function keyOf({ origin, id }: Asked): string {
  return `${origin} ${id}`;
}

/** What was read, as a gate loads it. Snapshots and changes may be merged in any order. */
export function stateOf({ version, base, records }: Reading): StoredState | undefined {
  if (version === 0) {
    return undefined;
  }
  return {
    snapshot: records.find(({ number }) => number === base)?.bytes,
    changes: records.filter(({ number }) => number !== base).map(({ bytes }) => bytes),
    version: BigInt(version),
  };
}
