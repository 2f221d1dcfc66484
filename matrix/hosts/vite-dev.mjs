/**
 * Pages served by a development server of Vite, whose dependencies it bundles by itself.
 * @module
 */
import { pathToFileURL } from "node:url";
import { toolFile, toolVersion } from "../lib/command.mjs";
import { moduleSource } from "../lib/sources.mjs";
import { page } from "./browser.mjs";

/** Serves a folder as `vite` does, while a function runs. */
async function serving(file, root, call) {
  const { createServer } = await import(pathToFileURL(file).href);
  const server = await createServer({
    root,
    configFile: false,
    logLevel: "error",
    server: { host: "127.0.0.1", port: 0, strictPort: false },
  });
  await server.listen();
  try {
    return await call(`http://127.0.0.1:${server.httpServer.address().port}/`);
  } finally {
    await server.close();
  }
}

/** @param given `{ vite, set }`: the package that holds Vite, and where it is installed. */
export async function start({ name, folder, site, browsers }, { vite, set }) {
  const file = toolFile(vite, "dist/node/index.js", set);
  return {
    version: await toolVersion(vite, set),
    async ask({ entry }) {
      const id = `${name}/${entry ?? "onceward"}`;
      await folder.write("index.html", page("/main.js"));
      await folder.write("main.js", moduleSource({ entry, give: site.send(id) }));
      return await serving(file, folder.path, (url) =>
        browsers.visit("chromium", url, site.expect(id)),
      );
    },
  };
}
