/**
 * The file store when the disk fails, the process ends or the power is cut, at every single step.
 * @module
 */
import assert from "node:assert/strict";
import { readdir, stat } from "node:fs/promises";
import test from "node:test";
import { file } from "onceward/file";
import { nodeDisk, storeOn } from "../dist/internals.js";
import { faulty, ModelDisk } from "./helpers/disk.js";
import { BEGUN, begin, bytes, closing, rejects, temporaryFolder, texts } from "./helpers/files.js";

/** The writes of a history: `a` appends, `r` replaces. */
const HISTORY = "aaraarrara";

/** What is there after each number of writes of the history. */
const STATES = [undefined];
for (const [index, kind] of [...HISTORY].entries()) {
  const { snapshot, changes = [] } = STATES[index] ?? {};
  STATES.push(
    kind === "r"
      ? { snapshot: `snapshot ${index}`, changes: [] }
      : { ...(snapshot && { snapshot }), changes: [...changes, `change ${index}`] },
  );
}

function write(store, index, version) {
  return HISTORY[index] === "r"
    ? store.replace("a", bytes(`snapshot ${index}`), version)
    : store.append("a", bytes(`change ${index}`), version);
}

/** Runs the history until something fails; returns how many writes were confirmed. */
async function runHistory(store, length = HISTORY.length) {
  let confirmed = 0;
  try {
    let { version } = (await store.load("a")) ?? { version: 0n };
    for (; confirmed < length; confirmed += 1) {
      version = await write(store, confirmed, version);
    }
  } catch (error) {
    assert.equal(error.code, "store", String(error));
    assert.match(error.cause.message, /^planned failure/);
  }
  return confirmed;
}

/** Asserts that a state is as after the confirmed writes, or after the one that was under way. */
function isBeforeOrAfter(state, confirmed, message) {
  // At version 0n there is only a first write that was interrupted, and so is reported.
  const found = JSON.stringify(state?.version === 0n ? undefined : texts(state));
  const possible = [STATES[confirmed], STATES[confirmed + 1]].map((each) => JSON.stringify(each));
  assert.ok(possible.includes(found), `${message}: ${found} is none of ${possible.join(" and ")}`);
}

let folders = 0;

/** A folder that no store of this process knows, so that none remembers what went wrong in it. */
function newFolder() {
  folders += 1;
  return `/data/states-${folders}`;
}

/** A disk with what a power cut has left of a folder, under another name, as for a new process. */
function restart(image, from) {
  const path = newFolder();
  const moved = image.map(([at, content]) => [at.replace(from, path), content]);
  return { path, disk: ModelDisk.of(moved) };
}

/** Asserts that a store reads the state before or after, and that what it writes then stays. */
async function goesOn({ path, disk }, confirmed, message) {
  const store = storeOn(disk, path, 0);
  const state = await store.load("a");
  isBeforeOrAfter(state, confirmed, message);
  const changes = [...(texts(state)?.changes ?? []), "on"];
  await store.append("a", bytes("on"), state?.version ?? 0n);
  await store.release("a");
  assert.deepEqual(texts(await store.load("a")).changes, changes, message);
  await store.close();
  return changes;
}

test("a power cut at any step leaves the state before or after, and what was confirmed", async () => {
  let images = 0;
  let isOver = false;
  for (let step = 1; !isOver; step += 1) {
    for (const how of ["before", "half"]) {
      const model = new ModelDisk();
      const path = newFolder();
      const { disk, operations } = faulty(model, (count) =>
        count === step ? how : count > step ? "before" : undefined,
      );
      const confirmed = await runHistory(storeOn(disk, path, 0));
      isOver = operations.length < step;
      assert.equal(confirmed === HISTORY.length, isOver);
      for (const image of model.cut()) {
        images += 1;
        const message = `step ${step}, ${how}, ${operations[step - 1]}`;
        const after = restart(image, path);
        const changes = await goesOn(after, confirmed, message);
        for (const second of after.disk.cut()) {
          const later = restart(second, after.path);
          const state = await storeOn(later.disk, later.path, 0).load("a");
          assert.deepEqual(texts(state).changes, changes, message);
        }
      }
    }
  }
  assert.ok(images > 300, String(images));
});

