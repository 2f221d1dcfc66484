/**
 * Puts the package into www/node_modules as npm would: packed, and unpacked there.
 *
 * The page is a user of what is published, and not of what lies in the repository.
 * @module
 */
import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { root, www } from "./places.mjs";

const execute = promisify(execFile);

/** Packs pkg/, and unpacks it in the place of what was there. */
export async function installPacked() {
  const modules = join(www, "node_modules");
  await mkdir(modules, { recursive: true });
  // On the same file system as its goal, so that it can be moved there at once.
  const folder = await mkdtemp(join(modules, ".packed-"));
  try {
    const args = ["pack", "--workspace", "pkg", "--pack-destination", folder];
    await execute("npm", [...args, "--loglevel", "error"], { cwd: root });
    const archive = (await readdir(folder)).find((name) => name.endsWith(".tgz"));
    await execute("tar", ["-xzf", join(folder, archive), "-C", folder]);
    await rm(join(modules, "onceward"), { recursive: true, force: true });
    await rename(join(folder, "package"), join(modules, "onceward"));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
