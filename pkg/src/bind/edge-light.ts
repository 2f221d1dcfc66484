/**
 * Imports the compiled WebAssembly module, as edge functions do whose suffix for that is `?module`.
 * They refuse to compile bytes.
 * @module
 */

import { bind } from "../source.js";
// @ts-expect-error: TypeScript knows no suffix.
import module from "../wasm/core_bg.wasm?module";

bind({ sync: () => module as WebAssembly.Module });
