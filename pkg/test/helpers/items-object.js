/**
 * A Durable Object that runs the rules of an outbox's storage on its own database.
 * @module
 */
import { DurableObject } from "cloudflare:workers";
// What bundles Workers for tests expects the core to be in each.
import "onceward";
import { durableObject } from "onceward/durable-object";
// Not by internals.js, which leads to the files of Node.js as well.
import { storedIn } from "../../compiled/outbox/stored.js";
import { CASES } from "./items-contract.js";

async function wait(isThere) {
  while (!isThere()) {
    await scheduler.wait(1);
  }
}

export class Rules extends DurableObject {
  async fetch() {
    const results = [];
    for (const [index, [rule, check]] of CASES.entries()) {
      // Letters only, so that each rule has tables of its own.
      const table = `rule_${String.fromCharCode(97 + index)}`;
      const open = () => storedIn(durableObject(this.ctx.storage, { table }));
      try {
        await check(open(), { wait, reopen: async () => open() });
        results.push({ rule });
      } catch (error) {
        results.push({ rule, error: `${error?.stack ?? error}` });
      }
    }
    return Response.json(results);
  }
}
