/**
 * Programs in Bun: as they are, bundled, and compiled into one executable file.
 * @module
 */
import { join } from "node:path";
import { command, PRINT, printedAnswer, toolFile, toolVersion } from "../lib/command.mjs";
import { commonSource, moduleSource } from "../lib/sources.mjs";

const RUN = {
  plain: (bun, file) => [[bun, ["--no-install", file]]],
  bundled: (bun, file, out) => [
    [bun, ["build", "--target=bun", `--outdir=${out}`, file]],
    [bun, ["--no-install", join(out, "main.js")]],
  ],
  compiled: (bun, file, out) => [
    [bun, ["build", "--compile", `--outfile=${join(out, "main")}`, file]],
    [join(out, "main"), []],
  ],
};

export async function start({ folder }) {
  const bun = toolFile("bun", "bin/bun.exe");
  return {
    version: await toolVersion("bun"),
    async ask({ format = "esm", entry, run = "plain" }) {
      const isModule = format === "esm";
      const source = (isModule ? moduleSource : commonSource)({ entry, give: PRINT });
      const file = await folder.write(`main.${isModule ? "mjs" : "cjs"}`, source);
      let written = "";
      for (const [program, args] of RUN[run](bun, file, join(folder.path, run))) {
        written = await command(folder.path, program, args);
      }
      return printedAnswer(written);
    },
  };
}
