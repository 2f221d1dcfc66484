/**
 * One loaded name as its caller sees it: bytes and versions.
 * @module
 */

import type { StoredState } from "../../store.js";
import type { Listener } from "./delivery.js";
import { fenced } from "./failures.js";
import { Member } from "./member.js";
import { Progress } from "./progress.js";
import { Queue } from "./queue.js";
import type { Ports } from "./seat.js";
import { type Asked, type Coverage, type StoredRecord, stateOf } from "./storage.js";

/** One loaded name. */
export class Copy {
  readonly #origin: string;
  readonly #progress: Progress;
  readonly #member: Member;

  /** The caller's writes, each of which expects the version of the one before. */
  readonly #turns = new Queue();

  /** The version that the caller has to expect. */
  #last = 0n;
  /** What the caller knew at that version, and so what a snapshot of it has. */
  #known: Coverage = { upTo: 0, except: [] };
  /** How many writes were asked for. */
  #count = 0;

  constructor(ports: Ports) {
    this.#origin = ports.origin;
    this.#progress = new Progress(ports.origin, ports.wait);
    this.#member = new Member(ports, this.#progress);
  }

  /** The term under which this copy writes; undefined when it is not the writer. */
  get leadingTerm(): number | undefined {
    return this.#member.leadingTerm;
  }

  /**
   * Loads what is there.
   *
   * @throws {OncewardError} `store`, `corrupt`, `unsupported_version`, `closed`.
   */
  open(): Promise<StoredState | undefined> {
    return this.#turns.run(async () => {
      const reading = await this.#member.open();
      this.#confirm(reading.version);
      return stateOf(reading);
    });
  }

  /**
   * Writes changes, or a snapshot in the place of what its maker knows; resolves with the version
   * that the next write has to expect.
   *
   * @throws {OncewardError} `fenced`, `store`, `corrupt`, `closed`.
   */
  write(given: Uint8Array, isSnapshot: boolean, expect: bigint): Promise<bigint> {
    // The array may be changed until it is this write's turn.
    const bytes = new Uint8Array(given);
    return this.#turns.run(async () => {
      const asked = this.nextAsked();
      if (expect !== this.#last) {
        throw fenced(`the write expects version ${expect}, and the current one is ${this.#last}`);
      }
      const covers = isSnapshot ? this.#known : undefined;
      const isFirst = isSnapshot && this.#last === 0n;
      this.#confirm(await this.#member.put({ ...asked, bytes, covers, isFirst }));
      return this.#last;
    });
  }

  /**
   * Names the next write of this copy.
   *
   * @throws {OncewardError} `fenced`, `closed`.
   */
  nextAsked(): Asked {
    this.#member.requireRight();
    this.#count += 1;
    return { origin: this.#origin, id: this.#count };
  }

  /** Tells everyone of a record that is in the database by a transaction of the user's own. */
  announce(record: StoredRecord): void {
    this.#member.announce(record);
  }

  /** Adds a listener for what others write. */
  subscribe(listener: Listener): () => void {
    return this.#progress.delivery.subscribe(listener);
  }

  /** Leaves the others while the page is hidden. */
  suspend(): void {
    this.#member.suspend();
  }

  /** Comes back to them. */
  resume(): void {
    this.#member.resume();
  }

  /** Leaves for good. */
  close(): Promise<void> {
    return this.#member.close();
  }

  #confirm(number: number): void {
    this.#last = BigInt(number);
    this.#known = this.#progress.delivery.coverage(number);
  }
}
