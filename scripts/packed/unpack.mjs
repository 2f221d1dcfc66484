/**
 * The package as npm would publish it, unpacked where a user would have it.
 * @module
 */
import { mkdir, readdir, readFile, rename, symlink } from "node:fs/promises";
import { join } from "node:path";
import { root, run } from "../steps.mjs";

/**
 * Packs into a folder and installs it there, beside the packages that some subpaths lean on.
 * Returns the archive, the installed package and its manifest.
 */
export async function unpack(folder) {
  const modules = join(folder, "node_modules");
  await run("npm", [
    "pack",
    "--workspace",
    "pkg",
    "--pack-destination",
    folder,
    "--loglevel",
    "error",
  ]);
  const name = (await readdir(folder)).find((file) => file.endsWith(".tgz"));
  const archive = join(folder, name);
  await run("tar", ["-xzf", archive, "-C", folder]);
  await mkdir(modules);
  const installed = join(modules, "onceward");
  await rename(join(folder, "package"), installed);
  const manifest = JSON.parse(await readFile(join(installed, "package.json"), "utf8"));
  for (const peer of Object.keys(manifest.peerDependencies)) {
    await symlink(join(root, "node_modules", peer), join(modules, peer));
  }
  return { folder, archive, installed, manifest };
}
