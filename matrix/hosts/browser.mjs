/**
 * Pages, workers and service workers of a browser, without a bundler where none is needed.
 * @module
 */
import { join } from "node:path";
import { build } from "esbuild";
import { moduleSource } from "../lib/sources.mjs";

/** A page that does nothing but run a script. */
export const page = (script) =>
  `<!doctype html><title>matrix</title><script type="module" src="${script}"></script>`;

/** A page's script that starts a worker; what goes wrong there goes wrong in the page. */
const workerPage = (script) => `
const worker = new Worker(${JSON.stringify(script)}, { type: "module" });
worker.addEventListener("error", ({ message }) => {
  throw new Error("in the worker: " + message);
});
`;

/** A page's script that asks its service worker, and sends on what that answers. */
const servedPage = (script, type, give) => `
const give = ${give};
const { serviceWorker } = navigator;
await serviceWorker.register(${JSON.stringify(script)}, { type: "${type}" });
if (serviceWorker.controller === null) {
  await new Promise((resolve) => serviceWorker.addEventListener("controllerchange", resolve));
}
give(await (await fetch("ask")).json());
`;

const serviceSource = ({ smoke, entry }) => `
import { answer } from "${smoke}";
import * as onceward from "${entry}";

addEventListener("install", () => skipWaiting());
addEventListener("activate", (event) => event.waitUntil(clients.claim()));
addEventListener("fetch", (event) => {
  if (new URL(event.request.url).pathname.endsWith("/ask")) {
    event.respondWith(answer(onceward).then((seen) => Response.json(seen)));
  }
});
`;

/** The files of each kind of page, beside `index.html`, which runs `page.js`. */
const FILES = {
  page: (imports, give) => ({ "page.js": moduleSource({ ...imports, give }) }),
  worker: (imports, give) => ({
    "page.js": workerPage("worker.js"),
    "worker.js": moduleSource({ ...imports, give }),
  }),
  service: (imports, give) => ({
    "page.js": servedPage("service.js", "module", give),
    "service.js": serviceSource(imports),
  }),
  classic: (imports, give) => ({
    "page.js": servedPage("classic.js", "classic", give),
    "service.js": serviceSource({ smoke: "../smoke.mjs", entry: imports.name }),
  }),
};

/** @param given `{ browser }`: "chromium" or "firefox". */
export async function start({ name, folder, site, browsers }, { browser }) {
  site.mount(name, folder.path);
  const { version } = await browsers.get(browser);
  return {
    version,
    async ask({ as, entry = "onceward" }) {
      const id = `${as}-${entry.replace(/\W/g, "-")}`;
      const give = site.send(`${name}/${id}`);
      const path = await folder.resolve(entry, ["browser", "import"]);
      const imports = { smoke: `/${name}/smoke.mjs`, entry: `/${name}${path}`, name: entry };
      await folder.write(`${id}/index.html`, page("page.js"));
      for (const [file, source] of Object.entries(FILES[as](imports, give))) {
        await folder.write(`${id}/${file}`, source);
      }
      if (as === "classic") {
        await bundleClassic(join(folder.path, id));
      }
      const answered = site.expect(`${name}/${id}`);
      return await browsers.visit(browser, `${site.origin}/${name}/${id}/index.html`, answered);
    },
  };
}

/** Service workers that are no modules cannot import, and so are bundled. */
async function bundleClassic(folder) {
  await build({
    entryPoints: { classic: join(folder, "service.js") },
    outdir: folder,
    bundle: true,
    format: "iife",
    platform: "browser",
    logLevel: "warning",
  });
}
