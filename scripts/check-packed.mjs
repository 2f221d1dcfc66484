/**
 * Packs the package as npm would publish it, unpacks it elsewhere, and looks at what a user gets:
 * every file that package.json names is there, every import leads somewhere, and the entry loads.
 * @module
 */
import { existsSync } from "node:fs";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { build } from "esbuild";
import { Failure, main, run } from "./steps.mjs";

/** All file names in a value of package.json, however deep. */
function namedFiles(value) {
  return typeof value === "string" ? [value] : Object.values(value ?? {}).flatMap(namedFiles);
}

/** Packs into `folder` and unpacks there; returns the folder that holds the package. */
async function unpack(folder) {
  await run("npm", [
    "pack",
    "--workspace",
    "pkg",
    "--pack-destination",
    folder,
    "--loglevel",
    "error",
  ]);
  const archive = (await readdir(folder)).find((name) => name.endsWith(".tgz"));
  await run("tar", ["-xzf", join(folder, archive), "-C", folder]);
  return join(folder, "package");
}

async function check(unpacked) {
  const manifest = JSON.parse(await readFile(join(unpacked, "package.json"), "utf8"));
  const named = [...namedFiles(manifest.exports), ...namedFiles(manifest.bin)];
  for (const file of [...named, "README.md", "LICENSE-MIT", "LICENSE-APACHE"]) {
    if (!existsSync(join(unpacked, file))) {
      throw new Failure(`${file} is missing from the packed package.`);
    }
  }
  // Bundling follows every import, and fails at one that leads nowhere.
  await build({
    entryPoints: named.filter((file) => file.endsWith(".js")).map((file) => join(unpacked, file)),
    bundle: true,
    write: false,
    outdir: unpacked,
    platform: "node",
    format: "esm",
    logLevel: "warning",
  });
  const entry = await import(pathToFileURL(join(unpacked, "dist/index.js")).href);
  console.log(`exports: ${Object.keys(entry).sort().join(", ")}`);
}

await main(async () => {
  const folder = await mkdtemp(join(tmpdir(), "onceward-packed-"));
  try {
    await check(await unpack(folder));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
