/**
 * Breaks the package on purpose, in all the ways in which packages break, and has the matrix find out.
 *
 *   node matrix/mutants.mjs             all of them; npm run test:matrix does it, too
 *   node matrix/mutants.mjs eval …      the named ones
 * @module
 */
import { spawn } from "node:child_process";
import { appendFile, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Failure, main } from "../scripts/steps.mjs";
import { command, matrixFolder } from "./lib/command.mjs";
import { pack } from "./lib/folder.mjs";

/** Changes the manifest. */
const inManifest = (change) => async (folder) => {
  const path = join(folder, "package.json");
  const manifest = JSON.parse(await readFile(path, "utf8"));
  change(manifest);
  await writeFile(path, JSON.stringify(manifest));
};

/** Takes a condition away from the main entry. */
const without = (condition) =>
  inManifest(({ exports }) => {
    delete exports["."][condition];
  });

const drop = (file) => (folder) => rm(join(folder, file));

/** Adds code that runs when the package is imported. */
const atImport = (code) => (folder) =>
  appendFile(join(folder, "dist/entry/inline/index.js"), `\n${code}\n`);

/** What is broken, and who has to notice, with what it then says. */
const MUTANTS = {
  "no-workerd": { alter: without("workerd"), only: "workerd", says: /code generation disallowed/i },
  "no-edge-light": { alter: without("edge-light"), only: "edge", says: /code generation/i },
  "no-require": { alter: without("require"), only: "node-20.0", says: /ERR_REQUIRE_ESM/ },
  "file-by-default": {
    alter: inManifest(({ exports }) => {
      exports["."].default = "./dist/entry/node/index.js";
    }),
    only: "deno",
    says: /Requires read access/,
  },
  "side-effects-false": {
    alter: inManifest((manifest) => {
      manifest.sideEffects = false;
    }),
    only: "esbuild,rollup,webpack,vite",
    says: /does not work in esbuild, rollup, webpack, vite\./,
  },
  "no-file": { alter: drop("dist/wasm/core_bg.wasm"), only: "workerd", says: /core_bg\.wasm/ },
  "no-bind": { alter: drop("dist/bind/web.js"), only: "chromium", says: /in chromium\./ },
  eval: { alter: atImport(`new Function("")();`), only: "firefox", says: /in firefox\./ },
  "import-time": {
    alter: atImport(`import { Gate as Opened } from "../../index.js"; Opened.openSync();`),
    only: "bun",
    says: /made by importing: 1, and should be 0/,
  },
  network: {
    alter: atImport(`fetch("data:,").catch(() => {});`),
    only: "bun",
    says: /made by importing: 1, and should be 0/,
  },
  verdicts: {
    alter: async (folder) => {
      const shared = join(folder, "dist/shared");
      for (const name of await readdir(shared)) {
        const text = await readFile(join(shared, name), "utf8");
        await writeFile(join(shared, name), text.replace('  "stale",', '  "early",'));
      }
    },
    only: "node-20",
    says: /"early", and should be "stale"/,
  },
};

/** Makes a tarball of the broken package. */
async function breakPackage(folder, tarball, name, alter) {
  const unpacked = await mkdtemp(join(folder, `${name}-`));
  await command(unpacked, "tar", ["-xzf", tarball]);
  await alter(join(unpacked, "package"));
  const broken = join(unpacked, "broken.tgz");
  await command(unpacked, "tar", ["-czf", broken, "package"]);
  return broken;
}

/** What the matrix says, and how it ends. */
async function runMatrix(args) {
  const child = spawn(process.execPath, [join(matrixFolder, "run.mjs"), ...args]);
  let text = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (part) => {
      text += part;
    });
  }
  const code = await new Promise((resolve) => child.on("close", resolve));
  return { code, text };
}

await main(async () => {
  const named = process.argv.slice(2);
  const packed = await pack();
  const folder = await mkdtemp(join(tmpdir(), "onceward-mutants-"));
  try {
    for (const [name, { alter, only, says }] of Object.entries(MUTANTS)) {
      if (named.length > 0 && !named.includes(name)) {
        continue;
      }
      const tarball = await breakPackage(folder, packed.tarball, name, alter);
      const { code, text } = await runMatrix(["--tarball", tarball, "--only", only]);
      if (code !== 1 || !says.test(text)) {
        throw new Failure(`nobody notices the broken package "${name}":\n${text}`);
      }
      console.log(`  ${name}: noticed by ${only}`);
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
    await packed.remove();
  }
});
