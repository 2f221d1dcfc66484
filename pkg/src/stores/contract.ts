/**
 * The contract of a store as cases that any test runner can run.
 * @module onceward/store-contract
 */

import { CASES } from "./contract/cases.js";
import type { StoreUnderTest } from "./contract/subject.js";

export type { StoreUnderTest };

/** One rule of the contract. */
export interface ContractCase {
  /** The rule, in a sentence. */
  readonly name: string;

  /** Tries it on an empty store. It rejects with an `Error` that says how the rule was broken. */
  run(): Promise<void>;
}

async function runOn(
  open: () => Promise<StoreUnderTest>,
  check: (under: StoreUnderTest) => Promise<void>,
): Promise<void> {
  const under = await open();
  try {
    await check(under);
  } catch (error) {
    // What the case found says more than what may go wrong while clearing up after it.
    await (async () => under.dispose?.())().catch(() => undefined);
    throw error;
  }
  await under.dispose?.();
}

/**
 * Returns what every store has to do, as cases that depend on each other in nothing.
 *
 * The cases write up to 10 MiB under one name, and 300 times in a row.
 *
 * @param open Returns an empty store at each call.
 *
 * @example
 * ```ts
 * import test from "node:test";
 * import { storeContract } from "onceward/store-contract";
 *
 * for (const { name, run } of storeContract(async () => ({ store: myStore() }))) {
 *   test(name, run);
 * }
 * ```
 */
export function storeContract(open: () => Promise<StoreUnderTest>): readonly ContractCase[] {
  return CASES.map(([name, check]) => ({ name, run: () => runOn(open, check) }));
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/**
 * Runs all cases of `storeContract`, one after the other.
 *
 * @throws {AggregateError} when the store breaks the contract: its message names every case that
 * failed, with the reason, and `errors` has their errors.
 *
 * @example
 * ```ts
 * await checkStore(async () => ({ store: myStore() }));
 * ```
 */
export async function checkStore(open: () => Promise<StoreUnderTest>): Promise<void> {
  const cases = storeContract(open);
  const lines: string[] = [];
  const errors: unknown[] = [];
  for (const { name, run } of cases) {
    try {
      await run();
    } catch (error) {
      errors.push(error);
      lines.push(`- ${name}: ${messageOf(error)}`);
    }
  }
  if (errors.length > 0) {
    throw new AggregateError(
      errors,
      `the store breaks ${errors.length} of ${cases.length} rules:\n${lines.join("\n")}`,
    );
  }
}
