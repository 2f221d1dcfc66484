/**
 * Measures what was built, as a server would send it, and holds it to its budgets.
 * @module
 */
import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import { Failure } from "../steps.mjs";
import { distDir } from "./package.mjs";
import { wasmFile } from "./wasm.mjs";

/** The most that the optimised module may weigh. */
const WASM_BROTLI_BYTES_MAX = 105_000;

/** The most that the JavaScript of the main entry may weigh, minified, without the module. */
const JAVASCRIPT_BROTLI_BYTES_MAX = 16_500;

/** Leaves the text of the module out of a bundle. */
const withoutText = {
  name: "without-text",
  setup({ onLoad }) {
    onLoad({ filter: /\/bind\/inline\.js$/ }, async ({ path }) => ({
      contents: (await readFile(path, "utf8")).replace(/"[\w+/=]{1000,}"/, '""'),
    }));
  },
};

/** The JavaScript of an application that imports the package, minified. */
async function bundleMinified(plugins) {
  const { build } = await import("esbuild");
  const { outputFiles } = await build({
    entryPoints: [join(distDir, "entry/inline/index.js")],
    bundle: true,
    minify: true,
    write: false,
    platform: "neutral",
    format: "esm",
    plugins,
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

/** How often it is started: the shortest time is the one that other programs have held up least. */
const STARTS = 7;

const START = `
  const started = performance.now();
  const { Gate } = await import("onceward");
  const gate = await Gate.open();
  gate.check({ id: "a" });
  console.log(performance.now() - started);
`;

/** Prints how long it takes from the import to the first verdict, which depends on the machine. */
export async function measureStart() {
  const times = [];
  for (let index = 0; index < STARTS; index += 1) {
    const args = ["--input-type=module", "--eval", START];
    const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: distDir });
    times.push(Number(stdout));
  }
  times.sort((one, other) => one - other);
  return { note: `${times[0].toFixed(0)} ms from the import to the first verdict in Node.js` };
}

/** Prints the sizes; one above its budget is a failure. */
export async function measure() {
  const wasm = sizes(await readFile(wasmFile));
  const javascript = sizes(await bundleMinified([withoutText]));
  const both = sizes(await bundleMinified([]));
  console.table({
    "core_bg.wasm": wasm,
    "JavaScript without it, minified": javascript,
    "both in one file, minified": both,
  });
  const budgets = [
    ["core_bg.wasm", wasm, WASM_BROTLI_BYTES_MAX],
    ["the JavaScript of the main entry", javascript, JAVASCRIPT_BROTLI_BYTES_MAX],
  ];
  for (const [what, { "brotli 11": brotli }, most] of budgets) {
    if (brotli > most) {
      throw new Failure(
        `${what} weighs ${brotli} bytes in brotli; the budget in scripts/build/measure.mjs is ${most}.`,
      );
    }
  }
  const [module, script] = budgets.map(([, size, most]) => `${size["brotli 11"]} of ${most}`);
  return { note: `in brotli the module has ${module} bytes, the JavaScript ${script}` };
}
