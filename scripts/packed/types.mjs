/**
 * Compiles consumers against the declarations of the packed package, as strictly as they can.
 * @module
 */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { IMPORTABLE, SUBPATHS } from "../build/subpaths.mjs";
import { root, run } from "../steps.mjs";

/** How TypeScript finds modules, and as what it takes the files. */
const RESOLUTIONS = [
  { module: "nodenext", resolution: "nodenext" },
  { module: "node16", resolution: "node16" },
  { module: "esnext", resolution: "bundler" },
];

const STRICT = ["--noEmit", "--strict", "--exactOptionalPropertyTypes", "--target", "es2022"];

/** What a subpath needs beyond the language, be it below `./external` or not. */
function libOf(subpath) {
  return SUBPATHS[subpath.replace(/^\.\/external(?=\/|$)/, ".")].lib;
}

/** A program that uses all subpaths which need that library beyond the language. */
function usesAll(lib) {
  const subpaths = IMPORTABLE.filter((subpath) => libOf(subpath) === lib);
  const specifiers = subpaths.map((subpath) => `onceward${subpath.slice(1)}`);
  const names = specifiers.map((_, index) => `subpath${index}`);
  const imports = specifiers.map((from, index) => `import * as ${names[index]} from "${from}";`);
  return `${imports.join("\n")}\nexport const all = [${names.join(", ")}];\n`;
}

/** Only ES modules import the module itself. */
const IMPORTS_MODULE = `
import module from "onceward/gate.wasm";
export const wasm: WebAssembly.Module = module;
`;

/** Compiles without the types of any platform, and with those that some subpaths are about. */
export async function compileConsumers({ folder }) {
  const consumer = await readFile(join(root, "pkg/test/types/consumer.ts"), "utf8");
  const libs = [undefined, "dom"];
  for (const extension of ["mts", "cts"]) {
    await writeFile(join(folder, `consumer.${extension}`), consumer);
    for (const lib of libs) {
      const module = lib === "dom" && extension === "mts" ? IMPORTS_MODULE : "";
      await writeFile(
        join(folder, `uses-${lib ?? "none"}.${extension}`),
        `${usesAll(lib)}${module}`,
      );
    }
  }
  for (const { module, resolution } of RESOLUTIONS) {
    for (const lib of libs) {
      const names = [`uses-${lib ?? "none"}`, ...(lib === undefined ? ["consumer"] : [])];
      await run("tsc", [
        ...STRICT,
        ...["--module", module, "--moduleResolution", resolution],
        ...["--lib", lib === undefined ? "es2022" : `es2022,${lib}`, "--types", ""],
        ...names.flatMap((name) => ["mts", "cts"].map((ext) => join(folder, `${name}.${ext}`))),
      ]);
    }
  }
}
