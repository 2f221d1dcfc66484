/**
 * Fetches the WebAssembly module from a file beside the scripts. Bundlers know the one expression
 * below, and ship the file.
 * @module
 */

import { bind } from "../source.js";

// In a script that is no module there is no address to start from: so nothing is done before a load.
bind({ load: () => new URL("../wasm/core_bg.wasm", import.meta.url) });
