/**
 * Builds the package: from the crate to pkg/wasm, and from there to pkg/dist.
 *
 *   node scripts/build.mjs        cargo → wasm-bindgen → wasm-opt → base64 → tsc → esbuild → sizes
 *   node scripts/build.mjs pkg    from tsc on, with the module that is in pkg/wasm
 *
 * scripts/setup.sh build installs what is needed. Every step runs every time, and is quick when its
 * input is unchanged.
 * @module
 */
import { measure, measureStart } from "./build/measure.mjs";
import {
  bundle,
  compileTypeScript,
  writeCommonJs,
  writeDeclarations,
  writeEntries,
} from "./build/package.mjs";
import {
  askCargo,
  compileCrate,
  generateGlue,
  inline,
  mark,
  optimise,
  trim,
} from "./build/wasm.mjs";
import { main, printSummary, run, step } from "./steps.mjs";

async function buildModule() {
  const cargo = await askCargo();
  await step("compile the crate", () => compileCrate(cargo));
  await step("generate the glue", async () => {
    await generateGlue(cargo);
    await trim();
  });
  await step("optimise the module", () => optimise(cargo));
  await step("mark and inline the module", async () => {
    await mark();
    await inline();
  });
}

await main(async () => {
  if (!process.argv.includes("pkg")) {
    await buildModule();
  }
  await step("compare the exports", () => run("node", ["scripts/exports.mjs", "--check"]));
  await step("compile TypeScript", compileTypeScript);
  await step("put it together", bundle);
  await step("write the entries", writeEntries);
  await step("write CommonJS", writeCommonJs);
  await step("write the declarations", writeDeclarations);
  await step("measure", measure);
  await step("start", measureStart);
  printSummary("Built pkg/dist:");
});
