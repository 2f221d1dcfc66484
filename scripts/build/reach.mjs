/**
 * Which files of the package package.json leads to, directly or through others.
 * @module
 */
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { Failure } from "../steps.mjs";

/** How a file names another one of the package. */
const NAMES = /(?:\bfrom|\bimport|\brequire\(|\bimport\(|new URL\()\s*"(\.[^"?]+)(?:\?\w+)?"/g;

/** All file names in a value of package.json, however deep. */
function namedFiles(value) {
  return typeof value === "string" ? [value] : Object.values(value ?? {}).flatMap(namedFiles);
}

/** What a name in a file stands for: in declarations, other declarations. */
function fileOf(from, name) {
  const file = join(dirname(from), name);
  return from.endsWith(".d.ts") ? file.replace(/\.js$/, ".d.ts") : file;
}

/** Adds a file of the package, and all that it leads to. */
async function follow(locate, file, found, from) {
  if (found.has(file)) {
    return;
  }
  found.add(file);
  if (!existsSync(locate(file))) {
    throw new Failure(`${file} is missing from the package, but ${from} leads to it.`);
  }
  if (/\.(?:js|ts)$/.test(file)) {
    const text = await readFile(locate(file), "utf8");
    for (const [, name] of text.matchAll(NAMES)) {
      await follow(locate, fileOf(file, name), found, file);
    }
  }
}

/**
 * Returns the files that package.json leads to; one that is missing is a failure. `locate` says where a
 * file of the package is, if it is not in its place yet.
 */
export async function reachable(folder, locate = (file) => join(folder, file)) {
  const manifest = JSON.parse(await readFile(join(folder, "package.json"), "utf8"));
  const { exports, bin, main, module, types } = manifest;
  const found = new Set();
  for (const file of namedFiles([exports, bin, main, module, types])) {
    await follow(locate, relative(".", file), found, "package.json");
  }
  return found;
}
