/**
 * Packs the package as npm would publish it, unpacks it elsewhere, and looks at what a user gets:
 * every file that package.json names is there, every import leads somewhere, and the entry loads.
 * @module
 */
import { existsSync } from "node:fs";
import { mkdtemp, readdir, readFile, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { build } from "esbuild";
import { Failure, main, root, run } from "./steps.mjs";

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
  const entries = named.filter((file) => file.endsWith(".js"));
  const peers = Object.keys(manifest.peerDependencies);
  await bundle(unpacked, entries, peers);
  // The main entry needs no other package, not even one that some stores lean on.
  await bundle(unpacked, [manifest.exports["."].default], []);
  // What a user installs beside it.
  await symlink(join(root, "node_modules"), join(unpacked, "node_modules"));
  for (const file of entries.filter((file) => !Object.values(manifest.bin).includes(file))) {
    const entry = await import(pathToFileURL(join(unpacked, file)).href);
    console.log(`${file}: ${Object.keys(entry).sort().join(", ")}`);
  }
  await reopen(unpacked);
}

/** Bundles entries. That follows every import, and fails at one that leads nowhere. */
async function bundle(unpacked, entries, external) {
  await build({
    entryPoints: entries.map((file) => join(unpacked, file)),
    bundle: true,
    write: false,
    outdir: unpacked,
    platform: "node",
    format: "esm",
    logLevel: "warning",
    external,
  });
}

/** Keeps a gate in files and opens it again. */
async function reopen(unpacked) {
  const load = (file) => import(pathToFileURL(join(unpacked, file)).href);
  const [{ Gate }, { file }] = [await load("dist/index.js"), await load("dist/stores/file.js")];
  const verdicts = [];
  for (const round of [1, 2]) {
    const gate = await Gate.open({ store: file(join(unpacked, "state")), name: "packed" });
    verdicts.push(gate.check({ id: "a" }), gate.check({ id: `of round ${round}` }));
    await gate.close();
  }
  if (verdicts.join() !== "fresh,fresh,duplicate,fresh") {
    throw new Failure(`a gate that was kept in files and opened again said ${verdicts.join()}`);
  }
}

await main(async () => {
  const folder = await mkdtemp(join(tmpdir(), "onceward-packed-"));
  try {
    await check(await unpack(folder));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
