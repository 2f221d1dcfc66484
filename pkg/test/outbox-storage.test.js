/**
 * The storages of an outbox that are stores: in memory, in files, and in a Durable Object;
 * each by the same rules.
 * @module
 */
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import { file } from "onceward/file";
import { memory } from "onceward/memory";
import { encodeRecord, storedIn } from "../dist/internals.js";
import { CASES } from "./helpers/items-contract.js";
import { workerd } from "./helpers/workerd.js";

async function wait(isThere) {
  while (!isThere()) {
    await turn();
  }
}

for (const [rule, check] of CASES) {
  test(`in memory: ${rule}`, { timeout: 20_000 }, async () => {
    const store = memory();
    await check(storedIn(store), { wait, reopen: async () => storedIn(store) });
  });

  test(`in files: ${rule}`, { timeout: 20_000 }, async (t) => {
    const folder = await mkdtemp(join(tmpdir(), "onceward-outbox-"));
    const stores = [file(folder)];
    t.after(async () => {
      await Promise.all(stores.map((store) => store.close()));
      await rm(folder, { recursive: true, force: true });
    });
    const reopen = async () => {
      await stores.at(-1).close();
      stores.push(file(folder));
      return storedIn(stores.at(-1));
    };
    await check(storedIn(stores[0]), { wait, reopen });
  });
}

test("in a Durable Object: all of them", { timeout: 60_000 }, async (t) => {
  const objects = { RULES: { className: "Rules", useSQLite: true } };
  const worker = await workerd(t, new URL("helpers/items-object.js", import.meta.url), objects);
  const results = await (await worker.fetch("RULES", "rules", "")).json();
  assert.equal(results.length, CASES.length);
  for (const { rule, error } of results) {
    assert.equal(error, undefined, rule);
  }
});

const DRAFT = {
  ...{ key: "k", scope: "", state: "waiting", revision: 0, attempts: 0, failures: 0 },
  ...{ enqueuedAt: 1, changedAt: 1, notBefore: 1 },
  request: { method: "POST", url: "https://a.example/", headers: [] },
};

test("what cannot be read is corrupt, and stays as it is", async () => {
  const good = encodeRecord({ next: 2, entries: [{ number: 1, item: { number: 1, ...DRAFT } }] });
  const bad = [
    new Uint8Array(),
    good.subarray(0, 3),
    good.subarray(0, good.length - 1),
    Uint8Array.of(...good, 0),
    encodeRecord({ next: 2, entries: [{ number: 1, item: { number: 1, ...DRAFT, state: "?" } }] }),
    encodeRecord({ next: -1, entries: [] }),
  ];
  for (const [index, bytes] of bad.entries()) {
    const store = memory();
    await store.append("a", bytes, 0n);
    await assert.rejects(storedIn(store).items("a"), { code: "corrupt" }, `bytes ${index}`);
    assert.deepEqual((await store.load("a")).changes, [bytes]);
  }
  const store = memory();
  await store.append("a", Uint8Array.of(2, ...good.subarray(1)), 0n);
  await assert.rejects(storedIn(store).items("a"), { code: "unsupported_version" });
});

test("a write that fails has happened as a whole or not at all", async () => {
  const inner = memory();
  let plan;
  const store = {
    ...inner,
    async append(...args) {
      const how = plan;
      plan = undefined;
      if (how === "before") {
        throw new Error("the disk failed");
      }
      const version = await inner.append(...args);
      if (how === "after") {
        throw new Error("the disk failed");
      }
      return version;
    },
  };
  const items = await storedIn(store).items("a");
  for (const [how, keys] of [
    ["before", ["good 0"]],
    ["after", ["good 0", "bad after", "bad too", "good 1"]],
  ]) {
    plan = how;
    const failing = ["bad after", "bad too"].map((key) => items.add({ ...DRAFT, key }));
    const good = failing[1].catch(() =>
      items.add({ ...DRAFT, key: `good ${how === "after" ? 1 : 0}` }),
    );
    for (const add of failing) {
      await assert.rejects(add, { code: "store" });
    }
    await good;
    assert.deepEqual(
      (await items.read()).map(({ key }) => key),
      keys,
    );
  }
});
