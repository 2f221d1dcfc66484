/**
 * A bank behind a network that retries and reorders: never overdrawn, and right in the end, with a
 * sequencer for each account and a key for each transfer; and with less than that, wrong.
 * @module
 */
import assert from "node:assert/strict";
import test from "node:test";
import { actAtOnce, actInOrder, actOnce, makeTransfers } from "../../demo/bank.mjs";

for (const seed of [1, 2, 3, 42, Number(process.env.ONCEWARD_SEED ?? 7)]) {
  test(`deposits and withdrawals, retried and reordered: seed ${seed}`, async () => {
    const { truth, issued, deliveries } = makeTransfers(seed);
    assert.ok(deliveries.length > issued.length && issued.length > 2000);

    const naive = actAtOnce(deliveries);
    assert.ok(naive.overdrawn > 0);
    assert.notDeepEqual(naive.balances, truth);

    // Without the order the sums are right, but an account is overdrawn on the way.
    const once = await actOnce(deliveries);
    assert.ok(once.overdrawn > 0);
    assert.deepEqual(once.balances, truth);

    const ordered = await actInOrder(deliveries);
    assert.equal(ordered.overdrawn, 0);
    assert.deepEqual(ordered.balances, truth);
    assert.equal(ordered.held, 0);
    assert.equal(ordered.dropped, deliveries.length - issued.length);
  });
}
