/**
 * The packed package, and folders into which it is installed as npm would do it.
 * @module
 */
import { createHash } from "node:crypto";
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { root } from "../../scripts/steps.mjs";
import { command, matrixFolder } from "./command.mjs";

async function packInto(folder) {
  const args = ["pack", "--workspace", "pkg", "--pack-destination", folder, "--loglevel", "error"];
  await command(root, "npm", args);
  const name = (await readdir(folder)).find((file) => file.endsWith(".tgz"));
  return join(folder, name);
}

/** Packs the package into a folder of its own, unless it is given; returns where, and what it is. */
export async function pack(given) {
  const folder = await mkdtemp(join(tmpdir(), "onceward-matrix-"));
  const tarball = given ?? (await packInto(folder));
  const digest = createHash("sha256").update(await readFile(tarball));
  return {
    folder,
    tarball,
    sha256: digest.digest("hex"),
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

/** One consumer's folder, in which the tarball is installed. */
export class Folder {
  constructor(path) {
    this.path = path;
  }

  /** Writes a file. */
  async write(name, text) {
    const path = join(this.path, name);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, text);
    return path;
  }

  /** The manifest of the package, as it was installed. */
  async manifest() {
    const path = join(this.path, "node_modules/onceward/package.json");
    return JSON.parse(await readFile(path, "utf8"));
  }

  /** The file, within the package, that an entry leads to under some conditions. */
  async resolve(entry, conditions) {
    const { exports } = await this.manifest();
    let target = exports[entry.replace(/^onceward/, ".")];
    while (typeof target === "object") {
      const [, next] =
        Object.entries(target).find(([name]) => name === "default" || conditions.includes(name)) ??
        [];
      target = next;
    }
    if (target === undefined) {
      throw new Error(`the package has no entry ${entry} for ${conditions.join(", ")}`);
    }
    return `/node_modules/onceward/${target.replace(/^\.\//, "")}`;
  }
}

/** Makes a consumer's folder in `parent`, with the package and the suite in it. */
export async function makeFolder(parent, name, tarball) {
  const path = join(parent, name);
  const installed = join(path, "node_modules/onceward");
  await mkdir(installed, { recursive: true });
  // As npm does: the package's one folder becomes the folder of that name.
  await command(path, "tar", ["-xzf", tarball, "--strip-components=1", "-C", installed]);
  for (const part of ["smoke.mjs", "smoke"]) {
    await cp(join(matrixFolder, part), join(path, part), { recursive: true });
  }
  const folder = new Folder(path);
  const manifest = { name, private: true, type: "module", dependencies: { onceward: "*" } };
  await folder.write("package.json", JSON.stringify(manifest));
  return folder;
}
