/**
 * Writes the subpaths of the package into pkg/package.json; with --check it only compares.
 * @module
 */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { packageExports } from "./build/subpaths.mjs";
import { Failure, main, root } from "./steps.mjs";

const file = join(root, "pkg/package.json");

await main(async () => {
  const before = await readFile(file, "utf8");
  const after = `${JSON.stringify({ ...JSON.parse(before), exports: packageExports() }, null, 2)}\n`;
  if (before === after) {
    return;
  }
  if (process.argv.includes("--check")) {
    throw new Failure("pkg/package.json differs from scripts/build/subpaths.mjs: npm run exports");
  }
  await writeFile(file, after);
  console.log("wrote the exports of pkg/package.json");
});
