/**
 * Tells what the package is made of: the largest parts of the module, by the crate's module and by the
 * function they come from, and the largest parts of the JavaScript.
 *
 *   npm run size          the largest 25 of each
 *   npm run size -- 60    as many
 *
 * The module is built as it is published, but keeps the names of its functions.
 * @module
 */
import { readFile } from "node:fs/promises";
import { join, relative, resolve } from "node:path";
import { build } from "esbuild";
import { compiledDir } from "./build/package.mjs";
import { functionsOf, sectionsOf, titleOf } from "./build/sections.mjs";
import { askCargo, compileCrate, generateGlue, OPTIMISING } from "./build/wasm.mjs";
import { main, run } from "./steps.mjs";

const SHOWN = 25;

/** A name without the digests that the compiler adds. */
const plain = (name) => name.replace(/::h[0-9a-f]{16}$/, "").replaceAll(/\[[0-9a-f]+\]/g, "");

/** The module of the crate, or the other crate, that a function is of. */
function ownerOf(name) {
  // A function that is exported is compiled into the shim through which it is called.
  if (name.endsWith(" shim")) {
    return "onceward::wasm, what is exported";
  }
  const [, path = ""] = /^<*(?:&|mut |dyn |\[)*([\w:]+)/.exec(name) ?? [];
  const [crate, part] = path.split("::").filter((word) => word !== "");
  if (!path.includes("::")) {
    return "the runtime of the language";
  }
  return crate === "onceward" ? `onceward::${part}` : crate;
}

/** Adds up sizes by what they are of. */
function sum(pairs) {
  const sums = new Map();
  for (const [name, bytes] of pairs) {
    sums.set(name, (sums.get(name) ?? 0) + bytes);
  }
  return [...sums].sort(([, one], [, other]) => other - one);
}

function show(title, pairs, shown) {
  const total = pairs.reduce((all, [, bytes]) => all + bytes, 0);
  console.log(`\n${title}: ${total} bytes`);
  for (const [name, bytes] of pairs.slice(0, shown)) {
    const share = ((100 * bytes) / total).toFixed(1);
    console.log(`${String(bytes).padStart(8)} ${share.padStart(5)} %  ${name}`);
  }
}

/** Builds the module with names, beside what cargo builds. */
async function buildNamed() {
  const cargo = await askCargo();
  const folder = join(cargo.targetDir, "size");
  await compileCrate(cargo);
  await generateGlue(cargo, { folder, names: true });
  const file = join(folder, "named.wasm");
  await run("wasm-opt", [...OPTIMISING, "-g", join(folder, "core_bg.wasm"), "-o", file]);
  return await readFile(file);
}

/** What each file adds to a bundle of the main entry. */
async function filesOfMain() {
  const { metafile } = await build({
    entryPoints: [join(compiledDir, "index.js")],
    bundle: true,
    minify: true,
    write: false,
    platform: "neutral",
    format: "esm",
    metafile: true,
  });
  const [{ inputs }] = Object.values(metafile.outputs);
  return Object.entries(inputs).map(([file, { bytesInOutput }]) => [
    relative(compiledDir, resolve(file)),
    bytesInOutput,
  ]);
}

await main(async () => {
  const shown = Number(process.argv[2] ?? SHOWN);
  const module = await buildNamed();
  const sections = sectionsOf(module).map((one) => [titleOf(one), one.content.length]);
  const functions = functionsOf(module).map(({ name, bytes }) => [plain(name), bytes]);
  show("Sections of the module", sum(sections), shown);
  const owners = functions.map(([name, bytes]) => [ownerOf(name), bytes]);
  show("Code by where it comes from", sum(owners), shown);
  show("Code by function", sum(functions), shown);
  show("JavaScript of the main entry, minified", sum(await filesOfMain()), shown);
});
