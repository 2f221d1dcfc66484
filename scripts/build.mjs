/**
 * Builds the package: from the crate to pkg/wasm, and from there to pkg/dist.
 *
 *   cargo → wasm-bindgen → wasm-opt → base64 → tsc → the command line → sizes
 *
 * scripts/setup.sh build installs what is needed. Every step runs every time, and is quick when its
 * input is unchanged.
 * @module
 */
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { chmod, copyFile, cp, mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join, relative, resolve } from "node:path";
import { promisify } from "node:util";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import { Failure, main, printSummary, root, run, step } from "./steps.mjs";

/** The most that the optimised module may weigh, compressed as a server would send it. */
const WASM_BROTLI_BYTES_MAX = 120_000;

const TARGET = "wasm32-unknown-unknown";
const wasmDir = join(root, "pkg/wasm");
const distDir = join(root, "pkg/dist");
const sourceDir = join(root, "pkg/src");
const wasmFile = join(wasmDir, "core_bg.wasm");

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
async function askCargo() {
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

async function compileCrate({ sources }) {
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

async function generateGlue({ targetDir }) {
  await rm(wasmDir, { recursive: true, force: true });
  await run("wasm-bindgen", [
    join(targetDir, TARGET, "release/onceward.wasm"),
    "--out-dir",
    wasmDir,
    "--out-name",
    "core",
    "--target",
    "web",
    // The glue must not name the .wasm file: bundlers would ship it beside the inlined copy.
    "--omit-default-module-path",
    // After a trap, pkg/src/core.ts starts a fresh instance of the module.
    "--experimental-reset-state-function",
    "--typescript",
    "--remove-name-section",
    "--remove-producers-section",
  ]);
}

/** Optimises the module, unless an earlier run was given the same bytes, options and optimiser. */
async function optimise({ targetDir }) {
  const options = ["-O3", "--strip-producers", ...WASM_FEATURES.map((name) => `--enable-${name}`)];
  const optimiser = await readFile(join(root, "node_modules/binaryen/package.json"));
  const input = await readFile(wasmFile);
  const key = createHash("sha256").update(input).update(optimiser).update(options.join());
  const folder = join(targetDir, "wasm-opt");
  const optimised = join(folder, `${key.digest("hex")}.wasm`);
  const known = existsSync(optimised);
  if (!known) {
    await rm(folder, { recursive: true, force: true });
    await mkdir(folder, { recursive: true });
    await run("wasm-opt", [...options, wasmFile, "-o", `${optimised}.part`]);
    await rename(`${optimised}.part`, optimised);
  }
  await copyFile(optimised, wasmFile);
  return { note: known ? "the same module as in an earlier run" : "" };
}

/** The same bytes as text, since a module that is imported as text works in every bundler. */
async function inlineWasm() {
  const base64 = (await readFile(wasmFile)).toString("base64");
  await writeFile(join(wasmDir, "core_base64.js"), `export default "${base64}";\n`);
  await writeFile(
    join(wasmDir, "core_base64.d.ts"),
    "declare const base64: string;\nexport default base64;\n",
  );
}

async function compileTypeScript() {
  await rm(distDir, { recursive: true, force: true });
  await run("tsc", ["-p", "pkg"]);
  await mkdir(distDir, { recursive: true });
  await cp(wasmDir, join(distDir, "wasm"), { recursive: true });
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

async function bundleCommandLine() {
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

/** The size of the JavaScript of an application that imports the package, minified. */
async function bundleMinified({ external }) {
  const { build } = await import("esbuild");
  const { outputFiles } = await build({
    entryPoints: [join(distDir, "index.js")],
    bundle: true,
    minify: true,
    write: false,
    platform: "neutral",
    format: "esm",
    external,
    logLevel: "warning",
  });
  return outputFiles[0].contents;
}

function sizes(bytes) {
  const brotli = brotliCompressSync(bytes, {
    params: { [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY },
  });
  return {
    raw: bytes.length,
    "gzip -9": gzipSync(bytes, { level: 9 }).length,
    "brotli 11": brotli.length,
  };
}

async function measure() {
  const wasm = sizes(await readFile(wasmFile));
  console.table({
    "core_bg.wasm": wasm,
    "JavaScript without it, minified": sizes(
      await bundleMinified({ external: ["*/core_base64.js"] }),
    ),
    "both in one file, minified": sizes(await bundleMinified({ external: [] })),
  });
  const brotli = wasm["brotli 11"];
  const budget = WASM_BROTLI_BYTES_MAX;
  if (brotli > budget) {
    throw new Failure(
      `core_bg.wasm weighs ${brotli} bytes in brotli; the budget in build.mjs is ${budget}.`,
    );
  }
  return { note: `the module has ${brotli} of ${budget} bytes in brotli` };
}

await main(async () => {
  const cargo = await askCargo();
  await step("compile the crate", () => compileCrate(cargo));
  await step("generate the glue", () => generateGlue(cargo));
  await step("optimise the module", () => optimise(cargo));
  await step("inline the module", inlineWasm);
  await step("compile TypeScript", compileTypeScript);
  await step("bundle the command line", bundleCommandLine);
  await step("measure", measure);
  printSummary("Built pkg/dist:");
});
