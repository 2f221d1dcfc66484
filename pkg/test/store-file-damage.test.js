/**
 * The file store and damaged files: a torn end is cut, all other damage is left as it is.
 * @module
 */
import assert from "node:assert/strict";
import { appendFile, readFile, rm, stat, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import test from "node:test";
import { file, salvage } from "onceward/file";
import { BEGUN, begin, bytes, contents, rejects, temporaryFolder, texts } from "./helpers/files.js";

test("a torn end is reported, left out, and cut by the next append", async (t) => {
  const { path, store, ends, journal } = await begin(t);
  await store.release("a");
  const [, valid, whole] = ends;
  const full = await readFile(journal);
  for (let length = valid + 1; length < whole; length += 1) {
    await writeFile(journal, full.subarray(0, length));
    const before = await contents(path);
    const state = await store.load("a");
    assert.deepEqual(texts(state), { ...BEGUN, changes: ["one", "two"] });
    assert.equal(state.tornBytes, length - valid);
    assert.deepEqual(await contents(path), before);
    assert.deepEqual(await salvage(path, "a"), {
      snapshot: state.snapshot,
      changes: state.changes,
      lostBytes: length - valid,
    });

    const version = await store.append("a", bytes("new"), state.version);
    assert.equal((await stat(journal)).size, Number(version % 2n ** 48n));
    await store.append("a", bytes("newer"), version);
    await store.release("a");
    const next = await store.load("a");
    assert.deepEqual(texts(next), { ...BEGUN, changes: ["one", "two", "new", "newer"] });
    assert.equal(next.tornBytes, 0);
    await store.release("a");
  }
});

test("zeros at the end, as power cuts leave them, are a torn end", async (t) => {
  const { store, journal } = await begin(t);
  await store.release("a");
  for (const length of [1, 8, 100, 5000]) {
    await appendFile(journal, new Uint8Array(length));
    const state = await store.load("a");
    assert.deepEqual(texts(state), BEGUN);
    assert.equal(state.tornBytes, length);
    await truncate(journal, (await stat(journal)).size - length);
  }
});

test("a journal that is nothing but torn is reported, too", async (t) => {
  const { store, journal } = await begin(t);
  await store.append("b", bytes("one"), 0n);
  await store.release("b");
  const path = join(journal, "../n-b.0.journal");
  await truncate(path, 5);
  const state = await store.load("b");
  assert.deepEqual(state, { snapshot: undefined, changes: [], version: 0n, tornBytes: 5 });
  await store.append("b", bytes("two"), 0n);
  await store.close();
  assert.deepEqual(texts(await store.load("b")), { changes: ["two"] });
});

test("a torn end does not stand in the way of a snapshot", async (t) => {
  const { store, ends, journal } = await begin(t);
  await store.release("a");
  await truncate(journal, ends[2] - 1);
  const { version } = await store.load("a");
  await store.replace("a", bytes("new"), version);
  await store.release("a");
  assert.deepEqual(texts(await store.load("a")), { snapshot: "new", changes: [] });
});

/** Asserts that the state is corrupt, that it stays as it is, and what of it can be salvaged. */
async function isCorrupt({ path, message, changes, lostBytes, snapshot = BEGUN.snapshot }) {
  const before = await contents(path);
  const store = file(path);
  const calls = [
    () => store.load("a"),
    () => store.append("a", bytes("x"), 2n ** 48n),
    () => store.replace("a", bytes("x"), 2n ** 48n),
    // Had the first store kept the lock, this were another error.
    () => file(path).load("a"),
  ];
  for (const call of calls) {
    await rejects("corrupt", call(), message);
  }
  const left = await salvage(path, "a");
  assert.deepEqual(texts(left), { ...(snapshot && { snapshot }), changes }, message);
  assert.equal(left.lostBytes, lostBytes, message);
  assert.deepEqual(await contents(path), before, message);
}

test("any byte that changes before the last record is damage", async (t) => {
  const { path, store, ends, journal } = await begin(t);
  await store.close();
  const full = await readFile(journal);
  const [first, second] = ends;
  for (let index = 0; index < second; index += 1) {
    const damaged = Uint8Array.from(full);
    damaged[index] ^= 1 << (index % 8);
    await writeFile(journal, damaged);
    const changes = index < first ? [] : ["one"];
    const lostBytes = full.length - (index < first ? 0 : first);
    await isCorrupt({ path, message: `byte ${index}`, changes, lostBytes });
  }
});

test("a byte that changes in the last record never makes another change of it", async (t) => {
  const { path, store, ends, journal } = await begin(t);
  await store.close();
  const full = await readFile(journal);
  for (let index = ends[1]; index < ends[2]; index += 1) {
    const damaged = Uint8Array.from(full);
    damaged[index] ^= 0x10;
    await writeFile(journal, damaged);
    const { changes, lostBytes } = await salvage(path, "a");
    assert.deepEqual(
      changes.map(String),
      ["one", "two"].map((text) => String(bytes(text))),
    );
    assert.equal(lostBytes, ends[2] - ends[1]);
    await store.load("a").then(
      (state) => assert.deepEqual(texts(state).changes, ["one", "two"]),
      (error) => assert.equal(error.code, "corrupt"),
    );
    await store.release("a");
  }
});

test("records that are missing, twice there or in another order are damage", async (t) => {
  const { path, store, ends, journal } = await begin(t);
  await store.close();
  const full = await readFile(journal);
  const [one, two, three] = [0, ...ends].map((end, index, all) =>
    full.subarray(end, all[index + 1]),
  );
  const length = (...parts) => parts.reduce((sum, part) => sum + part.length, 0);
  const cases = {
    "the first is missing": [[], [two, three]],
    "the second is missing": [["one"], [one, three]],
    "the first is there twice": [["one"], [one, one, two, three]],
    "the last is there twice": [BEGUN.changes, [one, two, three, three]],
    "they change places": [["one"], [one, three, two]],
  };
  for (const [message, [changes, parts]] of Object.entries(cases)) {
    await writeFile(journal, Buffer.concat(parts));
    const kept = [one, two, three].slice(0, changes.length);
    await isCorrupt({ path, message, changes, lostBytes: length(...parts) - length(...kept) });
  }
});

test("a journal belongs to its snapshot and its generation", async (t) => {
  const { path, store, ends, journal } = await begin(t);
  await store.close();
  const snapshot = join(path, "n-a.1.snapshot");
  const full = await readFile(journal);
  const lostBytes = ends[2];

  await writeFile(snapshot, "snapshoT");
  await isCorrupt({ path, message: "changed", snapshot: "snapshoT", changes: [], lostBytes });

  await rm(snapshot);
  await isCorrupt({ path, message: "gone", snapshot: null, changes: [], lostBytes });

  await truncate(journal, 0);
  await isCorrupt({ path, message: "gone", snapshot: null, changes: [], lostBytes: 0 });

  await rm(journal);
  await writeFile(join(path, "n-a.2.snapshot"), BEGUN.snapshot);
  await writeFile(join(path, "n-a.2.journal"), full);
  await isCorrupt({ path, message: "another generation", changes: [], lostBytes });
});

test("damage in a generation that is over is of no consequence", async (t) => {
  const { path, store, version, journal } = await begin(t);
  const next = await store.replace("a", bytes("new"), version);
  await store.append("a", bytes("change"), next);
  await store.release("a");
  await writeFile(journal, "damaged");
  await rm(join(path, "n-a.1.snapshot"));
  assert.deepEqual(texts(await store.load("a")), { snapshot: "new", changes: ["change"] });
});

test("salvage reads a state that is whole, or not there, and needs no lock", async (t) => {
  const { path } = await begin(t);
  assert.deepEqual(texts(await salvage(path, "a")), BEGUN);
  assert.equal((await salvage(path, "a")).lostBytes, 0);
  const empty = await temporaryFolder(t);
  assert.deepEqual(await salvage(empty, "a"), { snapshot: undefined, changes: [], lostBytes: 0 });
  assert.deepEqual(await contents(empty), []);
});
