/**
 * Builds pkg/dist from pkg/src and pkg/wasm: modules, entries, the same for CommonJS, the command.
 * @module
 */
import { chmod, cp, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { root, run } from "../steps.mjs";
import { reachable } from "./reach.mjs";
import { BINDINGS, entries, SUBPATHS } from "./subpaths.mjs";
import { wasmDir } from "./wasm.mjs";

/** Where the package is built. */
export const distDir = join(root, "pkg/dist");

/** What TypeScript made of it, file by file, before it is put together. */
export const compiledDir = join(root, "pkg/compiled");
const cjsDir = join(distDir, "cjs");

/** What is not turned into CommonJS: entries that need ES modules, and what nobody requires. */
const NOT_REQUIRED = /^(?:cli|internals|bind\/(?:workerd|edge-light|bun|web))\.js$/;

/** What CommonJS has in the place of `import.meta.url`. */
const MODULE_URL = 'const moduleUrl = require("node:url").pathToFileURL(__filename);';

/** Imports for effects that there are none of: esbuild cannot know, and other bundlers would wonder. */
const BARE_IMPORTS = /^import "\.\.?\/(?:shared\/)?\w+\.js";\n/gm;

/** Classes that name themselves: esbuild renames them, and consoles would show it. */
const RENAMED_CLASSES = /\bvar (\w+) = class _\1\b/g;

/** Undoes what esbuild adds and nobody needs. */
function tidy(text) {
  const classes = [...text.matchAll(RENAMED_CLASSES)].map(([, name]) => name);
  return classes.reduce(
    (rest, name) => rest.replaceAll(new RegExp(`\\b_${name}\\b`, "g"), name),
    text.replaceAll(BARE_IMPORTS, ""),
  );
}

async function put(file, text) {
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, text);
}

/** Compiles TypeScript, and puts the module beside it. */
export async function compileTypeScript() {
  await rm(compiledDir, { recursive: true, force: true });
  await run("tsc", ["-p", "pkg"]);
  await cp(wasmDir, join(compiledDir, "wasm"), { recursive: true });
}

/** Leaves apart what binds the module: that alone has an effect, which bundlers are told. */
const bindApart = {
  name: "bind-apart",
  setup({ onResolve }) {
    onResolve({ filter: /\/bind\/\w+\.js$/ }, ({ kind, path }) =>
      kind === "entry-point" ? undefined : { path: path.replace("..", "."), external: true },
    );
  },
};

/**
 * Puts together what belongs together, so that a runtime has few files to load. What several subpaths
 * share is in files of its own: there is one instance, whatever is imported.
 */
export async function bundle() {
  const { build } = await import("esbuild");
  await rm(distDir, { recursive: true, force: true });
  const sources = Object.values(SUBPATHS).map(({ source }) => source.replace(/\.ts$/, ""));
  const points = [...sources, ...BINDINGS.map((name) => `bind/${name}`), "internals"];
  await build({
    entryPoints: [
      ...points.map((name) => ({ in: join(compiledDir, `${name}.js`), out: name })),
      { in: join(compiledDir, "cli/main.js"), out: "cli" },
    ],
    outdir: distDir,
    chunkNames: "shared/[hash]",
    bundle: true,
    splitting: true,
    packages: "external",
    external: ["*.wasm", "*.wasm?module"],
    plugins: [bindApart],
    format: "esm",
    platform: "neutral",
    target: "es2022",
    supported: { "import-attributes": true },
    logLevel: "warning",
  });
  for (const file of await readdir(distDir, { recursive: true })) {
    if (file.endsWith(".js")) {
      const text = await readFile(join(distDir, file), "utf8");
      await writeFile(join(distDir, file), tidy(text));
    }
  }
  await mkdir(join(distDir, "wasm"));
  for (const name of ["core_bg.wasm", "core_bg.d.wasm.ts"]) {
    await cp(join(wasmDir, name), join(distDir, "wasm", name));
  }
  const command = join(distDir, "cli.js");
  await writeFile(command, `#!/usr/bin/env node\n${await readFile(command, "utf8")}`);
  await chmod(command, 0o755);
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
  const optional = new Set(entries().flatMap(({ file, isRequired }) => (isRequired ? [] : [file])));
  const files = (await readdir(distDir, { recursive: true })).filter(
    (file) => file.endsWith(".js") && !optional.has(file) && !NOT_REQUIRED.test(file),
  );
  await build({
    entryPoints: files.map((file) => join(distDir, file)),
    outdir: cjsDir,
    outbase: distDir,
    format: "cjs",
    platform: "node",
    target: "node20",
    define: { "import.meta.url": "moduleUrl" },
    logLevel: "warning",
  });
  // There is one file of the module, in dist/wasm.
  const node = join(cjsDir, "bind/node.js");
  const text = (await readFile(node, "utf8"))
    .replace('"use strict";', `"use strict";\n${MODULE_URL}`)
    .replace('"../wasm/', '"../../wasm/');
  await writeFile(node, text);
  await put(join(cjsDir, "package.json"), '{ "type": "commonjs" }\n');
}

/** Adds the declarations that the package leads to, for ES modules and for CommonJS. */
export async function writeDeclarations() {
  const compiled = (file) => join(compiledDir, file.replace(/^dist\/(?:cjs\/)?/, ""));
  const locate = (file) => (file.endsWith(".d.ts") ? compiled(file) : join(root, "pkg", file));
  for (const file of await reachable(join(root, "pkg"), locate)) {
    if (file.endsWith(".d.ts")) {
      await put(join(root, "pkg", file), await readFile(compiled(file)));
    }
  }
}
