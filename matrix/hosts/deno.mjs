/**
 * Programs in Deno, which are given no permission at all.
 * @module
 */
import { join } from "node:path";
import { command, PRINT, printedAnswer, toolFile, toolVersion } from "../lib/command.mjs";
import { commonSource, moduleSource } from "../lib/sources.mjs";

/** @param given `{ deno, set }`: the package that holds the program, and where it is installed. */
export async function start({ folder }, { deno, set }) {
  const program = toolFile(deno, "bin.cjs", set);
  const env = {
    DENO_DIR: join(folder.path, ".deno"),
    DENO_NO_UPDATE_CHECK: "1",
    DENO_NO_PROMPT: "1",
  };
  return {
    version: await toolVersion(deno, set),
    async ask({ format, entry }) {
      const isModule = format === "esm";
      const source = (isModule ? moduleSource : commonSource)({ entry, give: PRINT });
      const file = await folder.write(`main.${isModule ? "mjs" : "cjs"}`, source);
      const args = ["run", "--no-prompt", "--no-remote", "--node-modules-dir=manual", file];
      return printedAnswer(
        await command(folder.path, process.execPath, [program, ...args], { env }),
      );
    },
  };
}
