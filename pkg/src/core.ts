/**
 * One gate inside the compiled core, and the scratch memory through which events reach it.
 * @module
 */

import type {
  CoreChanges,
  CoreClaim,
  CoreDoubt,
  CoreInspection,
  CoreMerge,
  CoreStage,
  CoreStats,
} from "./coretypes.js";
import { OncewardError } from "./errors.js";
import { type ContentBytes, limitCallBytes, Sheet, textRoom } from "./frame.js";
import { type Instance, instance, own, translate } from "./instance.js";
import type * as glue from "./wasm/core.js";

const FIRST_ROOM = 256;
const DOUBLED_ROOM_MAX = 64 * 1024;

/** What `checkKey` and `checkRevision` return when they have done nothing. */
export const UNDECIDED = 255;

/** In the scratch a revision precedes the name of its entity. */
const REVISION_BYTES = 8;

const RESULT_NONE = 0;
const RESULT_BYTES = 1;
const RESULT_JSON = 2;

const RESOLVED_COMMITTED = 0;
const RESOLVED_RELEASED = 1;

/** How the core is told what kind of result it is given. */
function kindOfResult(result: ContentBytes | undefined): number {
  if (result === undefined) {
    return RESULT_NONE;
  }
  return result.json ? RESULT_JSON : RESULT_BYTES;
}

/** One gate's half inside the core, and the scratch memory through which events reach it. */
export class CoreGate {
  readonly #instance: Instance;
  #core: glue.Core | undefined;
  #address = 0;
  #room = 0;
  #sheet = new Sheet(new Uint8Array());
  /** The scope of single keys and revisions, as the core knows it. */
  #scope = "";
  #failure: OncewardError | undefined;

  /** Takes over a gate that was just opened in the instance. @internal */
  constructor(core: glue.Core) {
    this.#instance = instance();
    this.#core = core;
  }

  /** Whether it was closed, or may not be trusted any more. */
  get isClosed(): boolean {
    return this.#core === undefined;
  }

  /** Whether a trap has killed the instance that it was in. */
  get isDead(): boolean {
    return this.#instance.dead;
  }

  /**
   * Throws when the gate was closed or may not be trusted any more, or its instance is dead.
   * @internal
   */
  live(): glue.Core {
    if (this.#core === undefined) {
      throw this.#failure ?? new OncewardError("closed", "the gate is closed");
    }
    if (this.#instance.dead) {
      throw new OncewardError("internal", "the core failed earlier; open a new gate");
    }
    return this.#core;
  }

