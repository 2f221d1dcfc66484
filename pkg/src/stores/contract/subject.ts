/**
 * One name of a store under test: it keeps count of the version, and says plainly what is wrong.
 * @module
 */

import { isOncewardError } from "../../errors.js";
import type { Store, StoredState } from "../../store.js";

/** An empty store, and how it is opened again and done away with. */
export interface StoreUnderTest {
  /** The store, which has nothing in it. */
  readonly store: Store;

  /**
   * Returns a new store object over the same data, as after a restart; the one before is not used
   * any more. Left out by stores that do not outlive their object: then the cases about reopening
   * release the name, and load it again from the same object.
   */
  reopen?(): Promise<Store>;

  /** Removes everything. It is called once, also after a case that failed. */
  dispose?(): Promise<void>;
}

/** A state as it should be. */
export interface Expected {
  readonly snapshot?: Uint8Array | undefined;
  readonly changes?: readonly Uint8Array[] | undefined;
}

/** Fails the case. */
export function breach(message: string, cause?: unknown): never {
  throw new Error(message, cause === undefined ? undefined : { cause });
}

/** Calls the store, and says which call failed. */
async function attempt<T>(what: string, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    return breach(`${what} rejected with ${error}`, error);
  }
}

/** Asserts that a write is refused as `fenced`. */
export async function refusesAsFenced(what: string, call: () => Promise<unknown>): Promise<void> {
  let outcome: unknown;
  try {
    outcome = await call();
  } catch (error) {
    if (isOncewardError(error) && error.code === "fenced") {
      return;
    }
    breach(`${what} must be refused as fenced, and rejected with ${error}`, error);
  }
  breach(`${what} must be refused as fenced, and resolved with ${String(outcome)}`);
}

/** Asserts that bytes are exactly those. */
function requireBytes(what: string, bytes: Uint8Array, expected: Uint8Array): void {
  // Not by instanceof, since a store may hand out bytes of another realm.
  if (Object.prototype.toString.call(bytes) !== "[object Uint8Array]") {
    breach(`${what} must be a Uint8Array, and is ${String(bytes)}`);
  }
  if (bytes.length !== expected.length) {
    breach(`${what} must have ${expected.length} bytes, and has ${bytes.length}`);
  }
  for (let index = 0; index < expected.length; index += 1) {
    if (bytes[index] !== expected[index]) {
      breach(`${what} differs from what was written, first at byte ${index} of ${expected.length}`);
    }
  }
}

function requireState(what: string, state: StoredState, expected: Expected): void {
  const { snapshot, changes = [] } = expected;
  if (snapshot === undefined) {
    if (state.snapshot !== undefined) {
      breach(`${what} must have no snapshot, and has one of ${state.snapshot.length} bytes`);
    }
  } else if (state.snapshot === undefined) {
    breach(`${what} must have a snapshot of ${snapshot.length} bytes, and has none`);
  } else {
    requireBytes(`the snapshot of ${what}`, state.snapshot, snapshot);
  }
  if (state.changes.length !== changes.length) {
    breach(`${what} must have ${changes.length} changes, and has ${state.changes.length}`);
  }
  changes.forEach((bytes, index) => {
    const found = state.changes[index] ?? breach(`change ${index} of ${what} is missing`);
    requireBytes(`change ${index} of ${what}`, found, bytes);
  });
}

/** Shows a name in a message: the long ones shortened. */
function shown(name: string): string {
  const text = JSON.stringify(name);
  return text.length <= 40 ? text : `${text.slice(0, 30)}…" of ${name.length} characters`;
}

/** One name of a store. */
export class Subject {
  store: Store;
  readonly name: string;

  /** What the next write has to expect, as far as is known. */
  version = 0n;

  constructor(store: Store, name = "state") {
    this.store = store;
    this.name = name;
  }

  /** Loads, and asserts that the version is none that is over. */
  async load(): Promise<StoredState | undefined> {
    const state = await attempt(`load of ${shown(this.name)}`, () => this.store.load(this.name));
    const version = state === undefined ? 0n : this.#read(state.version, "load");
    if (version < this.version) {
      breach(
        state === undefined
          ? `what was written under ${shown(this.name)} is gone`
          : `load returned version ${version} after version ${this.version}: versions only rise`,
      );
    }
    this.version = version;
    return state;
  }

  /** Appends with the right expectation. */
  async append(changes: Uint8Array): Promise<void> {
    const what = `append of ${changes.length} bytes to ${shown(this.name)}`;
    this.#rise(
      await attempt(what, () => this.store.append(this.name, changes, this.version)),
      what,
    );
  }

  /** Replaces with the right expectation. */
  async replace(snapshot: Uint8Array): Promise<void> {
    const what = `replace of ${shown(this.name)} by ${snapshot.length} bytes`;
    this.#rise(
      await attempt(what, () => this.store.replace(this.name, snapshot, this.version)),
      what,
    );
  }

  /** Asserts that nothing is there. */
  async holdsNothing(): Promise<void> {
    if ((await this.load()) !== undefined) {
      breach(`load of ${shown(this.name)} must return undefined, and returned a state`);
    }
  }

  /** Asserts that exactly this is there. */
  async holds(expected: Expected): Promise<void> {
    const state = await this.load();
    if (state === undefined) {
      breach(`load of ${shown(this.name)} must return a state, and returned undefined`);
    }
    requireState(`the state under ${shown(this.name)}`, state, expected);
  }

  /** Asserts that both kinds of write are refused with that expectation. */
  async refuses(expect: bigint): Promise<void> {
    const suffix = `that expects ${expect} at version ${this.version}`;
    const bytes = Uint8Array.of(0xba, 0xd);
    await refusesAsFenced(`an append ${suffix}`, () => this.store.append(this.name, bytes, expect));
    await refusesAsFenced(`a replace ${suffix}`, () =>
      this.store.replace(this.name, bytes, expect),
    );
  }

  /** Goes on with another object over the same data, or loads anew where there is none. */
  async reopen(under: StoreUnderTest): Promise<void> {
    const reopened = under.reopen?.();
    if (reopened === undefined) {
      await this.release();
    } else {
      this.store = await attempt("reopen", () => reopened);
    }
  }

  /** Gives the name back, where the store knows of that. */
  async release(): Promise<void> {
    await attempt(`release of ${shown(this.name)}`, async () => this.store.release?.(this.name));
  }

  #rise(version: unknown, what: string): void {
    const risen = this.#read(version, what);
    if (risen <= this.version) {
      breach(`${what} returned version ${risen} after version ${this.version}: it must rise`);
    }
    this.version = risen;
  }

  #read(version: unknown, what: string): bigint {
    return typeof version === "bigint"
      ? version
      : breach(`the version that ${what} returns must be a bigint, and is ${String(version)}`);
  }
}
