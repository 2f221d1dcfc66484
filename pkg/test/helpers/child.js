/**
 * Scripts that run in a process of their own, where nothing was imported before.
 * @module
 */
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const cwd = fileURLToPath(new URL("../../dist/", import.meta.url));

/** Runs a script in dist and returns what it prints; it fails when the script does. */
export async function runScript(script, type = "module") {
  const args = [`--input-type=${type}`, "--eval", script];
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd });
  return stdout;
}
