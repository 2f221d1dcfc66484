/**
 * How each bundler is told to build one script, with as little configuration as it takes.
 *
 * Each returns its version, and a function that builds `main` into `out/main.js`, or returns how the
 * file is called.
 * @module
 */
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { nodeResolve } from "@rollup/plugin-node-resolve";
import { toolFile, toolVersion } from "../lib/command.mjs";

async function esbuild() {
  const { build, version } = await import("esbuild");
  return {
    version,
    async build({ folder, main, out, as, format }) {
      const extension = format === "cjs" ? ".cjs" : ".js";
      await build({
        entryPoints: { main: join(folder.path, main) },
        outdir: join(folder.path, out),
        outExtension: { ".js": extension },
        bundle: true,
        minify: true,
        format,
        platform: as === "node" ? "node" : "browser",
        logLevel: "warning",
      });
      return `main${extension}`;
    },
  };
}

async function rollup() {
  const { rollup: open, VERSION } = await import("rollup");
  return {
    version: VERSION,
    async build({ folder, main, out, as }) {
      const bundle = await open({
        input: { main: join(folder.path, main) },
        plugins: [nodeResolve({ browser: as !== "node" })],
        external: /^node:/,
        onwarn: ({ message }) => {
          throw new Error(message);
        },
      });
      await bundle.write({ dir: join(folder.path, out), format: "esm" });
      await bundle.close();
    },
  };
}

async function rolldown(set) {
  const file = toolFile("rolldown", "dist/index.mjs", set);
  const { rolldown: open } = await import(pathToFileURL(file).href);
  return {
    version: await toolVersion("rolldown", set),
    async build({ folder, main, out, as }) {
      const platform = as === "node" ? "node" : "browser";
      const bundle = await open({ input: { main: join(folder.path, main) }, platform });
      await bundle.write({ dir: join(folder.path, out), format: "esm" });
      await bundle.close();
    },
  };
}

async function webpack() {
  const pack = createRequire(import.meta.url)("webpack");
  return {
    version: pack.version,
    async build({ folder, main, out, as }) {
      const stats = await promisify(pack)({
        mode: "production",
        context: folder.path,
        entry: { main: `./${main}` },
        output: { path: join(folder.path, out), publicPath: as === "node" ? undefined : "auto" },
        ...(as === "node" && { target: "node20" }),
        // It takes seconds, and so is done where it might do harm: to a page.
        optimization: { minimize: as !== "node" },
        performance: false,
      });
      if (stats.hasErrors() || stats.hasWarnings()) {
        throw new Error(stats.toString({ all: false, errors: true, warnings: true }));
      }
    },
  };
}

/** Vite's own defaults; only what would look for files of a project is switched off. */
async function vite() {
  const { build, version } = await import("vite");
  return {
    version,
    async build({ folder, main, out, as }) {
      await build({
        root: folder.path,
        base: "./",
        configFile: false,
        logLevel: "error",
        build: {
          outDir: out,
          ...(as === "node" && { ssr: main }),
          rolldownOptions: {
            input: { main: join(folder.path, main) },
            output: { entryFileNames: "main.js" },
          },
        },
        ssr: { noExternal: true },
      });
    },
  };
}

export const BUNDLERS = { esbuild, rollup, rolldown, webpack, vite };
