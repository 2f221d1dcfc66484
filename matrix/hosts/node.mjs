/**
 * Programs in Node.js, of the version that is asked for.
 * @module
 */
import { command, nodeOf, PRINT, printedAnswer } from "../lib/command.mjs";
import { commonSource, moduleSource } from "../lib/sources.mjs";

/** @param given `{ node, set }`: the package that holds the program, and where it is installed. */
export async function start({ folder }, { node, set }) {
  const program = nodeOf(node, set);
  const version = (await command(folder.path, program, ["--version"])).trim().replace(/^v/, "");
  return {
    version,
    async ask({ format, entry }) {
      const name = `${format}-${entry === undefined ? "main" : "other"}`;
      const isModule = format === "esm";
      const source = (isModule ? moduleSource : commonSource)({ entry, give: PRINT });
      const file = await folder.write(`${name}.${isModule ? "mjs" : "cjs"}`, source);
      return printedAnswer(await command(folder.path, program, [file]));
    },
  };
}
