/**
 * Opens a gate in workerd as it was on an earlier day, without a test's changes to the package: the
 * core is compiled from its bytes, which workerd allows while a Worker starts.
 * @module
 */
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
// biome-ignore lint/correctness/noUndeclaredDependencies: tests use what the workspace declares.
import { build } from "esbuild";
// biome-ignore lint/correctness/noUndeclaredDependencies: tests use what the workspace declares.
import { Miniflare } from "miniflare";

const SCRIPT = `
  import { DurableObject } from "cloudflare:workers";
  import { Gate } from "onceward";
  import { durableObject } from "onceward/durable-object";

  // While the Worker starts there is no randomness to draw a secret from.
  const empty = await Gate.open({ secret: "a secret of the tests" });
  await empty.close();

  export class Filled extends DurableObject {
    async fetch(request) {
      const count = Number(await request.text());
      const store = durableObject(this.ctx.storage);
      const first = await Gate.open({ snapshot: await filled(count), store });
      await first.close();
      const gate = await Gate.open({ store });
      const { keys } = gate.stats();
      const last = "event " + (count - 1);
      const verdicts = ["event 0", last, "another"].map((id) => gate.check({ id }));
      return Response.json({ channel: typeof MessageChannel, keys, verdicts });
    }
  }

  async function filled(count) {
    const gate = await Gate.open();
    gate.checkAll(Array.from({ length: count }, (_, index) => ({ id: "event " + index })));
    return gate.snapshot();
  }

  export default {
    fetch: (request, { FILLED }) => FILLED.get(FILLED.idFromName("one")).fetch(request),
  };`;

/**
 * Returns what an object says of a gate with that many keys, which it has stored and opened again.
 * Process and folder are gone when it returns.
 */
export async function askOlder(compatibilityDate, count) {
  const resolveDir = fileURLToPath(new URL("../../dist/", import.meta.url));
  const { outputFiles } = await build({
    stdin: { contents: SCRIPT, resolveDir },
    bundle: true,
    write: false,
    format: "esm",
    target: "es2022",
    // Without "workerd": the core comes as text.
    conditions: ["worker", "browser"],
    external: ["cloudflare:*"],
    logLevel: "silent",
  });
  const miniflare = new Miniflare({
    modules: [{ type: "ESModule", path: "worker.js", contents: outputFiles[0].text }],
    durableObjects: { FILLED: { className: "Filled", useSQLite: true } },
    compatibilityDate,
    compatibilityFlags: ["allow_eval_during_startup"],
    // Else it would ask the network about the client.
    cf: false,
  });
  try {
    const answer = await fetch(await miniflare.ready, { method: "POST", body: String(count) });
    const text = await answer.text();
    assert.equal(answer.status, 200, text);
    return JSON.parse(text);
  } finally {
    await miniflare.dispose();
  }
}
