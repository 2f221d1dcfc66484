/**
 * The list of what a release consists of, by which the service worker knows what to keep.
 * @module
 */
import { createHash } from "node:crypto";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join, relative, sep } from "node:path";
import { dist } from "./places.mjs";

/** What is not kept: the worker itself, which the browser keeps, and the list. */
const LEFT_OUT = new Set(["sw.js", "release.json"]);

/** The reference has hundreds of pages; it is read with a network. */
const isKept = (path) => !LEFT_OUT.has(path) && !path.startsWith("api/");

/** When it was built, in seconds: a later release has a greater revision. */
function revision() {
  const given = process.env.SOURCE_DATE_EPOCH;
  return given === undefined ? Math.floor(Date.now() / 1000) : Number(given);
}

/** Writes release.json: the revision, and every file with a digest of its bytes. */
export async function writeRelease() {
  const entries = await readdir(dist, { recursive: true, withFileTypes: true });
  const paths = entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(dist, join(entry.parentPath ?? entry.path, entry.name)))
    .map((path) => path.split(sep).join("/"))
    .filter(isKept)
    .sort();
  const files = await Promise.all(
    paths.map(async (path) => {
      const bytes = await readFile(join(dist, path));
      return [path, createHash("sha256").update(bytes).digest("hex").slice(0, 16)];
    }),
  );
  const release = { revision: revision(), files: Object.fromEntries(files) };
  await writeFile(join(dist, "release.json"), `${JSON.stringify(release)}\n`);
}
