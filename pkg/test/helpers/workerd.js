/**
 * Runs a Worker with Durable Objects in workerd, the runtime that Cloudflare uses.
 *
 * Miniflare writes workerd's configuration and starts the process. Objects persist in a folder that
 * outlives the process, and is removed with everything else when the test ends.
 * @module
 */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
// biome-ignore lint/correctness/noUndeclaredDependencies: tests use what the workspace declares.
import { build } from "esbuild";
// biome-ignore lint/correctness/noUndeclaredDependencies: tests use what the workspace declares.
import { Miniflare } from "miniflare";

const dist = fileURLToPath(new URL("../../dist/", import.meta.url));
export const COMPATIBILITY_DATE = "2026-04-01";
const WASM = "core_bg.wasm";

/** The package imports the module beside its scripts, and here it is beside the bundle. */
const precompiled = {
  name: "precompiled",
  setup({ onResolve }) {
    onResolve({ filter: /\.wasm$/ }, () => ({ path: `./${WASM}`, external: true }));
  },
};

/** The way to the objects: /BINDING/name/what-the-object-is-asked. */
const router = (script) => `
  import unsafe from "workerd:unsafe";
  export * from ${JSON.stringify(script)};
  export default {
    async fetch(request, env) {
      const url = new URL(request.url);
      const [, binding, name, ...rest] = url.pathname.split("/");
      if (binding === "evict") {
        await unsafe.abortAllDurableObjects();
        return new Response();
      }
      url.pathname = rest.join("/");
      const namespace = env[binding];
      return namespace.get(namespace.idFromName(name)).fetch(new Request(url, request));
    },
  };`;

/** Returns the modules of a Worker, from the text of its script. */
export async function bundle(contents) {
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: dist },
    bundle: true,
    write: false,
    format: "esm",
    target: "es2022",
    conditions: ["workerd", "worker", "browser"],
    external: ["workerd:*", "cloudflare:*"],
    plugins: [precompiled],
    logLevel: "silent",
  });
  return [
    { type: "ESModule", path: "worker.js", contents: outputFiles[0].text },
    { type: "CompiledWasm", path: WASM, contents: await readFile(join(dist, "wasm", WASM)) },
  ];
}

/** The processes of workerd that this one has started, and are not over. */
async function children() {
  const { stdout } = await promisify(execFile)("ps", ["-A", "-o", "pid=,ppid=,stat=,comm="]);
  return stdout
    .split("\n")
    .map((line) => line.trim().split(/\s+/))
    .filter(([, parent, state, ...command]) => {
      const alive = state !== undefined && !state.startsWith("Z");
      return Number(parent) === process.pid && alive && command.join(" ").endsWith("workerd");
    })
    .map(([pid]) => Number(pid));
}

/** One Worker: it can be asked, and its objects or its process ended in several ways. */
class Workerd {
  /** What the process wrote, to be shown when a test fails. */
  log = "";
  #options;
  #miniflare;
  #url;
  #pid;

  constructor(options) {
    const collect = (stream) => {
      stream.on("data", (chunk) => {
        this.log += chunk;
      });
    };
    const handleRuntimeStdio = (...streams) => streams.forEach(collect);
    this.#options = { ...options, handleRuntimeStdio };
  }

  /** Starts the process. What an earlier one has stored is there. */
  async start() {
    const before = new Set(await children());
    this.#miniflare = new Miniflare(this.#options);
    try {
      this.#url = await this.#miniflare.ready;
    } catch (error) {
      throw new Error(`workerd did not start: ${this.log}`, { cause: error });
    }
    const started = (await children()).filter((pid) => !before.has(pid));
    assert.equal(started.length, 1, `one process of workerd: ${started}`);
    [this.#pid] = started;
  }

  /** Asks an object: `fetch("GATE", "a", "load?name=x")`. */
  async fetch(binding, name, path, init) {
    return await fetch(new URL(`${binding}/${encodeURIComponent(name)}/${path}`, this.#url), init);
  }

  /**
   * Takes all objects out of memory by workerd's own `abortAllDurableObjects`, which is for tests:
   * what they were doing is broken off, and the next request makes them anew from what is stored.
   */
  async evict() {
    assert.equal((await fetch(new URL("evict", this.#url))).status, 200);
  }

  /** Ends the process and starts another one on the same folder. */
  async restart() {
    await this.stop();
    await this.start();
  }

  /** Kills the process (SIGKILL), whatever it is doing, and waits until it is gone. */
  async kill() {
    const pid = this.#pid;
    process.kill(pid, "SIGKILL");
    while ((await children()).includes(pid)) {
      await delay(5);
    }
    await this.stop();
  }

  /** Ends the process, if there is one; miniflare kills it, too. */
  async stop() {
    const miniflare = this.#miniflare;
    this.#miniflare = undefined;
    await miniflare?.dispose();
  }
}

/**
 * Starts a Worker whose script exports the classes of its Durable Objects. When the test ends, or
 * `after` is node:test's own and the file does, process and folder are cleared away.
 *
 * @param t what has `after`: a test, or the module `node:test`.
 * @param script the URL of the script.
 * @param objects the classes by binding: `{ GATE: { className: "Gate", useSQLite: true } }`.
 */
export async function workerd(t, script, objects) {
  const modules = await bundle(router(fileURLToPath(script)));
  const folder = await mkdtemp(join(tmpdir(), "onceward-workerd-"));
  const running = new Workerd({
    modules,
    durableObjects: objects,
    durableObjectsPersist: folder,
    compatibilityDate: COMPATIBILITY_DATE,
    compatibilityFlags: ["unsafe_module"],
    // Else it would ask the network about the client.
    cf: false,
  });
  const clear = async () => {
    try {
      await running.stop();
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  };
  try {
    await running.start();
  } catch (error) {
    // What failed says more than what may go wrong while clearing up after it.
    await clear().catch(() => {});
    throw error;
  }
  t.after(clear);
  return running;
}
