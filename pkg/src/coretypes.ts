/**
 * What goes into the core and comes out of it.
 * @module
 */

/**
 * What the core needs to know of a gate's options; ordinals are in decimal. All are own properties.
 */
export interface CoreOptions {
  readonly retention: number;
  readonly resultRetention: number;
  readonly maxResultBytes: number;
  readonly lease: number;
  readonly afterCrash: string;
  readonly maxSkew: number;
  readonly maxClockJump: number;
  readonly maxBytes: number;
  readonly revisions: string;
  readonly firstRevision: string | undefined;
  readonly positions: string | { readonly window: number };
  readonly firstPosition: string | undefined;
  readonly maxJump: string | undefined;
  readonly timeFromId: boolean;
}

/** What the core says about an event that is only looked at, or refused. */
export interface CoreInspection {
  readonly verdict: number;
  readonly result?: Uint8Array;
  readonly isJson?: boolean;
  readonly omitted?: true;
  readonly retryAfter?: number;
  readonly expected?: string;
  readonly current?: string;
  readonly since?: number;
}

/** What the core says of a claim that it granted. */
export interface CoreClaim {
  readonly verdict: 0;
  /** What the core knows the claim by. */
  readonly ticket: Uint8Array;
  readonly token: bigint;
  readonly attempt: number;
  readonly takeover: boolean;
  readonly leaseUntil: number;
}

/** A doubt, as the core reports it. */
export interface CoreDoubt {
  readonly key: string;
  readonly token: bigint;
  readonly attempt: number;
  readonly since: number;
}

/** The core's counters. */
export interface CoreStats {
  readonly keys: number;
  readonly entities: number;
  readonly sources: number;
  readonly claims: number;
  readonly bytes: number;
  readonly maxBytes: number;
  readonly horizon: number;
  readonly verdicts: readonly number[];
}

/** What a merge has changed, as the core reports it. */
export interface CoreMerge {
  readonly keys: number;
  readonly entities: number;
  readonly sources: number;
  readonly doubleRuns: readonly {
    readonly key: string;
    readonly winner: string;
    readonly loser: string;
  }[];
}

/** What a store is to be told. */
export interface CoreChanges {
  readonly bytes: Uint8Array;
  /** Whether it replaces what the store has. */
  readonly isSnapshot: boolean;
}

/** Events that were judged, to be recorded later. */
export interface CoreStage {
  readonly number: number;
  readonly codes: Uint8Array;
  readonly changes: Uint8Array;
}

/** What was read of a journal. */
export interface CoreJournal {
  readonly records: Uint8Array[];
  /** What it goes on from. */
  readonly tip: Uint8Array;
  readonly lostBytes: number;
}
