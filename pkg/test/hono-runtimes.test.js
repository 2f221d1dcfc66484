/**
 * The middleware of Hono answers the same in Node, Deno, Bun and workerd.
 * @module
 */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import test from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
// biome-ignore lint/correctness/noUndeclaredDependencies: tests use what the workspace declares.
import { Miniflare } from "miniflare";
import { bundle, COMPATIBILITY_DATE } from "./helpers/workerd.js";

const helper = (name) => fileURLToPath(new URL(`helpers/${name}`, import.meta.url));
/** The runtimes are installed for the matrix; one that is missing is a failure. */
const installed = (name) =>
  fileURLToPath(new URL(`../../matrix/node_modules/.bin/${name}`, import.meta.url));

const COOKIE = "a=1";
const EXPECTED = {
  calls: 4,
  answers: [
    { status: 201, replayed: null, cookie: COOKIE, body: [1, 1, 1, 255] },
    { status: 201, replayed: "true", cookie: null, body: [1, 1, 1, 255] },
    { status: 422, replayed: null, cookie: null, body: "conflict" },
    { status: 503, replayed: null, cookie: null, body: [...Buffer.from("later")] },
    { status: 201, replayed: null, cookie: COOKIE, body: [3, 1, 1, 255] },
    { status: 201, replayed: null, cookie: COOKIE, body: [4, 1, 1, 255] },
    { status: 400, replayed: null, cookie: null, body: "missing_key" },
  ],
};

const RUNTIMES = {
  node: [process.execPath],
  deno: [installed("deno"), "run", "--allow-all", "--no-lock", "--node-modules-dir=manual"],
  bun: [installed("bun"), "--no-install"],
};

for (const [name, [command, ...args]] of Object.entries(RUNTIMES)) {
  test(`in ${name}`, async () => {
    const { stdout } = await promisify(execFile)(command, [...args, helper("hono-print.js")], {
      timeout: 60_000,
    });
    assert.deepEqual(JSON.parse(stdout), EXPECTED);
  });
}

test("in workerd", async () => {
  const contents = `
    import { ask } from ${JSON.stringify(helper("hono-app.js"))};
    export default { fetch: async () => Response.json(await ask()) };`;
  const miniflare = new Miniflare({
    modules: await bundle(contents),
    compatibilityDate: COMPATIBILITY_DATE,
    cf: false,
  });
  try {
    const answer = await miniflare.dispatchFetch("http://worker.example/");
    assert.deepEqual(await answer.json(), EXPECTED);
  } finally {
    await miniflare.dispose();
  }
});
