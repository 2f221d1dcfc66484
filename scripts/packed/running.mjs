/**
 * Runs the packed package: as it is, and as a bundler puts it into an application.
 * @module
 */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { build } from "esbuild";
import { SUBPATHS } from "../build/subpaths.mjs";
import { Failure, run } from "../steps.mjs";

/** The most that a subpath which does not need the module may weigh in a bundle. */
const WITHOUT_MODULE_BYTES_MAX = 60_000;

/** What an application does: without the module it would fail. */
const APPLICATION = `
  import { Gate } from "onceward";
  const gate = await Gate.open();
  const verdicts = [gate.check({ id: "a" }), gate.check({ id: "a" })];
  if (verdicts.join() !== "fresh,duplicate") throw new Error(verdicts.join());
`;

/** Keeps a gate in files and opens it again. */
const KEEPING = `
  const folder = process.argv.at(-1);
  const verdicts = [];
  for (const round of [1, 2]) {
    const gate = await Gate.open({ store: file(folder), name: "packed" });
    verdicts.push(gate.check({ id: "a" }), gate.check({ id: "of round " + round }));
    await gate.close();
  }
  if (verdicts.join() !== "fresh,fresh,duplicate,fresh") throw new Error(verdicts.join());
`;

async function runFile(folder, name, text) {
  const file = join(folder, name);
  await writeFile(file, text);
  await run("node", [file, join(folder, `state of ${name}`)]);
}

/** Runs it as ES modules and as CommonJS. */
export async function runAsItIs({ folder }) {
  const imports = `import { Gate } from "onceward"; import { file } from "onceward/file";`;
  await runFile(folder, "keeps.mjs", `${imports}\n${KEEPING}`);
  const requires = `const { Gate } = require("onceward"); const { file } = require("onceward/file");`;
  await runFile(folder, "keeps.cjs", `${requires}\nvoid (async () => {\n${KEEPING}})();`);
}

async function bundle(folder, contents, options) {
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: folder },
    bundle: true,
    minify: true,
    write: false,
    format: "esm",
    logLevel: "warning",
    ...options,
  });
  return outputFiles[0].text;
}

/** Bundles it for several platforms, with whatever is not used left out. */
export async function runBundled({ folder }) {
  for (const platform of ["neutral", "browser", "node"]) {
    const text = await bundle(folder, APPLICATION, { platform, external: [] });
    const file = join(folder, `bundled-for-${platform}.mjs`);
    await writeFile(file, text);
    await import(pathToFileURL(file).href);
  }
}

/** Sees to it that subpaths which do not need the module do not bring it. */
export async function weighSubpaths({ folder, manifest }) {
  const external = [...Object.keys(manifest.peerDependencies), "node:*", "cloudflare:*"];
  for (const [subpath, { core = false }] of Object.entries(SUBPATHS)) {
    const contents = `export * from "onceward${subpath.slice(1)}";`;
    const { length } = await bundle(folder, contents, { platform: "neutral", external });
    console.log(`${subpath}: ${length} bytes`);
    if (length > WITHOUT_MODULE_BYTES_MAX !== core) {
      throw new Failure(`${subpath} must ${core ? "" : "not "}bring the module along`);
    }
  }
}