for (const [what, kind, operation] of [
  ["change", "append", "sync n-a.0.journal"],
  ["snapshot", "replace", "syncFolder"],
]) {
  test(`a ${what} that load returned outlives a power cut, though its writer was killed before the sync`, async () => {
    const model = new ModelDisk();
    const path = newFolder();
    let isArmed = false;
    const { disk } = faulty(model, (_, name, at) =>
      isArmed && `${name} ${at.split("/").at(-1)}`.startsWith(operation) ? "before" : undefined,
    );
    const killed = storeOn(disk, path, 0);
    await killed.load("a");
    isArmed = true;
    await rejects("store", killed[kind]("a", bytes("unconfirmed"), 0n));
    await killed.close();
    // The next one finds it in the system's memory.
    const expected = texts(await storeOn(model, path, 0).load("a"));
    assert.ok(JSON.stringify(expected).includes("unconfirmed"));
    for (const image of model.cut()) {
      const later = restart(image, path);
      assert.deepEqual(texts(await storeOn(later.disk, later.path, 0).load("a")), expected);
    }
  });
}

/**
 * Runs the history on a disk that fails at one operation, or from there on, and then another store
 * on the same disk, which does not. Returns whether there were as many operations as that.
 */
async function failsAt({ real, path, step, how, isSticky, length }) {
  const { disk, operations } = faulty(real, (count) =>
    count === step || (isSticky && count > step) ? how : undefined,
  );
  const failing = storeOn(disk, path, 0);
  const confirmed = await runHistory(failing, length);
  await failing.close().catch((error) => assert.equal(error.code, "store"));
  const message = `${how} step ${step}${isSticky ? " and after" : ""}, ${operations[step - 1]}`;
  const store = storeOn(real, path, 0);
  await goesOn({ path, disk: real }, confirmed, message);
  const { version } = await store.load("a");
  await store.replace("a", bytes("new"), version);
  await store.close();
  const unfinished = (await real.list(path)).filter((name) => name.endsWith(".tmp"));
  assert.deepEqual(unfinished, [], message);
  return operations.length >= step;
}

for (const how of ["before", "after", "half"]) {
  for (const isSticky of [false, true]) {
    const when = isSticky ? "for good" : "once";
    test(`a disk that fails ${when}, ${how} any step, leaves the state before or after`, async () => {
      let step = 1;
      const next = () => ({ real: new ModelDisk(), path: newFolder(), step, how, isSticky });
      while (await failsAt(next())) {
        step += 1;
      }
      assert.ok(step > 60, String(step));
    });
  }
}

test("it is the same on a real disk", async (t) => {
  let step = 1;
  const next = async () => ({
    ...{ real: nodeDisk, path: await temporaryFolder(t), step },
    ...{ how: "half", isSticky: false, length: 4 },
  });
  while (await failsAt(await next())) {
    step += 1;
  }
  assert.ok(step > 30, String(step));
});

/** Makes a store that fails in the steps that `failing.plan` names, with three changes under "a". */
async function beginFailing(t) {
  const begun = await begin(t);
  await begun.store.close();
  const failing = { plan: () => undefined };
  const { disk, operations } = faulty(nodeDisk, (...step) => failing.plan(...step));
  const store = closing(t, storeOn(disk, begun.path, 0));
  const { version } = await store.load("a");
  return { ...begun, store, version, failing, operations };
}

