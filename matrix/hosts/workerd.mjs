/**
 * Workers in workerd, bundled as Cloudflare's own tool does it, and run by miniflare.
 * @module
 */
import { join } from "node:path";
import { build } from "esbuild";
import { Miniflare } from "miniflare";
import { toolVersion } from "../lib/command.mjs";
import { workerSource } from "../lib/sources.mjs";

/** Not later than the release of workerd. */
export const COMPATIBILITY_DATE = "2026-04-01";

/** Bundles a Worker; the .wasm files that it imports are laid beside it. */
export async function bundleWorker(entry, outdir, options) {
  await build({
    entryPoints: { worker: entry },
    outdir,
    bundle: true,
    format: "esm",
    target: "es2022",
    conditions: ["workerd", "worker", "browser"],
    external: ["cloudflare:*", "node:*"],
    loader: { ".wasm": "copy" },
    logLevel: "warning",
    ...options,
  });
  return join(outdir, "worker.js");
}

/** Starts miniflare on a Worker that lies beside its .wasm files. */
export async function startWorker(scriptPath, options) {
  const miniflare = new Miniflare({
    modules: true,
    modulesRoot: join(scriptPath, ".."),
    scriptPath,
    modulesRules: [
      { type: "ESModule", include: ["**/*.js"] },
      { type: "CompiledWasm", include: ["**/*.wasm"] },
    ],
    compatibilityDate: COMPATIBILITY_DATE,
    // Else it would ask the network about the client.
    cf: false,
    ...options,
  });
  try {
    return { miniflare, url: await miniflare.ready };
  } catch (error) {
    await miniflare.dispose().catch(() => {});
    throw error;
  }
}

/** Asks a Worker for the answer of the suite. */
export async function askWorker(scriptPath) {
  const { miniflare, url } = await startWorker(scriptPath);
  try {
    const response = await fetch(url);
    const text = await response.text();
    if (!response.ok) {
      throw new Error(`the Worker answers ${response.status}: ${text}`);
    }
    return JSON.parse(text);
  } finally {
    await miniflare.dispose();
  }
}

export async function start({ folder }) {
  return {
    version: await toolVersion("workerd", "root"),
    async ask({ entry }) {
      const file = await folder.write("worker.mjs", workerSource({ entry }));
      const out = join(folder.path, entry === undefined ? "main" : "other");
      return await askWorker(await bundleWorker(file, out));
    },
  };
}
