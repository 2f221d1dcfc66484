/**
 * Keys, revisions, positions and claims.
 * @module
 */
import { openGate } from "./world.mjs";

const MINUTE = 60_000;
const BEYOND_U64 = 2n ** 64n + 1n;

/** Checks what is said of keys, one at a time and many at once. */
export async function checkKeys(onceward, witness) {
  const { gate, clock } = await openGate(onceward, { retention: "1h" });
  const paid = { scope: "bank", id: "tx-1", content: { amount: 5, to: "Zoë 🐈" } };
  witness.judges(gate, paid, "fresh", paid, "duplicate", { ...paid, content: 6 }, "conflict");
  witness.judges(gate, { id: "tx-1" }, "fresh", { scope: "shop", id: "tx-1" }, "fresh");
  witness.is(gate.inspect({ id: "seen" }).verdict, "fresh", "a key that is only looked at");
  witness.is(gate.checkId("seen"), "fresh", "a key that was only looked at");
  const verdicts = gate.checkAll([{ id: "b" }, { id: "b" }, { id: "c" }]);
  witness.is(verdicts, ["fresh", "duplicate", "fresh"], "a batch");
  witness.is(
    gate.filter(["c", "d", "d", "é"], (id) => ({ id })),
    ["d", "é"],
    "what a filter lets through",
  );
  clock.now += 61 * MINUTE;
  witness.judges(gate, { id: "old", time: clock.now - 60 * MINUTE }, "expired");
  witness.judges(gate, paid, "fresh");
  await gate.close();
}

/** Checks what is said of revisions, also of those that no number holds. */
export async function checkRevisions(onceward, witness) {
  const { gate } = await openGate(onceward);
  const at = (revision, more) => ({ scope: "prices", entity: "ACME", revision, ...more });
  witness.judges(gate, at(7), "fresh", at(7n), "duplicate", at("5"), "stale", at(8), "fresh");
  witness.judges(gate, at(BEYOND_U64), "fresh", at(BEYOND_U64 - 1n), "stale");
  witness.judges(gate, at(BEYOND_U64, { content: 1 }), "duplicate");
  const { verdict, current } = gate.inspect(at(3));
  witness.is([verdict, current], ["stale", BEYOND_U64], "a stale revision, looked at");
  const column = gate.checkRevisions(["a", "b", "a"], new BigUint64Array([1n, 1n, 1n]));
  witness.is([...column], ["fresh", "fresh", "duplicate"], "a column of revisions");
  const { gate: strict } = await openGate(onceward, { revisions: "next", firstRevision: 1 });
  witness.judges(strict, at(2), "early", at(1), "fresh", at(2), "fresh");
  await Promise.all([gate.close(), strict.close()]);
}

/** Checks what is said of positions: after a mark, and within a window. */
export async function checkPositions(onceward, witness) {
  const { gate } = await openGate(onceward);
  const at = (position, epoch) => ({ scope: "orders", source: "3", position, epoch });
  witness.judges(gate, at(1042n), "fresh", at(1042), "duplicate", at(1000), "duplicate");
  witness.judges(gate, at(1, 2), "fresh", at(2000, 1), "stale", at(2, 2), "fresh");
  const column = gate.checkPositions("4", [5, 5, 6, 4], { scope: "orders" });
  witness.is([...column.codes], [0, 1, 0, 1], "a column of positions");
  const { gate: window } = await openGate(onceward, { positions: { window: 64 } });
  witness.judges(window, at(100), "fresh", at(60), "fresh", at(60), "duplicate", at(9), "expired");
  await Promise.all([gate.close(), window.close()]);
}

async function checkLeases(onceward, witness, { gate, clock }) {
  const event = { scope: "pay", id: "order-1", content: { amount: 5 } };
  const slow = gate.claim(event);
  witness.is([slow.verdict, slow.attempt, slow.takeover], ["fresh", 1, false], "a claim");
  const { verdict, retryAfter } = gate.claim(event);
  witness.is([verdict, retryAfter], ["pending", MINUTE], "another while it lives");
  clock.now += MINUTE;
  const quick = gate.claim(event);
  witness.is([quick.verdict, quick.attempt, quick.takeover], ["fresh", 2, true], "a takeover");
  witness.is(quick.token > slow.token, true, "the greater token");
  witness.is(quick.commit({ receipt: "r-17" }), "committed", "its commit");
  const { refusal } = await witness.fails(onceward, "lost_claim", () => slow.commit());
  witness.is([refusal.verdict, refusal.result], ["duplicate", { receipt: "r-17" }], "the winner");
  witness.is(gate.claim({ ...event, content: 7 }).verdict, "conflict", "other content");
}

/** Checks claims, takeovers, and acting once. */
export async function checkClaims(onceward, witness) {
  const opened = await openGate(onceward);
  const { gate } = opened;
  await checkLeases(onceward, witness, opened);
  let runs = 0;
  const effect = async ({ token }) => {
    runs += 1;
    await undefined;
    return { run: runs, token: String(token > 0n) };
  };
  const outcomes = await Promise.all([1, 2, 3].map(() => gate.once({ id: "once" }, effect)));
  witness.is(
    outcomes.map(({ status, value }) => [status, value.run, value.token]),
    [
      ["applied", 1, "true"],
      ["replayed", 1, "true"],
      ["replayed", 1, "true"],
    ],
    "three callers at once",
  );
  const failing = () => Promise.reject(new TypeError("the effect fails"));
  const thrown = await gate.once({ id: "again" }, failing).catch(({ message }) => message);
  witness.is(thrown, "the effect fails", "what an effect throws");
  const { status, value } = await gate.once({ id: "again" }, () => new Uint8Array([1, 2]));
  witness.is([status, value], ["applied", new Uint8Array([1, 2])], "after a release");
  witness.sum(gate.snapshot());
  await gate.close();
}
