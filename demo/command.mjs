/**
 * Pipes events through the real command, `onceward filter`, as lines of JSON.
 * @module
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { pipeline, Readable } from "node:stream";
import { fileURLToPath } from "node:url";

const COMMAND = fileURLToPath(new URL("../pkg/dist/cli.js", import.meta.url));
const FIELDS = ["--scope", "scope", "--id", "id", "--entity", "symbol", "--revision", "revision"];

/** Returns the events that the command lets through, and how often it gave each verdict. */
export async function filterByCommand(deliveries) {
  const child = spawn(process.execPath, [COMMAND, "filter", ...FIELDS, "--verdicts", "--quiet"], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const ended = once(child, "close");
  const lines = deliveries.map((event) => `${JSON.stringify(event)}\n`);
  // Should the command end early, its exit status says so below.
  pipeline(Readable.from(lines), child.stdin, () => {});
  const events = [];
  const verdicts = {};
  for await (const line of createInterface({ input: child.stdout })) {
    const [verdict, json] = line.split("\t", 2);
    verdicts[verdict] = (verdicts[verdict] ?? 0) + 1;
    if (verdict === "fresh") {
      events.push(JSON.parse(json));
    }
  }
  const [status] = await ended;
  if (status !== 0) {
    throw new Error(`onceward filter ended with status ${status}`);
  }
  return { events, verdicts };
}
