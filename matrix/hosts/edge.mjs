/**
 * The virtual machine of edge functions, in which no code can be made at run time.
 * @module
 */

import { readFile } from "node:fs/promises";
import { basename } from "node:path";
import { EdgeVM } from "@edge-runtime/vm";
import { build } from "esbuild";
import { toolVersion } from "../lib/command.mjs";
import { moduleSource } from "../lib/sources.mjs";

const GIVE = "(answer) => globalThis.give(JSON.stringify(answer))";

/** Modules that are imported as `x.wasm?module` are handed in as globals, as platforms do it. */
function handedIn(files) {
  return {
    name: "handed-in",
    setup({ onResolve, onLoad }) {
      onResolve({ filter: /\.wasm\?module$/ }, async ({ path, resolveDir }) => {
        const url = new URL(path.replace(/\?module$/, ""), `file://${resolveDir}/`);
        return { path: url.pathname, namespace: "handed-in" };
      });
      onLoad({ filter: /.*/, namespace: "handed-in" }, ({ path }) => {
        files.push(path);
        const name = JSON.stringify(basename(path));
        return { contents: `export default globalThis.modules[${name}];` };
      });
    },
  };
}

export async function start({ folder }) {
  return {
    version: await toolVersion("@edge-runtime/vm"),
    async ask({ entry }) {
      const file = await folder.write("edge.mjs", moduleSource({ entry, give: GIVE }));
      const wasm = [];
      const { outputFiles } = await build({
        entryPoints: [file],
        bundle: true,
        write: false,
        format: "iife",
        conditions: ["edge-light", "worker", "browser"],
        plugins: [handedIn(wasm)],
        logLevel: "warning",
      });
      const modules = {};
      for (const path of wasm) {
        modules[basename(path)] = await WebAssembly.compile(await readFile(path));
      }
      const vm = new EdgeVM({ codeGeneration: { strings: false, wasm: false } });
      return await new Promise((resolve, reject) => {
        Object.assign(vm.context, { modules, give: (text) => resolve(JSON.parse(text)) });
        Promise.resolve(vm.evaluate(outputFiles[0].text)).catch(reject);
      });
    },
  };
}
