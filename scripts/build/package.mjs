/**
 * Builds pkg/dist from pkg/src and pkg/wasm: modules, entries, the same for CommonJS, the command.
 * @module
 */
import { chmod, cp, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join, relative, resolve } from "node:path";
import { root, run } from "../steps.mjs";
import { declarations, entries } from "./subpaths.mjs";
import { wasmDir } from "./wasm.mjs";

/** Where the package is built. */
export const distDir = join(root, "pkg/dist");
const sourceDir = join(root, "pkg/src");
const cjsDir = join(distDir, "cjs");

/** What the entries for CommonJS have no use for. */
const NOT_REQUIRED = ["cli", "bind/workerd", "bind/edge-light", "bind/bun", "bind/web"];

async function put(file, text) {
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, text);
}

/** Compiles TypeScript, and puts the module beside it. */
export async function compileTypeScript() {
  await rm(distDir, { recursive: true, force: true });
  await run("tsc", ["-p", "pkg"]);
  await cp(wasmDir, join(distDir, "wasm"), { recursive: true });
}

/** Writes the entries of all subpaths that need the module. */
export async function writeEntries() {
  for (const { file, text } of entries()) {
    await put(join(distDir, file), text);
  }
}

/** Turns what Node.js can `require` into CommonJS, file by file, so that all subpaths share it. */
export async function writeCommonJs() {
  const { build } = await import("esbuild");
  const required = new Set(
    entries()
      .filter(({ isRequired }) => isRequired)
      .map(({ file }) => file),
  );
  const files = (await readdir(distDir, { recursive: true })).filter((file) => {
    const isWanted = file.startsWith("entry/") ? required.has(file) : true;
    return isWanted && !NOT_REQUIRED.some((name) => file.startsWith(name));
  });
  await build({
    entryPoints: files.filter((file) => file.endsWith(".js")).map((file) => join(distDir, file)),
    outdir: cjsDir,
    outbase: distDir,
    format: "cjs",
    platform: "node",
    target: "node20",
    // What lies beside a module lies beside the one that it was made from.
    define: { "import.meta.url": "moduleUrl" },
    banner: { js: '"use strict";' },
    logLevel: "warning",
  });
  const node = join(cjsDir, "bind/node.js");
  const url = `require("node:url").pathToFileURL(__dirname + "/../../bind/node.js")`;
  await writeFile(node, `const moduleUrl = ${url};\n${await readFile(node, "utf8")}`);
  for (const file of files.filter((name) => name.endsWith(".d.ts"))) {
    await put(join(cjsDir, file), await readFile(join(distDir, file)));
  }
  await put(join(cjsDir, "package.json"), '{ "type": "commonjs" }\n');
}

const IMPORTED = /(?:from|import\()\s*"(\.[^"]+)\.js"/g;

/** Adds a declaration, and what it takes from others. */
async function reach(file, found) {
  if (!found.has(file)) {
    found.add(file);
    const text = await readFile(file, "utf8");
    for (const [, path] of text.matchAll(IMPORTED)) {
      await reach(join(dirname(file), `${path}.d.ts`), found);
    }
  }
}

/** Removes what nobody can import: declarations of what is inside, and the parts of the command. */
export async function removeInternals() {
  const found = new Set();
  for (const file of declarations()) {
    await reach(join(root, "pkg", file), found);
  }
  for (const name of await readdir(distDir, { recursive: true })) {
    const file = join(distDir, name);
    if (name.endsWith(".d.ts") && !found.has(file)) {
      await rm(file);
    }
  }
  await rm(join(distDir, "cli"), { recursive: true });
}

/** Keeps what lies outside src/cli out of the bundle: dist has it already, and the module with it. */
const importFromDist = {
  name: "import-from-dist",
  setup({ onResolve }) {
    onResolve({ filter: /^\.\.?\// }, ({ path, resolveDir }) => {
      const inSource = relative(sourceDir, resolve(resolveDir, path));
      return inSource.startsWith("cli/") ? undefined : { path: `./${inSource}`, external: true };
    });
  },
};

/** Bundles the command into one file, which a user can run. */
export async function bundleCommandLine() {
  const { build } = await import("esbuild");
  const outfile = join(distDir, "cli.js");
  await build({
    entryPoints: [join(sourceDir, "cli/main.ts")],
    outfile,
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node20",
    banner: { js: "#!/usr/bin/env node" },
    plugins: [importFromDist],
    logLevel: "warning",
  });
  await chmod(outfile, 0o755);
}
