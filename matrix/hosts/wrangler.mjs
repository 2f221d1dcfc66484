/**
 * What wrangler would deploy: it is built by a dry run, which asks nobody, and run in workerd.
 * @module
 */
import { join } from "node:path";
import { command, toolFile, toolVersion } from "../lib/command.mjs";
import { workerSource } from "../lib/sources.mjs";
import { askWorker, COMPATIBILITY_DATE } from "./workerd.mjs";

/** Has wrangler build what it would deploy from a folder; returns the folder with the output. */
export async function dryRun(folder) {
  const program = toolFile("wrangler", "bin/wrangler.js", "long");
  const out = join(folder, "deployed");
  const args = [program, "deploy", "--dry-run", `--outdir=${out}`];
  const env = {
    CI: "1",
    WRANGLER_SEND_METRICS: "false",
    WRANGLER_LOG_PATH: join(folder, "logs"),
    XDG_CONFIG_HOME: join(folder, "config"),
  };
  await command(folder, process.execPath, args, { env });
  return out;
}

export async function start({ folder }) {
  return {
    version: await toolVersion("wrangler", "long"),
    async ask({ entry }) {
      await folder.write("main.mjs", workerSource({ entry }));
      const config = { name: "matrix", main: "main.mjs", compatibility_date: COMPATIBILITY_DATE };
      await folder.write("wrangler.json", JSON.stringify(config));
      const out = await dryRun(folder.path);
      return await askWorker(join(out, "main.js"));
    },
  };
}