  /**
   * Returns the scratch as an empty sheet with room for that many bytes.
   * It is valid until the next call into the core, which may move it.
   */
  scratch(bytes: number): Sheet {
    const core = this.live();
    if (bytes > this.#room) {
      // Doubling keeps the number of moves small where sizes creep up.
      const doubled = Math.min(this.#room * 2, DOUBLED_ROOM_MAX);
      const room = Math.max(limitCallBytes(bytes), doubled, FIRST_ROOM);
      this.#address = this.#call(() => core.reserve(room));
      this.#room = room;
      this.#view();
    } else if (this.#sheet.room === 0) {
      this.#view();
    }
    this.#sheet.length = 0;
    return this.#sheet;
  }

  /** Judges the one event in the scratch. */
  check(bytes: number, now: number): number {
    const core = this.live();
    try {
      return core.check(bytes, now);
    } catch (thrown) {
      throw translate(thrown, this.#instance);
    }
  }

  /** Judges a key that comes alone, or does nothing and returns `UNDECIDED`. */
  checkKey(scope: string, id: string, now: number): number {
    const core = this.live();
    const sheet = this.#single(core, scope, id);
    sheet.length = REVISION_BYTES;
    const bytes = sheet.utf8(id, "id");
    try {
      return core.checkKey(bytes, now);
    } catch (thrown) {
      throw translate(thrown, this.#instance);
    }
  }

  /** Judges a revision below 2^64 that comes alone, or does nothing and returns `UNDECIDED`. */
  checkRevision(scope: string, entity: string, revision: number | bigint, now: number): number {
    const core = this.live();
    const sheet = this.#single(core, scope, entity);
    sheet.u64(revision);
    const bytes = sheet.utf8(entity, "entity");
    try {
      return core.checkRevision(bytes, now);
    } catch (thrown) {
      throw translate(thrown, this.#instance);
    }
  }

  /** Sets the scope, and returns a sheet with room for a revision and a name. */
  #single(core: glue.Core, scope: string, name: string): Sheet {
    if (scope !== this.#scope) {
      const bytes = this.scratch(textRoom(scope)).utf8(scope, "scope");
      this.#call(() => core.useScope(bytes));
      this.#scope = scope;
    }
    const room = REVISION_BYTES + textRoom(name);
    if (room > this.#sheet.room) {
      return this.scratch(room);
    }
    this.#sheet.length = 0;
    return this.#sheet;
  }

  /** Judges the events in the scratch: all or nothing. */
  checkAll(bytes: number, count: number, now: number): Uint8Array {
    const core = this.live();
    return this.#call(() => core.checkAll(bytes, count, now));
  }

  /** Judges the one event in the scratch and records nothing. */
  inspect(bytes: number, now: number): CoreInspection {
    const core = this.live();
    return this.#call(() => own<CoreInspection>(core.inspect(bytes, now)));
  }

  /** Claims the one event in the scratch, or says why not. */
  claim(bytes: number, lease: number, now: number): CoreClaim | CoreInspection {
    const core = this.live();
    return this.#call(() => own<CoreClaim | CoreInspection>(core.claim(bytes, lease, now)));
  }

  /** Ends a claim with its result; returns whether that was late. */
  commit(ticket: Uint8Array, result: ContentBytes | undefined, now: number): boolean {
    const core = this.live();
    const bytes = result?.bytes ?? new Uint8Array();
    limitCallBytes(bytes.length);
    return this.#call(() => core.commit(ticket, kindOfResult(result), bytes, now));
  }

  /** Ends a claim as if it had not been. */
  release(ticket: Uint8Array, now: number): void {
    const core = this.live();
    this.#call(() => core.release(ticket, now));
  }

  /** Leaves a claim in doubt. */
  doubt(ticket: Uint8Array, now: number): void {
    const core = this.live();
    this.#call(() => core.doubt(ticket, now));
  }

  /** Counts the lease of a claim from now; returns its new end. */
  extend(ticket: Uint8Array, lease: number, now: number): number {
    const core = this.live();
    return this.#call(() => core.extend(ticket, lease, now));
  }

  /** Ends the doubt about the one event in the scratch. */
  resolve(
    bytes: number,
    as: "committed" | "released",
    result: ContentBytes | undefined,
    now: number,
  ): void {
    const core = this.live();
    const how = as === "committed" ? RESOLVED_COMMITTED : RESOLVED_RELEASED;
    const answer = result?.bytes ?? new Uint8Array();
    limitCallBytes(answer.length);
    this.#call(() => core.resolve(bytes, how, kindOfResult(result), answer, now));
  }

  /** Returns all doubts. */
  doubts(now: number): readonly CoreDoubt[] {
    const core = this.live();
    return this.#call(() => core.doubts(now));
  }

  /** Returns how the one event in the scratch is named in reports. */
  fingerprint(bytes: number): string {
    const core = this.live();
    return this.#call(() => core.fingerprint(bytes));
  }

  /** Judges a column of ids. */
  checkIds(scope: number, count: number, text: number, timed: boolean, now: number): Uint8Array {
    const core = this.live();
    return this.#call(() => core.checkIds(scope, count, text, timed, now));
  }

  /** Judges a column of entities with a column of revisions. */
  checkRevisions(scope: number, count: number, text: number, now: number): Uint8Array {
    const core = this.live();
    return this.#call(() => core.checkRevisions(scope, count, text, now));
  }

  /** Judges a column of positions of one source. */
  checkPositions(
    scope: number,
    source: number,
    epoch: string,
    count: number,
    now: number,
  ): Uint8Array {
    const core = this.live();
    return this.#call(() => core.checkPositions(scope, source, epoch, count, now));
  }

  /** Forgets the one record that the event in the scratch names. */
  forget(bytes: number): number {
    const core = this.live();
    return this.#call(() => core.forget(bytes));
  }

  /** Issues the next revision of the entity in the scratch, as decimal digits. */
  nextRevision(bytes: number, now: number): string {
    const core = this.live();
    return this.#call(() => core.nextRevision(bytes, now));
  }

  /** Returns the counters. */
  stats(): CoreStats {
    const core = this.live();
    const [keys = 0, entities = 0, sources = 0, claims = 0, ...rest] = this.#call(() =>
      core.stats(),
    );
    const [bytes = 0, maxBytes = 0, horizon = 0, ...verdicts] = rest;
    return { keys, entities, sources, claims, bytes, maxBytes, horizon, verdicts };
  }

  /** Takes a reading of the clock. */
  read(now: number): void {
    const core = this.live();
    this.#call(() => core.read(now));
  }

  /** Returns the whole state. */
  snapshot(): Uint8Array {
    const core = this.live();
    return this.#call(() => core.snapshot());
  }

  /** Returns what was recorded since the last time. */
  changes(): Uint8Array {
    const core = this.live();
    return this.#call(() => core.changes());
  }

  /** Takes over what another copy, or the store, holds. */
  merge(bytes: Uint8Array, isFromStore: boolean): CoreMerge {
    const core = this.live();
    limitCallBytes(bytes.length);
    return this.#call(() => own<CoreMerge>(core.merge(bytes, isFromStore)));
  }

  /** Says that the store has everything, or is to be told everything. */
  followStore(isTold: boolean): void {
    const core = this.live();
    this.#call(() => core.followStore(isTold));
  }

  /** Whether there is nothing to tell the store. */
  isStored(): boolean {
    const core = this.live();
    return this.#call(() => core.isStored());
  }

  /** Returns what the store is to be told. */
  storeChanges(): CoreChanges {
    const core = this.live();
    return this.#call(() => own<CoreChanges>(core.storeChanges()));
  }

  /** Has the store told everything the next time. */
  restoreStore(): void {
    const core = this.live();
    this.#call(() => core.restoreStore());
  }

  /** Judges the events in the scratch, to be recorded later. */
  stage(bytes: number, count: number, now: number): CoreStage {
    const core = this.live();
    return this.#call(() => own<CoreStage>(core.stage(bytes, count, now)));
  }

  /** Records what a stage has judged, unless it has ended. */
  keep(number: number): void {
    const core = this.live();
    this.#call(() => core.keep(number));
  }

  /** Forgets what a stage has judged, unless it has ended. */
  dropStage(number: number): void {
    const core = this.live();
    this.#call(() => core.dropStage(number));
  }

  /** Gives the memory back, since what is in it may not be trusted; every later call throws that. */
  fail(failure: OncewardError): void {
    this.#failure ??= failure;
    this.free();
  }

  /** Gives the memory back; every later call throws `closed`. */
  free(): void {
    const core = this.#core;
    this.#core = undefined;
    // What a trap left behind cannot be given back piece by piece.
    if (core !== undefined && !this.#instance.dead) {
      this.#call(() => core.free());
    }
  }

  #call<T>(call: () => T): T {
    try {
      return call();
    } catch (thrown) {
      throw translate(thrown, this.#instance);
    }
  }

  #view(): void {
    this.#sheet = new Sheet(
      new Uint8Array(this.#instance.memory.buffer, this.#address, this.#room),
    );
  }
}
