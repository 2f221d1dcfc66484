/**
 * Where a gate's state lives: what a store must do, and what may be relied on.
 * @module
 */

/** The state of one gate as a store holds it. */
export interface StoredState {
  /** The last snapshot. */
  readonly snapshot?: Uint8Array | undefined;
  /** What was appended since, oldest first. */
  readonly changes: readonly Uint8Array[];
  /** The version to be expected by the next write. */
  readonly version: bigint;
  /** How many bytes of a write that was interrupted, and so never confirmed, were left out. */
  readonly tornBytes?: number | undefined;
}

/**
 * Where a gate's state lives. A store knows nothing of events: it keeps bytes.
 *
 * - A write resolves once it is as durable as the store promises, and not before. One that rejects
 *   has either happened as a whole or not at all.
 * - There is one writer of a name at a time. Every write names the version that it expects, and
 *   returns the one that the next write has to expect; versions of a name only rise. A write that
 *   expects another version than the current one is refused as `fenced`, and changes nothing.
 * - `replace` keeps the old state until the new one is as durable as the store promises.
 * - Whatever else goes wrong is an `OncewardError` with the code `store` and its cause; damaged bytes
 *   are `corrupt`, and are left as they are.
 */
export interface Store {
  /**
   * Returns the state under a name, or `undefined` where there is none; the first write then expects
   * `0n`. It makes the caller the writer.
   */
  load(name: string): Promise<StoredState | undefined>;

  /** Adds changes to the state under a name. */
  append(name: string, changes: Uint8Array, expect: bigint): Promise<bigint>;

  /** Puts a snapshot in the place of everything under a name. */
  replace(name: string, snapshot: Uint8Array, expect: bigint): Promise<bigint>;

  /**
   * Calls a listener with changes that others have written under a name, in the order of writing and
   * after `load`, until the function that is returned is called. For stores that several copies of a
   * gate share.
   */
  subscribe?(name: string, listener: (changes: Uint8Array) => void): () => void;

  /** Says that the gate under a name was closed: locks and handles are given back. */
  release?(name: string): Promise<void>;

  /** Gives everything back. A name that is loaded afterwards is opened anew. */
  close?(): Promise<void>;
}
