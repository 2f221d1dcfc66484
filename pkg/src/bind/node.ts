/**
 * Reads the WebAssembly module from its file, for Node.js and Deno.
 * @module
 */

import { readFileSync } from "node:fs";
import { bind } from "../source.js";

bind({ sync: () => readFileSync(new URL("../wasm/core_bg.wasm", import.meta.url)) });
