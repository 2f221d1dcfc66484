/**
 * Where the WebAssembly module comes from: a module of `bind/` says so for its platform.
 * @module
 */

import { OncewardError } from "./errors.js";

/** Where the WebAssembly module comes from on a platform. */
export interface Source {
  /** Returns its bytes, or itself where the platform has compiled it: at once. */
  readonly sync?: () => BufferSource | WebAssembly.Module;
  /** Returns what it can be loaded from, where that takes time: all that `ready` takes. */
  readonly load?: () => unknown;
}

let bound: Source | undefined;

/**
 * Says where the module comes from. What is there at once is better than what has to be loaded, and
 * else the first one counts; so the order of imports does not matter.
 */
export function bind(source: Source): void {
  if (bound?.sync === undefined) {
    bound = bound === undefined || source.sync !== undefined ? source : bound;
  }
}

/** Whether the module is there without loading. */
export function isAtHand(): boolean {
  return bound?.sync !== undefined;
}

/** Whether it is a compiled module, be it of another realm. */
function isModule(value: unknown): value is WebAssembly.Module {
  return Object.prototype.toString.call(value) === "[object WebAssembly.Module]";
}

/** Compiles the module at once; `undefined` where it has to be loaded. */
export function compileNow(): WebAssembly.Module | undefined {
  const found = bound?.sync?.();
  return found === undefined || isModule(found) ? found : new WebAssembly.Module(found);
}

/** What an answer to `fetch` and a Blob have in common. */
interface Body {
  readonly ok?: boolean;
  readonly status?: number;
  arrayBuffer(): Promise<ArrayBuffer>;
}

function isBody(value: object): value is Body {
  return "arrayBuffer" in value && typeof value.arrayBuffer === "function";
}

async function compileBody(body: Body): Promise<WebAssembly.Module> {
  if (body.ok === false) {
    throw new Error(`it was answered with status ${body.status}`);
  }
  // Under another type it cannot be compiled while it comes in.
  const streams =
    typeof WebAssembly.compileStreaming === "function" &&
    body instanceof Response &&
    body.headers.get("content-type") === "application/wasm";
  return streams
    ? await WebAssembly.compileStreaming(body)
    : await WebAssembly.compile(await body.arrayBuffer());
}

/** Loads and compiles the module from what was handed in, or else from where the platform has it. */
export async function compileFrom(given: unknown): Promise<WebAssembly.Module> {
  const what = await (given === undefined ? bound?.load?.() : given);
  const isAddress = typeof what === "string" || (typeof URL === "function" && what instanceof URL);
  const found: unknown = isAddress ? await fetch(what) : what;
  if (isModule(found)) {
    return found;
  }
  if (typeof found !== "object" || found === null) {
    throw new OncewardError(
      "invalid_option",
      "there is no WebAssembly module: see ready({ wasm })",
    );
  }
  return isBody(found)
    ? await compileBody(found)
    : await WebAssembly.compile(found as BufferSource);
}
