/**
 * The memory store keeps the contract.
 * @module
 */
import assert from "node:assert/strict";
import test from "node:test";
import { OncewardError } from "onceward";
import { memory } from "onceward/memory";
import { storeContract } from "onceward/store-contract";

for (const { name, run } of storeContract(async () => ({ store: memory() }))) {
  test(name, run);
}

test("two stores know nothing of each other", async () => {
  const [one, other] = [memory(), memory()];
  await one.append("a", Uint8Array.of(1), 0n);
  assert.equal(await other.load("a"), undefined);
});

test("what it refuses is an error of the package", async () => {
  await assert.rejects(memory().append("a", Uint8Array.of(1), 1n), (error) => {
    assert.ok(error instanceof OncewardError);
    assert.equal(error.code, "fenced");
    return true;
  });
});

test("bytes are copied when a write is called, not when it resolves", async () => {
  const store = memory();
  const bytes = Buffer.from([1, 2, 3]);
  const writing = store.replace("a", bytes, 0n);
  bytes.fill(0);
  await writing;
  assert.deepEqual(await store.load("a"), {
    snapshot: Uint8Array.of(1, 2, 3),
    changes: [],
    version: 1n,
  });
});
