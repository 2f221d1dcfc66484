/**
 * Sources of the page, bundled for Node. The package is not bundled in: it is what was packed.
 * @module
 */
import { mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
// biome-ignore lint/correctness/noUndeclaredDependencies: tests use what the workspace declares.
import { build } from "esbuild";

const www = fileURLToPath(new URL("../../", import.meta.url));

/** Bundles a source file, such as `sim/index.ts`, and imports it. */
export async function importSource(file) {
  // Inside of the folder, so that packages are found from there.
  const folder = await mkdtemp(join(www, "node_modules/.test-"));
  try {
    const outfile = join(folder, "bundle.mjs");
    await build({
      entryPoints: [join(www, "src", file)],
      outfile,
      bundle: true,
      format: "esm",
      platform: "node",
      target: "node20",
      external: ["onceward"],
      logLevel: "warning",
    });
    return await import(pathToFileURL(outfile).href);
  } finally {
    // What was imported is in memory.
    await rm(folder, { recursive: true, force: true });
  }
}
