/**
 * Applications that a bundler has built: for a page, whose output is served, and for Node.js.
 * @module
 */
import { copyFile } from "node:fs/promises";
import { join } from "node:path";
import { command, nodeOf, PRINT, printedAnswer } from "../lib/command.mjs";
import { moduleSource } from "../lib/sources.mjs";
import { page } from "./browser.mjs";
import { BUNDLERS } from "./bundlers.mjs";

/** Adds what a page needs beside its script, where the bundler adds none. */
async function finish(folder, out, { as, copies }) {
  if (as === "page") {
    await folder.write(`${out}/index.html`, page("main.js"));
  }
  for (const [entry, name] of Object.entries(copies ?? {})) {
    const file = await folder.resolve(entry, []);
    await copyFile(join(folder.path, file), join(folder.path, out, name));
  }
}

/** @param given `{ bundler, set }`: a name in BUNDLERS, and where it is installed. */
export async function start({ name, folder, site, browsers }, { bundler, set }) {
  const { version, build } = await BUNDLERS[bundler](set);
  site.mount(name, folder.path);
  return {
    version,
    async ask(way) {
      const { as, entry, format = "esm", options } = way;
      const id = `${as}-${format}-${entry === undefined ? "main" : "other"}`;
      const give = as === "page" ? site.send(`${name}/${id}`) : PRINT;
      const main = `${id}.js`;
      await folder.write(main, moduleSource({ entry, give, options }));
      const out = `built-${id}`;
      const written = await build({ folder, main, out, as, format });
      await finish(folder, out, way);
      if (as === "page") {
        const answered = site.expect(`${name}/${id}`);
        const url = `${site.origin}/${name}/${out}/index.html`;
        return await browsers.visit("chromium", url, answered);
      }
      const program = nodeOf("node20");
      const script = join(folder.path, out, written ?? "main.js");
      return printedAnswer(await command(folder.path, program, [script]));
    },
  };
}
