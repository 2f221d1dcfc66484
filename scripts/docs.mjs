/**
 * Writes the API pages of the package to docs/api: everything that can be imported, by subpath.
 *
 * Typedoc needs a TypeScript that is written in JavaScript, so it has one in a folder of its own. A
 * thing without documentation, or a link that leads nowhere, is a failure.
 * @module
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { SUBPATHS } from "./build/subpaths.mjs";
import { Failure, main, root, run } from "./steps.mjs";

const tools = join(root, "docs/api-tools");

await main(async () => {
  if (!existsSync(join(root, "pkg/wasm"))) {
    throw new Failure("pkg/wasm is missing, which the sources import: npm run build");
  }
  const entries = Object.values(SUBPATHS).map(({ source }) => join(root, "pkg/src", source));
  await run("bash", ["scripts/setup.sh", "docs"]);
  const typedoc = join(tools, "node_modules/typedoc/bin/typedoc");
  await run("node", [typedoc, "--options", join(tools, "typedoc.json"), ...entries]);
});
