/**
 * What a page loads that only sends: the outbox, and not the core.
 * @module
 */
import assert from "node:assert/strict";
import test from "node:test";
import { fileURLToPath } from "node:url";
import { brotliCompressSync } from "node:zlib";
// biome-ignore lint/correctness/noUndeclaredDependencies: tests use what the workspace declares.
import { build } from "esbuild";

const BROTLI_BYTES_MAX = 22_000;
/** How any WebAssembly begins, in base64. */
const MAGIC = "AGFzbQ";

async function bundled(contents) {
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: fileURLToPath(new URL("../dist/", import.meta.url)) },
    bundle: true,
    write: false,
    minify: true,
    format: "esm",
    platform: "browser",
    logLevel: "warning",
  });
  return outputFiles[0].text;
}

test("the outbox is small, and has no WebAssembly in it", async (t) => {
  const outbox = await bundled(
    `export * from "./outbox.js"; export * from "./outbox/indexeddb.js"`,
  );
  assert.equal(outbox.includes(MAGIC), false);
  const { length } = brotliCompressSync(outbox);
  t.diagnostic(`${length} bytes in brotli, idb included`);
  assert.ok(length <= BROTLI_BYTES_MAX, `${length} bytes`);
  const gate = await bundled(`export * from "./entry/inline/index.js"`);
  assert.equal(gate.includes(MAGIC), true);
});
