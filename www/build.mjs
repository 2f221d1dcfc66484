/**
 * Builds the page: static files in www/dist, for any place of any server.
 *
 *   node www/build.mjs            build
 *   node www/build.mjs --serve    build, and serve what was built on this machine
 *
 * The package has to be built, since the page uses it packed as npm would publish it.
 * @module
 */
import { cp, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { bundleScripts, bundleStyles } from "./build/bundles.mjs";
import { highlight, writeDocs } from "./build/docs.mjs";
import { layout } from "./build/layout.mjs";
import { installPacked } from "./build/pack.mjs";
import { dist, root, www } from "./build/places.mjs";
import { writeRelease } from "./build/release.mjs";
import { serve } from "./build/serve.mjs";

const PAGES = [
  {
    name: "index",
    title: "onceward: let each event through once, and only forwards",
    description: "A lossy network, and two consumers: one naive, one behind a gate. It runs here.",
    style: "network",
    script: "network",
  },
  {
    name: "stream",
    title: "Your own stream · onceward",
    description:
      "See what in a file of JSON lines came twice or too late. It stays on your machine.",
    style: "stream",
    script: "stream",
  },
  {
    name: "tabs",
    title: "Two tabs, one memory · onceward",
    description: "What one tab has accepted the other knows, also after a reload.",
    style: "tabs",
    script: "tabs",
  },
];

/** Puts code in the place of a comment such as `<!-- code:network -->`. */
async function withCode(body) {
  const names = [...body.matchAll(/<!-- code:(\w+) -->/g)].map(([, name]) => name);
  const texts = await Promise.all(
    names.map((name) => readFile(join(www, `pages/${name}.code.ts`), "utf8")),
  );
  const codes = texts.map((text) => text.replace(/^\/\*\*.*?\*\/\s*/s, ""));
  return names.reduce(
    (text, name, index) =>
      text.replace(
        `<!-- code:${name} -->`,
        () =>
          `<pre tabindex="0" aria-label="Code"><code>${highlight(codes[index].trim(), "ts")}</code></pre>`,
      ),
    body,
  );
}

async function writePages() {
  await Promise.all(
    PAGES.map(async ({ name, ...page }) => {
      const body = await withCode(await readFile(join(www, `pages/${name}.html`), "utf8"));
      await writeFile(join(dist, `${name}.html`), layout({ path: `${name}.html`, ...page, body }));
    }),
  );
}

/** What the pages bring along of others, each with the folder of its licence. */
const BROUGHT = {
  Geist: "@fontsource-variable/geist",
  "d3-array": "d3-array",
  "d3-shape": "d3-shape",
  "d3-path": "d3-path",
  idb: "idb",
};

async function writeLicences() {
  const texts = await Promise.all(
    Object.entries(BROUGHT).map(async ([name, folder]) => {
      const text = await readFile(join(www, "node_modules", folder, "LICENSE"), "utf8");
      return `${name}\n\n${text.trim()}\n`;
    }),
  );
  const own = await readFile(join(root, "LICENSE-MIT"), "utf8");
  const all = [`onceward\n\n${own.trim()}\n`, ...texts].join(`\n${"-".repeat(72)}\n\n`);
  await writeFile(join(dist, "licences.txt"), all);
}

/** Builds everything into an empty dist. */
async function build() {
  await rm(dist, { recursive: true, force: true });
  await mkdir(dist, { recursive: true });
  await installPacked();
  await Promise.all([bundleScripts(), bundleStyles(), writePages(), writeDocs(), writeLicences()]);
  await cp(join(www, "pages/icon.svg"), join(dist, "icon.svg"));
  await cp(fileURLToPath(import.meta.resolve("onceward/gate.wasm")), join(dist, "gate.wasm"));
  await writeRelease();
}

await build();
if (process.argv.includes("--serve")) {
  const { origin } = await serve(dist, { port: 4173 });
  console.log(`The page is at ${origin}/`);
}
