/**
 * Reviews the files of the packed package: each one is needed, and all that are needed are there.
 * @module
 */
import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { reachable } from "../build/reach.mjs";
import { Failure } from "../steps.mjs";

/** What lies beside dist. */
const TEXTS = ["LICENSE-APACHE", "LICENSE-MIT", "README.md", "package.json"];

/** What tells Node.js what the folder holds. */
const MARKER = "dist/cjs/package.json";

/** What a script that npm runs by itself is called. */
const BY_ITSELF = ["preinstall", "install", "postinstall", "prepublish", "prepare"];

async function allFiles(folder) {
  const names = await readdir(folder, { recursive: true });
  const files = [];
  for (const name of names) {
    if ((await stat(join(folder, name))).isFile()) {
      files.push(name);
    }
  }
  return files.sort();
}

/** Compares what is there with what package.json leads to, both ways. */
export async function reviewFiles({ installed }) {
  const found = new Set([...TEXTS, MARKER, ...(await reachable(installed))]);
  const there = await allFiles(installed);
  const stray = there.filter((file) => !found.has(file));
  if (stray.length > 0) {
    throw new Failure(`nothing leads to these files of the packed package: ${stray.join(", ")}`);
  }
  for (const file of [...TEXTS, MARKER]) {
    if (!there.includes(file)) {
      throw new Failure(`${file} is missing from the packed package.`);
    }
  }
  return { note: `${there.length} files` };
}

/** Looks for what a careful user would not want to run. */
export async function reviewSafety({ installed, manifest }) {
  const scripts = BY_ITSELF.filter((name) => manifest.scripts?.[name] !== undefined);
  if (scripts.length > 0 || manifest.dependencies !== undefined) {
    throw new Failure("the package must run nothing when it is installed, and need nothing");
  }
  for (const file of await allFiles(installed)) {
    if (file.endsWith(".js")) {
      const text = await readFile(join(installed, file), "utf8");
      const made = /\beval\s*\(|\bFunction\s*\(|\bimport\s*\((?!\s*")/.exec(text);
      if (made !== null) {
        throw new Failure(`${file} makes code from text: ${made[0]}`);
      }
    }
  }
}
