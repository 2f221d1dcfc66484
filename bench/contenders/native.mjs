/**
 * The same library in Rust, without JavaScript: what crossing into WebAssembly costs shows beside it.
 *
 * The workloads are those of `examples/speed.rs`, which does the same as the scenarios here.
 * @module
 */
import { execFile } from "node:child_process";
import { access } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { root } from "../../scripts/steps.mjs";

const execute = promisify(execFile);
const OUTPUT_BYTES_MAX = 64 * 1024 * 1024;

/**
 * Builds the executable. Returns `{ executable }`, or `{ missing }`: why there is none.
 */
export async function buildNative() {
  try {
    await access(join(root, "examples/speed.rs"));
  } catch {
    return { missing: "examples/speed.rs is not there" };
  }
  const args = ["build", "--profile", "bench", "--example", "speed", "--message-format", "json"];
  try {
    const options = { cwd: root, maxBuffer: OUTPUT_BYTES_MAX };
    const { stdout } = await execute("cargo", args, options);
    const built = stdout
      .split("\n")
      .filter((line) => line.startsWith("{"))
      .map((line) => JSON.parse(line))
      .find(({ target, executable }) => target?.name === "speed" && executable);
    return built === undefined
      ? { missing: "cargo built no executable" }
      : { executable: built.executable };
  } catch (error) {
    return { missing: `cargo could not build it: ${lastLine(error)}` };
  }
}

function lastLine({ stderr = "", message }) {
  const errors = stderr.split("\n").filter((line) => line.startsWith("error"));
  return errors.at(-1) ?? message;
}

/** Gives the executable's figures the names that they have here. */
const FIGURES = {
  keys: ({ fill, probe, bytes, rss }, size) => ({
    fillNs: fill ?? undefined,
    probeNs: probe,
    rssBytesPerKey: rss ?? undefined,
    ownBytesPerKey: bytes / size,
  }),
  worst: ({ worst, p9999, p999, median }) => ({
    worstUs: worst,
    p9999Us: p9999,
    p999Us: p999,
    medianUs: median,
  }),
  revisions: ({ ns, bytes }, size) => ({ ns, ownBytesPerKey: bytes / size }),
  window: ({ ns, bytesPerKey }) => ({ ns, ownBytesPerKey: bytesPerKey }),
};

/** Runs one measurement. The executable checks its own answers, and fails when one is wrong. */
export async function measureNative(executable, { native }, { scenario, size }) {
  try {
    const { stdout } = await execute(executable, [native[scenario], String(size)]);
    return FIGURES[scenario](JSON.parse(stdout), size);
  } catch (error) {
    return { error: (error.stderr ?? "").trim() || error.message };
  }
}
