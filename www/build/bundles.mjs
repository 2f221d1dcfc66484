/**
 * Scripts, workers and styles, each bundled into one file of its name, and the font.
 * @module
 */
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { build } from "esbuild";
import subsetFont from "subset-font";
import { dist, www } from "./places.mjs";

const MODULES = {
  shell: "src/shared/shell.ts",
  network: "src/network/page.ts",
  "network-worker": "src/network/worker.ts",
  stream: "src/stream/page.ts",
  "stream-worker": "src/stream/worker.ts",
  tabs: "src/tabs/page.ts",
  "tabs-worker": "src/tabs/worker.ts",
};

/** Scripts that are no modules: one that must run before the page is shown, and one for Firefox. */
const CLASSIC = { theme: "src/shared/theme.ts", sw: "src/offline/sw.ts" };

const FONT = "node_modules/@fontsource-variable/geist/files/geist-latin-wght-normal.woff2";

/** What the pages write; anything else comes from a font of the system. */
const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
const GLYPHS = `${LETTERS} .,:;!?%()[]+-=_/@#&'"·×–—’“”…−ü`;

const from = (folder) => (names) =>
  Object.fromEntries(Object.entries(names).map(([name, file]) => [name, join(folder, file)]));
const fromHere = from(www);

/** Bundles scripts. */
export async function bundleScripts() {
  const shared = {
    outdir: dist,
    bundle: true,
    minify: true,
    target: "es2022",
    platform: "browser",
    logLevel: "warning",
    legalComments: "none",
    nodePaths: [join(www, "node_modules")],
  };
  await build({ ...shared, entryPoints: fromHere(MODULES), format: "esm" });
  await build({ ...shared, entryPoints: fromHere(CLASSIC), format: "iife" });
}

/** Bundles styles, and takes out of the font what the pages need. */
export async function bundleStyles() {
  await build({
    entryPoints: ["page", "docs", "network", "stream", "tabs"].map((name) =>
      join(www, `styles/${name}.css`),
    ),
    outdir: dist,
    bundle: true,
    minify: true,
    target: ["es2022"],
    external: ["*.woff2"],
    logLevel: "warning",
  });
  await mkdir(dist, { recursive: true });
  const font = await subsetFont(await readFile(join(www, FONT)), GLYPHS, {
    targetFormat: "woff2",
    // Figures of one width, and pairs that sit well; other forms of letters are not used.
    keepFeatures: ["tnum", "kern"],
    noHinting: true,
    variationAxes: { wght: { min: 400, max: 600, default: 400 } },
  });
  await writeFile(join(dist, "geist.woff2"), font);
}
