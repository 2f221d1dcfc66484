/**
 * Loading the WebAssembly module before it is needed.
 * @module
 */

import { load } from "./instance.js";
import { takeOptions } from "./options.js";

/** Where the WebAssembly module is to be loaded from. */
export interface ReadyOptions {
  /**
   * Its bytes, a compiled `WebAssembly.Module`, a `URL` or an address to fetch, a `Response`, or a
   * promise of one of them. The file is `onceward/gate.wasm`, of the very same version.
   * @default what comes with the entry that was imported
   */
  wasm?: string | object | undefined;
}

/**
 * Resolves once the WebAssembly module is loaded and runs. Then `Gate.openSync`, `ordinal` and all
 * else that is synchronous can be called.
 *
 * The entry `onceward` brings the module along and needs no `ready()`. With `onceward/external` in a
 * browser it is fetched by this call, or by `Gate.open`, whichever comes first; calls at the same time
 * load it once, and a call after a failure tries again. Once it runs, nothing is loaded any more,
 * whatever is handed in.
 *
 * @throws {OncewardError} `internal` when it cannot be loaded or compiled, with the `cause`;
 * `invalid_option` for an unknown option, or when the module is of another version.
 *
 * @example
 * ```ts
 * import { Gate, ready } from "onceward/external";
 *
 * await ready({ wasm: fetch("/assets/gate.wasm") });
 * const gate = Gate.openSync({ retention: "24h" });
 * ```
 */
export async function ready(options?: ReadyOptions): Promise<void> {
  const { wasm } = takeOptions(options, "the options of ready", ["wasm"]);
  await load(wasm);
}
