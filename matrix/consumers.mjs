/**
 * The consumers: each is a runtime or a tool, and the ways in which it takes the package. The
 * examples have tests of their own.
 *
 * A way's name is what the README says of it. What is expected of it, unless it says otherwise: that
 * `Gate.openSync()` works before anything was loaded (`sync: "gate"`).
 * @module
 */

const EXTERNAL = "onceward/external";

/** Where `.wasm` is fetched, nothing can be opened at once. */
const FETCHED = "invalid_option";

const NODE_WAYS = {
  "`import`": { format: "esm" },
  "`require`": { format: "cjs" },
  "`import` of `./external`": { format: "esm", entry: EXTERNAL },
  "`require` of `./external`": { format: "cjs", entry: EXTERNAL },
};

const BROWSER_WAYS = {
  page: { as: "page" },
  "module Worker": { as: "worker" },
  "module Service Worker": { as: "service" },
  "classic Service Worker": { as: "classic" },
  "`./external` in a page": { as: "page", entry: EXTERNAL, sync: FETCHED },
};

/** Bundlers that emit no assets leave it to their user to lay the file somewhere, and say where. */
const COPIED = {
  entry: EXTERNAL,
  copies: { "onceward/gate.wasm": "gate.wasm" },
  options: `wasm: new URL("gate.wasm", import.meta.url)`,
  sync: FETCHED,
};

const BUNDLED_WAYS = {
  "a page in Chromium": { as: "page", strict: true },
  "a program for Node.js": { as: "node" },
};

const DEV_WAYS = { "a page in Chromium": {} };

/** Where everything needs the strictest policies: no code is made from text. */
const STRICT = { strict: true };

const WEBHOOK_WAYS = {
  "retries, also after a restart": { test: "retries" },
  "bad signatures": { test: "signatures" },
  "duplicates at the same time": { test: "duplicates" },
};

export const CONSUMERS = [
  {
    name: "node-20",
    runtime: "Node.js 20",
    host: "node",
    given: { node: "node20" },
    ways: NODE_WAYS,
  },
  {
    name: "node-22",
    runtime: "Node.js 22",
    host: "node",
    given: { node: "node22" },
    ways: NODE_WAYS,
  },
  {
    name: "deno",
    runtime: "Deno, without any permission",
    host: "deno",
    given: { deno: "deno" },
    ways: { "`import`": { format: "esm" }, "`require`": { format: "cjs" } },
  },
  {
    name: "bun",
    runtime: "Bun",
    host: "bun",
    ways: {
      ...NODE_WAYS,
      "`bun build` of `./external`": { entry: EXTERNAL, run: "bundled" },
      "`bun build --compile`": { run: "compiled" },
    },
  },
  {
    name: "workerd",
    runtime: "workerd (Cloudflare Workers)",
    host: "workerd",
    ways: { "a Worker": STRICT, "`./external` in a Worker": { ...STRICT, entry: EXTERNAL } },
  },
  {
    name: "edge",
    runtime: "edge runtime (Vercel)",
    host: "edge",
    ways: { "a function": STRICT, "`./external` in a function": { ...STRICT, entry: EXTERNAL } },
  },
  {
    name: "chromium",
    runtime: "Chromium, with a strict CSP",
    host: "browser",
    given: { browser: "chromium" },
    strict: true,
    ways: BROWSER_WAYS,
  },
  {
    name: "firefox",
    runtime: "Firefox, with a strict CSP",
    host: "browser",
    given: { browser: "firefox" },
    strict: true,
    ways: BROWSER_WAYS,
  },
  {
    name: "esbuild",
    runtime: "esbuild",
    host: "bundler",
    given: { bundler: "esbuild" },
    ways: {
      ...BUNDLED_WAYS,
      "a CommonJS program": { as: "node", format: "cjs" },
      "`ready({ wasm })` with `./external` in a page": { as: "page", strict: true, ...COPIED },
    },
  },
  {
    name: "rollup",
    runtime: "Rollup",
    host: "bundler",
    given: { bundler: "rollup" },
    ways: BUNDLED_WAYS,
  },
  {
    name: "webpack",
    runtime: "webpack",
    host: "bundler",
    given: { bundler: "webpack" },
    ways: {
      ...BUNDLED_WAYS,
      "`./external` in a page": { as: "page", strict: true, entry: EXTERNAL, sync: FETCHED },
    },
  },
  {
    name: "vite",
    runtime: "Vite",
    host: "bundler",
    given: { bundler: "vite" },
    ways: {
      ...BUNDLED_WAYS,
      "a Worker in Chromium": { as: "worker", strict: true },
      "`./external` in a page": { as: "page", strict: true, entry: EXTERNAL, sync: FETCHED },
    },
  },
  {
    name: "webhook-worker",
    example: "webhook-worker",
    ways: WEBHOOK_WAYS,
  },
  {
    name: "sync-service-worker",
    example: "sync-service-worker",
    ways: {
      "a feed that repeats itself and shuffles": { test: "filters" },
      "reloads, and a worker that is stopped": { test: "reloads" },
      deletions: { test: "deletions" },
    },
  },
  {
    name: "stream-consumer",
    example: "stream-consumer",
    ways: { "kills at any moment": { test: "kills" } },
  },
  {
    name: "node-20.0",
    runtime: "Node.js 20, its first release",
    host: "node",
    given: { node: "node20-0", set: "long" },
    long: true,
    ways: NODE_WAYS,
  },
  {
    name: "node-24",
    runtime: "Node.js 24",
    host: "node",
    given: { node: "node24", set: "long" },
    long: true,
    ways: NODE_WAYS,
  },
  {
    name: "deno-2.2",
    runtime: "Deno 2.2, without any permission",
    host: "deno",
    given: { deno: "deno-2-2", set: "long" },
    long: true,
    ways: { "`import`": { format: "esm" } },
  },
  {
    name: "rolldown",
    runtime: "Rolldown",
    host: "bundler",
    given: { bundler: "rolldown", set: "long" },
    long: true,
    ways: BUNDLED_WAYS,
  },
  {
    name: "vite-dev",
    runtime: "Vite, development server",
    host: "vite-dev",
    given: { vite: "vite" },
    long: true,
    ways: DEV_WAYS,
  },
  {
    name: "vite-7",
    runtime: "Vite 7, development server",
    host: "vite-dev",
    given: { vite: "vite-7", set: "long" },
    long: true,
    ways: DEV_WAYS,
  },
  {
    name: "vite-6",
    runtime: "Vite 6, development server",
    host: "vite-dev",
    given: { vite: "vite-6", set: "long" },
    long: true,
    ways: DEV_WAYS,
  },
  {
    name: "next",
    runtime: "Next.js, by Turbopack",
    host: "next",
    long: true,
    ways: {
      "an edge route": { path: "/edge", strict: true },
      "a Node.js route": { path: "/node" },
      "a client page in Chromium": { path: "/" },
    },
  },
  {
    name: "wrangler",
    runtime: "wrangler, `deploy --dry-run`",
    host: "wrangler",
    long: true,
    ways: { "what it would deploy, in workerd": STRICT },
  },
  {
    name: "webhook-worker-by-wrangler",
    example: "webhook-worker",
    given: { by: "wrangler" },
    long: true,
    ways: WEBHOOK_WAYS,
  },
];
