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

/** Adds a file of the package in a folder, and all that it leads to. */
async function follow(folder, file, found, from) {
  if (found.has(file)) {
    return;
  }
  found.add(file);
  if (!existsSync(join(folder, file))) {
    throw new Failure(`${file} is missing from the package, but ${from} leads to it.`);
  }
  if (/\.(?:js|ts)$/.test(file)) {
    const text = await readFile(join(folder, file), "utf8");
    for (const [, name] of text.matchAll(NAMES)) {
      await follow(folder, fileOf(file, name), found, file);
    }
  }
}

/** Returns the files that lead out of package.json; one that is missing is a failure. */
export async function reachable(folder) {
  const manifest = JSON.parse(await readFile(join(folder, "package.json"), "utf8"));
  const { exports, bin, main, module, types } = manifest;
  const found = new Set();
  for (const file of namedFiles([exports, bin, main, module, types])) {
    await follow(folder, relative(".", file), found, "package.json");
  }
  return found;
}
