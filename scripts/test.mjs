/**
 * Runs the checks: all of them, or the ones that are named, and what these need first.
 *
 *   node scripts/test.mjs                   everything, as CI does
 *   node scripts/test.mjs rust pkg          some steps
 *   node scripts/test.mjs lint              a group of steps
 *   node scripts/test.mjs --list            the names
 *
 * It stops at the first failure. A step that runs tests fails when it ran none, since several
 * runners call an empty run a success.
 * @module
 */
import { readdir } from "node:fs/promises";
import { join, relative } from "node:path";
import { Failure, main, printSummary, root, run, step } from "./steps.mjs";

let testsRun = 0;

/** Adds up the tests that the matches of `pattern` report; none at all is a failure. */
function countTests(output, pattern) {
  const count = [...output.matchAll(pattern)].reduce((sum, match) => sum + Number(match[1]), 0);
  if (count === 0) {
    throw new Failure(
      "no test ran. A runner that finds no test, or skips them all, reports success.",
    );
  }
  testsRun += count;
  return { note: `${count} tests` };
}

const RUST_PASSED = /^test result: ok\. (\d+) passed/gm;
const NODE_PASSED = /^ℹ pass (\d+)$/gm;
const MATRIX_PASSED = /^matrix: (\d+) passed$/gm;

async function rustTests() {
  return countTests(await run("cargo", ["test"]), RUST_PASSED);
}

async function wasmTests(where, env) {
  // Only tests/web.rs: the other files under tests/ are for the native run.
  const args = ["wasm-pack", "test", ...where, "--", "--features", "wasm", "--test", "web"];
  // These tests are few and short; what takes time is building them, and reading large modules.
  const quickBuild = {
    CARGO_PROFILE_DEV_DEBUG: "0",
    CARGO_PROFILE_DEV_OPT_LEVEL: "0",
    CARGO_PROFILE_TEST_DEBUG: "0",
    CARGO_PROFILE_TEST_OPT_LEVEL: "0",
  };
  return countTests(await run("wasm_env", args, { env: { ...quickBuild, ...env } }), RUST_PASSED);
}

async function wasmTestsInChrome() {
  const driver = (await run("find_chromedriver", [])).trim();
  // Without the variable, a test file that does not ask for a browser is skipped without a word.
  return await wasmTests(["--headless", "--chrome", "--chromedriver", driver], {
    WASM_BINDGEN_USE_BROWSER: "1",
  });
}

async function packageTests() {
  const folder = join(root, "pkg/test");
  const files = (await readdir(folder, { recursive: true }))
    .filter((name) => name.endsWith(".test.js"))
    .map((name) => relative(root, join(folder, name)))
    .sort();
  if (files.length === 0) {
    throw new Failure("pkg/test has no file whose name ends in .test.js.");
  }
  return countTests(await run("node", ["--test", "--test-reporter=spec", ...files]), NODE_PASSED);
}

async function docs() {
  await run("cargo", ["doc", "--no-deps"], { env: { RUSTDOCFLAGS: "-D warnings" } });
}

const clippy = (...features) =>
  run("cargo", ["clippy", "--all-targets", ...features, "--", "-D", "warnings"]);

async function pageTests() {
  await run("node", ["www/build.mjs"]);
  // They see the package that the build has unpacked, as its users do.
  await run("tsc", ["-p", "www"]);
  const folder = join(root, "www/test");
  const files = (await readdir(folder))
    .filter((name) => name.endsWith(".test.js"))
    .map((name) => relative(root, join(folder, name)))
    .sort();
  // They wait more than they work.
  const args = ["--test", "--test-reporter=spec", "--test-concurrency=2", ...files];
  return countTests(await run("node", args), NODE_PASSED);
}

/** The steps in the order in which they run. `needs` are run first, even when not named. */
const STEPS = {
  setup: {
    does: "install what is missing",
    action: () => run("bash", ["scripts/setup.sh", "test"]),
  },
  build: {
    does: "build the package",
    needs: ["setup"],
    action: () => run("node", ["scripts/build.mjs"]),
  },
  fmt: { does: "Rust format", action: () => run("cargo", ["fmt", "--check"]) },
  clippy: { does: "Rust lints", action: () => clippy() },
  "clippy-wasm": {
    does: "Rust lints, with the JavaScript face",
    action: () => clippy("--features", "wasm"),
  },
  doc: { does: "Rust documentation", action: docs },
  api: {
    does: "API pages: everything that can be imported is documented",
    needs: ["build"],
    action: () => run("node", ["scripts/docs.mjs"]),
  },
  biome: {
    does: "JavaScript and TypeScript lints and format",
    needs: ["setup"],
    action: () => run("biome", ["ci", "--error-on-warnings", "--colors=off"]),
  },
  types: {
    does: "TypeScript types",
    needs: ["build"],
    action: () => run("tsc", ["-p", "pkg", "--noEmit"]),
  },
  rust: { does: "Rust tests", action: rustTests },
  "wasm-node": {
    does: "WebAssembly tests in Node",
    needs: ["setup"],
    action: () => wasmTests(["--node"]),
  },
  "wasm-chrome": {
    does: "WebAssembly tests in Chrome",
    needs: ["setup"],
    action: wasmTestsInChrome,
  },
  pkg: { does: "package tests", needs: ["build"], action: packageTests },
  packed: {
    does: "the packed package: its files, declarations and bundles; publint and attw",
    needs: ["build"],
    action: () => run("node", ["scripts/check-packed.mjs"]),
  },
  matrix: {
    does: "the packed package in other runtimes, in browsers and through bundlers",
    needs: ["build"],
    action: async () => countTests(await run("node", ["matrix/run.mjs"]), MATRIX_PASSED),
  },
  www: {
    does: "the pages: built from the packed package, and used in Chromium",
    needs: ["build"],
    action: pageTests,
  },
};

const GROUPS = {
  lint: ["fmt", "clippy", "clippy-wasm", "doc", "api", "biome", "types"],
  wasm: ["wasm-node", "wasm-chrome"],
};

/** The named steps and all that they need, in running order. */
function select(names) {
  const wanted = new Set();
  const add = (name) => {
    if (GROUPS[name] !== undefined) {
      GROUPS[name].forEach(add);
    } else if (STEPS[name] === undefined) {
      throw new Failure(`there is no step "${name}". --list names them.`);
    } else {
      (STEPS[name].needs ?? []).forEach(add);
      wanted.add(name);
    }
  };
  names.forEach(add);
  return Object.keys(STEPS).filter((name) => wanted.has(name));
}

function list() {
  for (const [name, { does }] of Object.entries(STEPS)) {
    console.log(`${name.padEnd(12)} ${does}`);
  }
  for (const [name, members] of Object.entries(GROUPS)) {
    console.log(`${name.padEnd(12)} = ${members.join(" ")}`);
  }
}

await main(async () => {
  const names = process.argv.slice(2);
  if (names.includes("--list")) {
    list();
    return;
  }
  for (const name of select(names.length === 0 ? Object.keys(STEPS) : names)) {
    const { does, action } = STEPS[name];
    await step(`${name}: ${does}`, action);
  }
  printSummary("Everything passed:");
  if (testsRun > 0) {
    console.log(`\n${testsRun} passed, 0 failed`);
  }
});
