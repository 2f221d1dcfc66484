/**
 * Takes the WebAssembly module from a text in this package: that needs no file, no network and no
 * permission, and every bundler can do it.
 * @module
 */

import { bind } from "../source.js";
import { base64 } from "../wasm/core_base64.js";

/** What some runtimes have for it, each under its own name. */
interface Decoders {
  readonly Uint8Array: { fromBase64?(text: string): Uint8Array<ArrayBuffer> };
  readonly Buffer?: { from(text: string, encoding: "base64"): Uint8Array<ArrayBuffer> };
}

function decode(): Uint8Array<ArrayBuffer> {
  const { Uint8Array: Bytes, Buffer } = globalThis as Decoders;
  if (Bytes.fromBase64 !== undefined) {
    return Bytes.fromBase64(base64);
  }
  if (Buffer !== undefined) {
    // Node.js before 25: the loop below would take it ten milliseconds.
    return Buffer.from(base64, "base64");
  }
  const binary = atob(base64);
  const bytes = new Uint8Array(binary.length);
  for (let index = 0; index < bytes.length; index += 1) {
    bytes[index] = binary.charCodeAt(index);
  }
  return bytes;
}

bind({ sync: decode });
