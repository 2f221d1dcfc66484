/**
 * The compiled core: its one lazily made instance, its memory and its errors.
 *
 * No other module imports the glue. A trap poisons the instance: its memory may be half written, so
 * every gate in it is dead from then on, and the next gate gets a fresh one.
 * @module
 */

import type { CoreClaim, CoreDoubt, CoreInspection, CoreOptions, CoreStats } from "./coretypes.js";
import { isErrorCode, OncewardError, ofEvent } from "./errors.js";
import { type ContentBytes, limitCallBytes, Sheet, textRoom } from "./frame.js";
import { toRefusal } from "./refusal.js";
import * as glue from "./wasm/core.js";
import base64 from "./wasm/core_base64.js";

/** What the core adds to the errors that it throws. */
interface Thrown extends Error {
  readonly code?: unknown;
  /** Which event of a batch is meant. */
  readonly index?: unknown;
  /** With `lost_claim`: what it says of the event now. */
  readonly refusal?: CoreInspection;
}

interface Instance {
  readonly memory: WebAssembly.Memory;
  dead: boolean;
}

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

let current: Instance | undefined;

function decode(text: string): Uint8Array<ArrayBuffer> {
  const binary = atob(text);
  const bytes = new Uint8Array(binary.length);
  for (let index = 0; index < bytes.length; index += 1) {
    bytes[index] = binary.charCodeAt(index);
  }
  return bytes;
}

function instantiate(): Instance {
  try {
    if (current !== undefined) {
      // The glue keeps one instance. After a trap it is given a new one, and forgets all objects of
      // the old.
      glue.__wbg_reset_state();
    }
    return { memory: glue.initSync({ module: decode(base64) }).memory, dead: false };
  } catch (error) {
    throw new OncewardError("internal", "the WebAssembly module could not be started", {
      cause: error,
    });
  }
}

function instance(): Instance {
  if (current === undefined || current.dead) {
    current = instantiate();
  }
  return current;
}

/** Copies an object of the glue without its prototype, so that nothing absent can be inherited. */
function own<T extends object>(report: T): T {
  return Object.assign(Object.create(null), report);
}

/** How the core is told what kind of result it is given. */
function kindOfResult(result: ContentBytes | undefined): number {
  if (result === undefined) {
    return RESULT_NONE;
  }
  return result.json ? RESULT_JSON : RESULT_BYTES;
}

/** Turns what was thrown in a call into what the caller should see; a trap kills the instance. */
function translate(thrown: unknown, poisoned: Instance): unknown {
  if (thrown instanceof WebAssembly.RuntimeError) {
    poisoned.dead = true;
    return new OncewardError("internal", "the core failed; open a new gate", { cause: thrown });
  }
  if (thrown instanceof OncewardError || !(thrown instanceof Error)) {
    return thrown;
  }
  const { code, index, refusal: found }: Thrown = thrown;
  if (!isErrorCode(code)) {
    // An error of the caller's own, such as a getter's, passes unchanged.
    return thrown;
  }
  const message = typeof index === "number" ? ofEvent(index, thrown.message) : thrown.message;
  const refusal = found === undefined ? undefined : toRefusal(own(found));
  return new OncewardError(code, message, { refusal });
}

function run<T>(call: () => T): T {
  const here = instance();
  try {
    return call();
  } catch (thrown) {
    throw translate(thrown, here);
  }
}

/** Returns the canonical text of a JSON value (RFC 8785), in UTF-8. */
export function canonical(value: unknown): Uint8Array {
  return run(() => glue.canonical(value));
}

/** Returns the ordinal, in decimal, that a text means in a notation. */
export function notation(kind: string, text: string): string {
  return run(() => glue.notation(kind, text));
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

  constructor(options: CoreOptions, secret: Uint8Array, now: number) {
    this.#instance = instance();
    this.#core = this.#call(() => new glue.Core(options, secret, now));
  }

  /** Throws when the gate was closed, or its instance is dead. */
  live(): glue.Core {
    if (this.#core === undefined) {
      throw new OncewardError("closed", "the gate is closed");
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

  /** Returns the counters. */
  stats(): CoreStats {
    const core = this.live();
    const [keys = 0, entities = 0, sources = 0, claims = 0, ...rest] = this.#call(() =>
      core.stats(),
    );
    const [bytes = 0, maxBytes = 0, horizon = 0, ...verdicts] = rest;
    return { keys, entities, sources, claims, bytes, maxBytes, horizon, verdicts };
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
