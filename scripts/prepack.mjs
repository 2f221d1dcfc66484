/**
 * Runs before npm packs or publishes the package: refuses a package that was not built, and copies
 * the texts that the package shares with the repository beside its package.json.
 * @module
 */
import { existsSync } from "node:fs";
import { copyFile } from "node:fs/promises";
import { join } from "node:path";
import { Failure, main, root } from "./steps.mjs";

const SHARED_TEXTS = ["README.md", "LICENSE-MIT", "LICENSE-APACHE"];
const BUILT = [
  "dist/index.js",
  "dist/cjs/index.js",
  "dist/index.d.ts",
  "dist/cli.js",
  "dist/wasm/core_bg.wasm",
];

await main(async () => {
  for (const file of BUILT) {
    if (!existsSync(join(root, "pkg", file))) {
      throw new Failure(
        `pkg/${file} is missing. Run npm run build in the root of the repository first.`,
      );
    }
  }
  for (const file of SHARED_TEXTS) {
    await copyFile(join(root, file), join(root, "pkg", file));
  }
});
