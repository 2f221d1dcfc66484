/**
 * What the figures were measured on, and of what.
 * @module
 */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { availableParallelism, cpus, release, totalmem, type } from "node:os";
import { join } from "node:path";
import { root } from "../scripts/steps.mjs";

function osName() {
  try {
    const text = readFileSync("/etc/os-release", "utf8");
    return /^PRETTY_NAME="?([^"\n]*)/m.exec(text)?.[1] ?? `${type()} ${release()}`;
  } catch {
    return `${type()} ${release()}`;
  }
}

function rustcVersion() {
  try {
    return execFileSync("rustc", ["--version"], { cwd: root, encoding: "utf8" }).trim();
  } catch {
    return "none";
  }
}

/** Returns the machine and the versions of what runs on it. */
export function describeMachine() {
  return {
    cpu: cpus()[0]?.model.trim() ?? "unknown",
    cores: availableParallelism(),
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    os: osName(),
    node: process.version,
    v8: process.versions.v8,
    rustc: rustcVersion(),
  };
}

const read = (path) => JSON.parse(readFileSync(join(root, path), "utf8"));

/** Returns name, version and licence of the library and of what it is compared with. */
export function describePackages() {
  const own = read("pkg/package.json");
  const names = Object.keys(read("bench/package.json").dependencies);
  const rivals = names.map((name) => read(`bench/node_modules/${name}/package.json`));
  return [own, ...rivals].map(({ name, version, license }) => ({ name, version, license }));
}
