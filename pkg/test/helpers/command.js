/**
 * Runs the command as a user would: its own process, with files and pipes.
 * @module
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const bin = fileURLToPath(new URL("../../dist/cli.js", import.meta.url));

/** Runs `onceward` and returns its exit status and what it wrote, as bytes. */
export async function onceward(args, input = "") {
  const child = spawn(process.execPath, [bin, ...args], { stdio: ["pipe", "pipe", "pipe"] });
  const out = collect(child.stdout);
  const err = collect(child.stderr);
  // The command may end before it has read everything.
  child.stdin.on("error", () => {});
  child.stdin.end(input);
  const [status] = await once(child, "close");
  const stdout = await out;
  const stderr = String(await err);
  return { status, stdout, text: String(stdout), stderr, counts: readSummary(stderr) };
}

/** Starts `onceward` and leaves its pipes to the test. */
export function start(args) {
  return spawn(process.execPath, [bin, ...args], { stdio: ["pipe", "pipe", "pipe"] });
}

/** Runs `onceward filter`. */
export function filter(args, input) {
  return onceward(["filter", ...args], input);
}

/** Writes a file that is removed when the test ends. */
export async function temporary(t, name, content) {
  const folder = await mkdtemp(join(tmpdir(), "onceward-test-"));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const path = join(folder, name);
  await writeFile(path, content);
  return path;
}

/** Writes objects as lines of JSON. */
export function ndjson(...values) {
  return values.map((value) => `${JSON.stringify(value)}\n`).join("");
}

async function collect(stream) {
  const chunks = [];
  for await (const chunk of stream) {
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function readSummary(stderr) {
  const rows = stderr.matchAll(/^(\S+) {2,}([\d,.]+)$/gm);
  return Object.fromEntries(
    [...rows].map(([, name, value]) => [name, Number(value.replaceAll(",", ""))]),
  );
}
