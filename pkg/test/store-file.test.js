/**
 * The file store: the contract, its locks, and its files.
 * @module
 */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { appendFile, readdir, stat, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import test from "node:test";
import { fileURLToPath } from "node:url";
import { Gate } from "onceward";
import { file, salvage } from "onceward/file";
import { storeContract } from "onceward/store-contract";
import {
  BEGUN,
  begin,
  bytes,
  closing,
  contents,
  folder,
  rejects,
  temporaryFolder,
  texts,
} from "./helpers/files.js";

async function open() {
  const { path, remove } = await folder();
  let store = file(path);
  return {
    store,
    async reopen() {
      await store.close();
      store = file(path);
      return store;
    },
    async dispose() {
      await store.close();
      await remove();
    },
  };
}

for (const { name, run } of storeContract(open)) {
  test(name, run);
}

test("what is wrong with the options is told at once", () => {
  for (const directory of ["", undefined, 5, null]) {
    assert.throws(() => file(directory), { code: "invalid_option" });
  }
  for (const options of [{ wait: -1 }, { wait: "5" }, { wait: 0.5 }, { lock: true }, 5, null]) {
    assert.throws(() => file("x", options), { code: "invalid_option" }, JSON.stringify(options));
  }
});

test("a name that UTF-8 cannot express is refused, as an option is", async (t) => {
  const { path, store } = await begin(t);
  for (const call of [
    () => store.load("\ud800"),
    () => store.append("\ud800", bytes("x"), 0n),
    () => store.replace("a\udfff", bytes("x"), 0n),
    () => salvage(path, "\ud800"),
    () => salvage("", "a"),
  ]) {
    await rejects("invalid_option", call());
  }
});

test("bytes are copied when a write is called, not when its turn comes", async (t) => {
  const store = closing(t, file(await temporaryFolder(t)));
  const given = Buffer.from("given");
  const writes = [store.replace("a", given, 0n), store.append("a", given, 2n ** 48n)];
  given.fill(0);
  await Promise.all(writes);
  assert.deepEqual(texts(await store.load("a")), { snapshot: "given", changes: ["given"] });
});

test("an empty snapshot is not the same as none", async (t) => {
  const store = closing(t, file(await temporaryFolder(t)));
  const version = await store.replace("a", new Uint8Array(0), 0n);
  await store.close();
  const state = await store.load("a");
  assert.deepEqual(state, { snapshot: new Uint8Array(0), changes: [], version, tornBytes: 0 });
});

test("a second store object is refused while the first one holds the name, and only then", async (t) => {
  const { path, store, version } = await begin(t);
  const other = closing(t, file(path));
  const refused = async () => {
    for (const call of [
      () => other.load("a"),
      () => other.append("a", bytes("x"), version),
      () => other.replace("a", bytes("x"), version),
    ]) {
      const error = await rejects("store", call());
      assert.equal(error.message, "another writer has it open");
    }
  };
  await refused();
  assert.equal(await other.load("b"), undefined);
  await store.release("a");
  assert.equal((await other.load("a")).version, version);
  await rejects("store", store.load("a"));
  await other.release("a");
  await store.load("a");
  await refused();
  await store.close();
  await other.append("a", bytes("four"), version);
  await rejects("store", store.append("a", bytes("x"), version));
});

test("a write where nothing was loaded takes the lock, unless it is refused as fenced", async (t) => {
  const { path, store, version } = await begin(t);
  const other = closing(t, file(path));
  await store.release("a");
  await rejects("fenced", other.append("a", bytes("x"), version - 1n));
  assert.equal((await store.load("a")).version, version);
  await store.release("a");
  const next = await other.append("a", bytes("four"), version);
  await rejects("store", store.load("a"));
  await other.replace("a", bytes("new"), next);
  await other.close();
  assert.deepEqual(texts(await store.load("a")), { snapshot: "new", changes: [] });
});

test("it waits for the lock as long as it is told", async (t) => {
  const { path, store } = await begin(t);
  const short = closing(t, file(path, { wait: 60 }));
  const long = closing(t, file(path, { wait: "30s" }));
  const before = performance.now();
  await rejects("store", short.load("a"));
  assert.ok(performance.now() - before >= 50);
  const waiting = long.load("a");
  await store.release("a");
  assert.deepEqual(texts(await waiting), BEGUN);
});

/** Starts a process that opens "a" and holds it, or says why it cannot. */
async function hold(t, path) {
  const script = fileURLToPath(new URL("helpers/hold.js", import.meta.url));
  const child = spawn(process.execPath, [script, path], { stdio: ["ignore", "pipe", "inherit"] });
  t.after(() => child.kill("SIGKILL"));
  const [said] = await once(child.stdout, "data");
  return { child, said: String(said) };
}

test("a second process is refused while the first one holds the name", async (t) => {
  const { path, store } = await begin(t);
  const refused = await hold(t, path);
  assert.equal(refused.said, "store: another writer has it open\n");
  await store.release("a");
  assert.equal((await hold(t, path)).said, "holds\n");
  await rejects("store", store.load("a"));
});

test("a process that is killed frees its names at once, and what it wrote is there", async (t) => {
  const { path, store, version } = await begin(t);
  await store.release("a");
  const { child } = await hold(t, path);
  await rejects("store", store.load("a"));
  const exit = once(child, "exit");
  child.kill("SIGKILL");
  await exit;
  const state = await store.load("a");
  assert.deepEqual(texts(state).changes, [...BEGUN.changes, `process ${child.pid}`]);
  await store.append("a", bytes("four"), state.version);
  assert.ok(state.version > version);
});

test("a writer that does not respect the lock is noticed, and not written over", async (t) => {
  for (const meddle of [
    ({ journal }) => appendFile(journal, "x"),
    ({ journal }) => truncate(journal, 5),
    ({ path }) => writeFile(join(path, "n-a.2.snapshot"), "x"),
  ]) {
    const { path, store, version, journal } = await begin(t);
    await meddle({ path, journal });
    const before = await contents(path);
    await rejects("fenced", store.append("a", bytes("x"), version));
    await rejects("fenced", store.replace("a", bytes("x"), version));
    assert.deepEqual(await contents(path), before);
  }
});

test("what is in the way is an error with its cause", async (t) => {
  const { path } = await begin(t);
  const taken = join(path, "taken");
  await writeFile(taken, "");
  for (const directory of [taken, join(taken, "b")]) {
    const error = await rejects("store", file(directory).load("a"));
    assert.ok(["EEXIST", "ENOTDIR"].includes(error.cause.code), String(error.cause));
  }
  const error = await rejects("store", salvage(join(path, "no such folder"), "a"));
  assert.equal(error.cause.code, "ENOENT");
});

test("a folder is made with those above it", async (t) => {
  const path = join(await temporaryFolder(t), "x", "y", "z");
  const store = closing(t, file(path));
  assert.equal(await store.load("a"), undefined);
  assert.deepEqual(await readdir(path), ["n-a.lock"]);
});

test("names become stems of files, all of them different, also where case is ignored", async (t) => {
  const path = await temporaryFolder(t);
  const store = closing(t, file(path));
  const hash = (name) => `h-${createHash("sha256").update(name).digest("hex")}`;
  const long = "x".repeat(98);
  const stems = {
    ...{ a: "n-a", A: "n-%41", "": "n-", con: "n-con", "%41": "n-%2541", "..": "n-%2e%2e" },
    ...{ "a/b.c_d-e": "n-a%2fb%2ec_d-e", ü: "n-%c3%bc", "u\u0308": "n-u%cc%88" },
    ...{ [long]: `n-${long}`, [`${long}x`]: hash(`${long}x`), [`${long}X`]: hash(`${long}X`) },
  };
  for (const name of Object.keys(stems)) {
    await store.append(name, bytes(name), 0n);
  }
  const expected = Object.values(stems).flatMap((stem) => [`${stem}.0.journal`, `${stem}.lock`]);
  assert.deepEqual((await readdir(path)).sort(), expected.sort());
  assert.equal(new Set(expected.map((name) => name.toLowerCase())).size, expected.length);
});

test("only the owner may read the files", async (t) => {
  const { path } = await begin(t);
  for (const name of await readdir(path)) {
    const mode = (await stat(join(path, name))).mode & 0o777;
    // Windows knows of no more than whether a file may be written.
    assert.equal(mode, process.platform === "win32" ? 0o666 : 0o600, name);
  }
});

test("two generations are kept, and what was never finished goes", async (t) => {
  const { path, store, version: first } = await begin(t);
  await store.append("b", bytes("other"), 0n);
  await writeFile(join(path, "n-a.7.snapshot.tmp"), "unfinished");
  await writeFile(join(path, "n-a.1.journal.tmp"), "unfinished");
  await writeFile(join(path, "n-a.txt"), "of someone else");
  const others = ["n-a.lock", "n-a.txt", "n-b.0.journal", "n-b.lock"];
  let version = first;
  for (const generation of [2, 3, 4, 5]) {
    const before = generation - 1;
    version = await store.replace("a", bytes(`snapshot ${generation}`), version);
    const kept = [`n-a.${before}.snapshot`, `n-a.${before}.journal`, `n-a.${generation}.snapshot`];
    assert.deepEqual((await readdir(path)).sort(), [...others, ...kept].sort());
    version = await store.append("a", bytes(`change ${generation}`), version);
    assert.equal(version >> 48n, BigInt(generation));
    if (generation === 3) {
      await store.close();
      assert.deepEqual(texts(await store.load("a")), {
        snapshot: "snapshot 3",
        changes: ["change 3"],
      });
    }
  }
});

test("a journal does not outgrow what can be read again", async (t) => {
  const { store, version } = await begin(t);
  const error = await rejects("store", store.append("a", new Uint8Array(2 ** 28), version));
  assert.match(error.message, /268435456 bytes/);
  await store.append("a", bytes("four"), version);
});

test("a gate finds its state again, and is the only one", async (t) => {
  const path = await temporaryFolder(t);
  const first = await Gate.open({ store: file(path), name: "orders" });
  assert.equal(first.check({ id: "tx-1" }), "fresh");
  await rejects("store", Gate.open({ store: file(path), name: "orders" }));
  const other = await Gate.open({ store: file(path), name: "mail" });
  assert.equal(other.check({ id: "tx-1" }), "fresh");
  await Promise.all([first.close(), other.close()]);
  const again = await Gate.open({ store: file(path), name: "orders" });
  assert.equal(again.check({ id: "tx-1" }), "duplicate");
  assert.equal(again.check({ id: "tx-2" }), "fresh");
  await again.close();
});
