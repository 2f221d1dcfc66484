/**
 * File stores in folders of their own, and the assertions that their tests share.
 * @module
 */
import assert from "node:assert/strict";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { OncewardError } from "onceward";
import { file } from "onceward/file";

/** Makes a folder; `remove` removes it with all that is in it. */
export async function folder() {
  const path = await mkdtemp(join(tmpdir(), "onceward-test-"));
  return { path, remove: () => rm(path, { recursive: true, force: true }) };
}

const opened = new WeakMap();

/** Closes a store when the test ends, before any folder is removed; returns it. */
export function closing(t, store) {
  opened.set(t, [...(opened.get(t) ?? []), store]);
  return store;
}

/** Makes a folder that is removed when the test ends. */
export async function temporaryFolder(t) {
  const { path, remove } = await folder();
  t.after(async () => {
    await Promise.all((opened.get(t) ?? []).map((store) => store.close()));
    await remove();
  });
  return path;
}

/** The bytes of a text. */
export function bytes(text) {
  return new TextEncoder().encode(text);
}

/** The texts of a state, which say more than bytes where they differ; undefined where none is. */
export function texts(state) {
  const text = (each) => new TextDecoder().decode(each);
  return (
    state && {
      ...(state.snapshot && { snapshot: text(state.snapshot) }),
      changes: state.changes.map(text),
    }
  );
}

/** Asserts that a promise rejects with an error of the package with that code; returns the error. */
export async function rejects(code, promise, message = "") {
  let thrown;
  await assert.rejects(promise, (error) => {
    thrown = error;
    assert.ok(error instanceof OncewardError, `${message} ${error}`);
    assert.equal(error.code, code, `${message} ${error.message}`);
    return true;
  });
  return thrown;
}

/** All files of a folder, with what they hold. */
export async function contents(path) {
  const names = (await readdir(path)).sort();
  return Promise.all(names.map(async (name) => [name, String(await readFile(join(path, name)))]));
}

/**
 * Makes a store in a new folder, with a snapshot and three changes under "a". Both go when the test
 * ends. `ends` says where in the journal each change ends.
 */
export async function begin(t) {
  const path = await temporaryFolder(t);
  const store = closing(t, file(path));
  await store.load("a");
  let version = await store.replace("a", bytes("snapshot"), 0n);
  const ends = [];
  for (const change of ["one", "two", "three"]) {
    version = await store.append("a", bytes(change), version);
    ends.push(Number(version % 2n ** 48n));
  }
  return { path, store, version, ends, journal: join(path, "n-a.1.journal") };
}

/** What `begin` leaves under "a". */
export const BEGUN = { snapshot: "snapshot", changes: ["one", "two", "three"] };