for (const [what, operation, kind] of [
  ["write of a change", "write", "append"],
  ["sync of a change", "sync", "append"],
  ["write of a snapshot", "write", "replace"],
  ["sync of a snapshot", "sync", "replace"],
  ["rename of a snapshot", "rename", "replace"],
  ["sync of the folder", "syncFolder", "replace"],
]) {
  test(`after a failed ${what} nothing is written until the name is loaded again`, async (t) => {
    const { store, version, failing, operations } = await beginFailing(t);
    failing.plan = (_, name) => (name === operation ? "before" : undefined);
    const error = await rejects("store", store[kind]("a", bytes("lost?"), version));
    assert.equal(error.cause.code, "EIO");
    failing.plan = () => undefined;
    const before = operations.length;
    for (const expect of [version, version + 1n, version, 0n]) {
      const refused = await rejects("store", store.append("a", bytes("x"), expect));
      assert.equal(refused.cause, error);
      await rejects("store", store.replace("a", bytes("x"), expect));
    }
    assert.deepEqual(operations.slice(before), []);

    await store.release("a");
    const state = await store.load("a");
    const found = JSON.stringify(texts(state));
    const done =
      kind === "append"
        ? { ...BEGUN, changes: [...BEGUN.changes, "lost?"] }
        : { snapshot: "lost?", changes: [] };
    assert.ok([BEGUN, done].map((each) => JSON.stringify(each)).includes(found), found);
    await store.append("a", bytes("on"), state.version);
    await store.release("a");
    assert.deepEqual(texts(await store.load("a")).changes, [...texts(state).changes, "on"]);
  });
}

test("a journal that could not be synced is not built on: it is written anew", async (t) => {
  const { path, store, version, journal, failing } = await beginFailing(t);
  const { ino } = await stat(journal);
  failing.plan = (_, name) => (name === "sync" ? "before" : undefined);
  await rejects("store", store.append("a", bytes("four"), version));
  await store.close();
  failing.plan = () => undefined;
  // Whichever store object of the process loads it.
  const other = closing(t, file(path));
  const state = await other.load("a");
  assert.deepEqual(texts(state).changes, [...BEGUN.changes, "four"]);
  assert.equal((await stat(journal)).ino, ino);
  const next = await other.append("a", bytes("five"), state.version);
  const renewed = (await stat(journal)).ino;
  assert.notEqual(renewed, ino);
  await other.append("a", bytes("six"), next);
  assert.equal((await stat(journal)).ino, renewed);
  await other.close();
  assert.deepEqual(texts(await store.load("a")).changes, [
    ...BEGUN.changes,
    ...["four", "five", "six"],
  ]);
});

test("one name that failed does not hold up another", async (t) => {
  const { store, version, failing } = await beginFailing(t);
  failing.plan = (_, name, path) =>
    name === "write" && path.includes("n-a.") ? "half" : undefined;
  await rejects("store", store.append("a", bytes("x"), version));
  await store.append("b", bytes("x"), 0n);
  await rejects("store", store.append("a", bytes("x"), version));
});

test("a full disk is an error with its cause, and what was there is there", async (t) => {
  const { store, version, failing } = await beginFailing(t);
  const full = Object.assign(new Error("no space left"), { code: "ENOSPC" });
  failing.plan = (_, name) => {
    if (name === "write") {
      throw full;
    }
  };
  for (const kind of ["append", "replace"]) {
    const error = await rejects("store", store[kind]("a", bytes("x"), version));
    assert.equal(error.cause, full);
    await rejects("store", store[kind]("a", bytes("x"), version));
    assert.deepEqual(texts(await store.load("a")), BEGUN);
  }
});

test("what cannot be tidied up does not fail the write, and goes the next time", async (t) => {
  const { path, store, version: first, failing } = await beginFailing(t);
  let version = await store.replace("a", bytes("two"), first);
  failing.plan = (_, name, at) =>
    name === "list" || (name === "remove" && !at.endsWith(".tmp")) ? "before" : undefined;
  version = await store.replace("a", bytes("three"), version);
  const names = async () => (await readdir(path)).filter((name) => name.endsWith(".snapshot"));
  assert.equal((await names()).length, 3);
  failing.plan = () => undefined;
  await store.replace("a", bytes("four"), version);
  assert.deepEqual((await names()).sort(), ["n-a.3.snapshot", "n-a.4.snapshot"]);
});
