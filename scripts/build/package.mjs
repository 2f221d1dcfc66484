/**
 * Builds pkg/dist from pkg/src and pkg/wasm: modules, entries, the same for CommonJS, the command.
 * @module
 */
import { chmod, cp, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join, relative, resolve } from "node:path";
import { root, run } from "../steps.mjs";
import { reachable } from "./reach.mjs";
import { entries } from "./subpaths.mjs";
import { wasmDir } from "./wasm.mjs";

/** Where the package is built. */
export const distDir = join(root, "pkg/dist");
const sourceDir = join(root, "pkg/src");
const cjsDir = join(distDir, "cjs");

/** What the entries for CommonJS have no use for. */
const NOT_REQUIRED = ["cli", "bind/workerd", "bind/edge-light", "bind/bun", "bind/web"];

/** What CommonJS has in the place of `import.meta.url`. */
const MODULE_URL = 'const moduleUrl = require("node:url").pathToFileURL(__filename);';

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
    // There is one file of the module, in dist/wasm.
    define: { "import.meta.url": "moduleUrl" },
    logLevel: "warning",
  });
  const node = join(cjsDir, "bind/node.js");
  const text = (await readFile(node, "utf8"))
    .replace('"use strict";', `"use strict";\n${MODULE_URL}`)
    .replace('"../wasm/', '"../../wasm/');
  await writeFile(node, text);
  for (const file of files.filter((name) => name.endsWith(".d.ts"))) {
    await put(join(cjsDir, file), await readFile(join(distDir, file)));
  }
  await put(join(cjsDir, "package.json"), '{ "type": "commonjs" }\n');
}

/** Removes what nobody can import, such as declarations of what is inside. */
export async function removeInternals() {
  const found = await reachable(join(root, "pkg"));
  for (const name of await readdir(distDir, { recursive: true })) {
    if (/\.(?:js|ts)$/.test(name) && !found.has(join("dist", name))) {
      await rm(join(distDir, name));
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
