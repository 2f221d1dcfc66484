/**
 * Imports the compiled WebAssembly module, as Cloudflare Workers do: they refuse to compile bytes
 * while they handle a request.
 * @module
 */

import { bind } from "../source.js";
import module from "../wasm/core_bg.wasm";

bind({ sync: () => module });
