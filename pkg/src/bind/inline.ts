/**
 * Takes the WebAssembly module from a text in this package: that needs no file, no network and no
 * permission, and every bundler can do it.
 * @module
 */

import { bind } from "../source.js";
import { base64 } from "../wasm/core_base64.js";

function decode(): Uint8Array<ArrayBuffer> {
  // Newer runtimes do it by themselves.
  const { fromBase64 } = Uint8Array as {
    fromBase64?: (this: unknown, text: string) => Uint8Array<ArrayBuffer>;
  };
  if (fromBase64 !== undefined) {
    return fromBase64.call(Uint8Array, base64);
  }
  const binary = atob(base64);
  const bytes = new Uint8Array(binary.length);
  for (let index = 0; index < bytes.length; index += 1) {
    bytes[index] = binary.charCodeAt(index);
  }
  return bytes;
}

bind({ sync: decode });
