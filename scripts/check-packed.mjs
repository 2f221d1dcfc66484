/**
 * Packs the package as npm would publish it, installs it elsewhere, and looks at what a user gets:
 * the files, the declarations, and whether it runs, alone and in a bundle.
 * @module
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { reviewFiles, reviewSafety } from "./packed/files.mjs";
import { runAsItIs, runBundled, weighSubpaths } from "./packed/running.mjs";
import { compileConsumers } from "./packed/types.mjs";
import { unpack } from "./packed/unpack.mjs";
import { main, printSummary, run, step } from "./steps.mjs";

async function lint({ archive }) {
  await run("publint", ["run", archive, "--strict"]);
  // Modules of WebAssembly are imported where that is possible, and required nowhere.
  const except = ["--exclude-entrypoints", "gate.wasm"];
  await run("attw", [archive, "--profile", "node16", "--format", "ascii", ...except]);
}

await main(async () => {
  const folder = await mkdtemp(join(tmpdir(), "onceward-packed-"));
  try {
    let packed;
    await step("pack and install", async () => {
      packed = await unpack(folder);
    });
    await step("exports and files, both ways", () => reviewFiles(packed));
    await step("nothing at install, no code from text", () => reviewSafety(packed));
    await step("publint and attw", () => lint(packed));
    await step("declarations", () => compileConsumers(packed));
    await step("ES modules and CommonJS", () => runAsItIs(packed));
    await step("bundles", () => runBundled(packed));
    await step("what subpaths bring along", () => weighSubpaths(packed));
    printSummary("The packed package is well:");
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
