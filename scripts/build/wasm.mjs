/**
 * Builds pkg/wasm from the crate: the module, the JavaScript that calls it, and the module as text.
 * @module
 */
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { copyFile, mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { root, run } from "../steps.mjs";
import { trimDeclarations, trimGlue } from "./glue.mjs";
import { renameImports, shortNames } from "./imports.mjs";

const TARGET = "wasm32-unknown-unknown";

/** Where all of it is built. */
export const wasmDir = join(root, "pkg/wasm");

/** The module itself. */
export const wasmFile = join(wasmDir, "core_bg.wasm");

/** What rustc may use on this target since 1.87, and every runtime the package supports has. */
const WASM_FEATURES = [
  "bulk-memory",
  "bulk-memory-opt",
  "call-indirect-overlong",
  "multivalue",
  "mutable-globals",
  "nontrapping-float-to-int",
  "reference-types",
  "sign-ext",
];

/** Where cargo builds, and the folders in which it keeps the sources of the dependencies. */
export async function askCargo() {
  const { stdout } = await promisify(execFile)(
    "cargo",
    ["metadata", "--format-version", "1", "--features", "wasm"],
    { cwd: root, maxBuffer: 100_000_000 },
  );
  const { target_directory: targetDir, packages } = JSON.parse(stdout);
  const fetched = packages.filter(({ source }) => source !== null);
  const sources = new Set(fetched.map((crate) => dirname(dirname(crate.manifest_path))));
  return { targetDir, sources: [...sources] };
}

/** Compiles the crate. */
export async function compileCrate({ sources }) {
  // Panic messages name source files; without the mapping they would name folders of this machine.
  const flags = [...sources.map((folder) => `${folder}=crates`), `${root}=.`].map(
    (mapping) => `--remap-path-prefix=${mapping}`,
  );
  // Ids from contents are not made in a hurry, and the quick form has eight times the code.
  flags.push('--cfg=sha2_backend_soft="compact"');
  await run(
    "wasm_env",
    ["cargo", "build", "--release", "--lib", "--target", TARGET, "--features", "wasm"],
    { env: { CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS: flags.join(" ") } },
  );
}

/** Has the generator write the glue; with `names`, the functions keep theirs, for a report. */
export async function generateGlue({ targetDir }, { folder = wasmDir, names = false } = {}) {
  await rm(folder, { recursive: true, force: true });
  await run("wasm-bindgen", [
    join(targetDir, TARGET, "release/onceward.wasm"),
    "--out-dir",
    folder,
    "--out-name",
    "core",
    "--target",
    "web",
    // The glue must not name the .wasm file: bundlers would ship it beside the inlined copy.
    "--omit-default-module-path",
    // After a trap, pkg/src/instance.ts starts a fresh instance of the module.
    "--experimental-reset-state-function",
    "--typescript",
    ...(names ? [] : ["--remove-name-section", "--remove-producers-section"]),
  ]);
}

/** Leaves out of the glue what is not used, and shortens the names between it and the module. */
export async function trim() {
  const rewrite = async (name, change) => {
    const file = join(wasmDir, name);
    await writeFile(file, change(await readFile(file, "utf8")));
  };
  const module = await readFile(wasmFile);
  const imports = WebAssembly.Module.imports(new WebAssembly.Module(module));
  const short = shortNames(imports.map(({ name }) => name));
  await writeFile(
    wasmFile,
    renameImports(module, (name) => short.get(name)),
  );
  await rewrite("core.js", (text) => trimGlue(text, short));
  await rewrite("core.d.ts", trimDeclarations);
  // It declares the exports of an instance, but what is imported of this file is a module.
  await rm(join(wasmDir, "core_bg.wasm.d.ts"));
}

/** How the module is optimised. */
export const OPTIMISING = [
  "-O3",
  "--strip-producers",
  "--strip-target-features",
  ...WASM_FEATURES.map((name) => `--enable-${name}`),
];

/** Optimises the module, unless an earlier run was given the same bytes, options and optimiser. */
export async function optimise({ targetDir }) {
  const optimiser = await readFile(join(root, "node_modules/binaryen/package.json"));
  const input = await readFile(wasmFile);
  const key = createHash("sha256").update(input).update(optimiser).update(OPTIMISING.join());
  const folder = join(targetDir, "wasm-opt");
  const optimised = join(folder, `${key.digest("hex")}.wasm`);
  const known = existsSync(optimised);
  if (!known) {
    await rm(folder, { recursive: true, force: true });
    await mkdir(folder, { recursive: true });
    await run("wasm-opt", [...OPTIMISING, wasmFile, "-o", `${optimised}.part`]);
    await rename(`${optimised}.part`, optimised);
  }
  await copyFile(optimised, wasmFile);
  return { note: known ? "the same module as in an earlier run" : "" };
}

const MARK_NAME = "onceward";
const MARK_HEX_DIGITS = 16;
const CUSTOM_SECTION = 0;

/**
 * Marks the module with its own digest, and tells the glue: a file that was cached or copied is then
 * never run by the JavaScript of another build.
 */
export async function mark() {
  const module = await readFile(wasmFile);
  const build = createHash("sha256").update(module).digest("hex").slice(0, MARK_HEX_DIGITS);
  const content = Buffer.from(`${String.fromCharCode(MARK_NAME.length)}${MARK_NAME}${build}`);
  const section = Buffer.from([CUSTOM_SECTION, content.length, ...content]);
  await writeFile(wasmFile, Buffer.concat([module, section]));
  await writeFile(join(wasmDir, "build.js"), `export const BUILD = "${build}";\n`);
  await writeFile(join(wasmDir, "build.d.ts"), "export declare const BUILD: string;\n");
}

/** The same bytes as text, since a module that is imported as text works in every bundler. */
export async function inline() {
  const base64 = (await readFile(wasmFile)).toString("base64");
  await writeFile(join(wasmDir, "core_base64.js"), `export const base64 = "${base64}";\n`);
  await writeFile(join(wasmDir, "core_base64.d.ts"), "export declare const base64: string;\n");
  await writeFile(
    join(wasmDir, "core_bg.d.wasm.ts"),
    "declare const module: WebAssembly.Module;\nexport default module;\n",
  );
}
