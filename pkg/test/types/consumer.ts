/**
 * A program that uses the package: it is compiled against what is published, never run.
 * @module
 */

import {
  type Claim,
  type DoubleRun,
  type Doubt,
  type Duration,
  type ErrorCode,
  Gate,
  type GateEvent,
  type GateOptions,
  type Inspection,
  isOncewardError,
  type MergeReport,
  OncewardError,
  type Outcome,
  ordinal,
  type Recovery,
  type Refusal,
  ready,
  type Stage,
  type Stats,
  type Store,
  type StoredState,
  taskClock,
  type Verdict,
  type Verdicts,
} from "onceward";
import { file, type Salvaged, salvage } from "onceward/file";
import { memory } from "onceward/memory";
import { checkStore, storeContract } from "onceward/store-contract";

/** Whether two types are the same, and neither is `any`. */
type Same<A, B> =
  (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

function same<A, B>(_: Same<A, B>): void {}

/** Opens gates in all ways. */
export async function opens(store: Store): Promise<Gate[]> {
  const options: GateOptions = { retention: "24h", positions: { window: 64 }, clock: taskClock() };
  const lease: Duration = 5000;
  // @ts-expect-error: there is no such unit.
  const wrong: GateOptions = { lease: "5 minutes" };
  // @ts-expect-error: there is no such option.
  await Gate.open({ ttl: 1 });
  // @ts-expect-error: a store takes time.
  Gate.openSync({ store });
  // @ts-expect-error: gates are opened.
  new Gate();
  await ready();
  await ready({ wasm: new Uint8Array() });
  return [Gate.openSync(options), Gate.openSync(), await Gate.open({ store, lease, ...wrong })];
}

/** Asks a gate in all ways. */
export async function judges(gate: Gate): Promise<void> {
  const event: GateEvent = { scope: "a", id: "b", content: { c: [1, null] }, time: new Date() };
  same<Verdict, ReturnType<typeof gate.check>>(true);
  same<Verdict[], ReturnType<typeof gate.checkAll>>(true);
  const verdicts: Verdicts = gate.checkIds(["a"]);
  const shown: string[] = [...verdicts];
  const items = gate.filter([{ at: 1 }], ({ at }) => ({ entity: "e", revision: at }));
  same<{ at: number }[], typeof items>(true);
  // @ts-expect-error: a revision is a number, a bigint or a text.
  gate.check({ entity: "e", revision: true });
  const inspection: Inspection = gate.inspect(event);
  const stats: Stats = gate.stats();
  const recovery: Recovery | undefined = gate.recovery;
  const position: bigint = ordinal.lsn("16/B374D848");
  const stage: Stage = gate.stage([{ source: "s", position }]);
  stage.keep();
  const report: MergeReport = gate.merge(gate.snapshot());
  const runs: readonly DoubleRun[] = report.doubleRuns;
  const doubts: Doubt[] = gate.doubts();
  void [shown, inspection, stats, recovery, runs, doubts];
  await gate.close();
}

/** Claims, and narrows what comes of it. */
export async function claims(gate: Gate): Promise<string | undefined> {
  const claim: Claim | Refusal = gate.claim({ id: "a" }, { lease: "5m" });
  if (claim.verdict === "fresh") {
    same<Claim, typeof claim>(true);
    return claim.commit({ receipt: 7 });
  }
  const outcome: Outcome<number> = await gate.once({ id: "b" }, ({ token }) => Number(token));
  switch (outcome.status) {
    case "applied":
      return outcome.value.toFixed();
    case "replayed":
      return outcome.value?.toFixed();
    case "refused":
      return outcome.refusal.verdict;
  }
}

/** Branches on errors. */
export function fails(error: unknown): ErrorCode | undefined {
  if (isOncewardError(error)) {
    same<OncewardError, typeof error>(true);
    return error.code;
  }
  return new OncewardError("internal", "a message").code;
}

/** Keeps states. */
export async function keeps(): Promise<[StoredState | undefined, Salvaged]> {
  const store: Store = memory();
  await checkStore(async () => ({ store }));
  void storeContract;
  return [await file("a", { wait: "5s" }).load("b"), await salvage("a", "b")];
}
