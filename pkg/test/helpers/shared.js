/**
 * Recorded streams of real systems. They lie outside of the repository, and a test that needs one
 * which is not there says so and is skipped.
 * @module
 */
import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";

const root = fileURLToPath(new URL("../../../", import.meta.url));
const folder = process.env.ONCEWARD_SHARED ?? resolve(root, "../shared");

/**
 * Returns the path of a recorded stream; undefined, and the test is skipped, when it is not there.
 */
export function recorded(t, name) {
  return found(t, "data", name);
}

/** Returns the path of a published set of facts; undefined, and the test is skipped, without it. */
export function published(t, name) {
  return found(t, "vectors", name);
}

function found(t, kind, name) {
  const path = join(folder, kind, name);
  if (existsSync(path)) {
    return path;
  }
  t.diagnostic(`skipped: ${name} is not in ${folder}/${kind}`);
  t.skip(`skipped: ${name} is not there`);
  return undefined;
}

/** Returns the bytes of a recorded stream, unpacked. */
export function unpacked(path) {
  const bytes = readFileSync(path);
  return path.endsWith(".gz") ? gunzipSync(bytes) : bytes;
}
