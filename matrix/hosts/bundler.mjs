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

/** A page's script that starts a worker, in the one form that bundlers look for. */
const startWorker = (file) => `
const worker = new Worker(new URL("./${file}", import.meta.url), { type: "module" });
worker.addEventListener("error", ({ message }) => {
  throw new Error("in the worker: " + message);
});
`;

/** Writes what is to be built; returns the name of the file that begins. */
async function write(folder, id, source, { as }) {
  if (as !== "worker") {
    await folder.write(`${id}.js`, source);
    return `${id}.js`;
  }
  await folder.write(`${id}-itself.js`, source);
  await folder.write(`${id}.js`, startWorker(`${id}-itself.js`));
  return `${id}.js`;
}

/** Adds what a page needs beside its script, where the bundler adds none. */
async function finish(folder, out, { as, copies }) {
  if (as !== "node") {
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
      const give = as === "node" ? PRINT : site.send(`${name}/${id}`);
      const main = await write(folder, id, moduleSource({ entry, give, options }), way);
      const out = `built-${id}`;
      const written = await build({ folder, main, out, as, format });
      await finish(folder, out, way);
      if (as !== "node") {
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
