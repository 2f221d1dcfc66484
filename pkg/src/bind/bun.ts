/**
 * Reads the WebAssembly module from its file, for Bun, which also puts it into what it bundles and
 * into the executables that it builds.
 * @module
 */

import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { bind } from "../source.js";
import file from "../wasm/core_bg.wasm" with { type: "file" };

// What was bundled names the file relative to itself.
const read = () => readFileSync(resolve(import.meta.dirname, String(file)));

bind({ sync: read });
