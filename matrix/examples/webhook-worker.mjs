/**
 * The example of a Worker that receives webhooks: bundled, run in workerd, and sent deliveries.
 * @module
 */
import assert from "node:assert/strict";
import { createHmac, randomBytes } from "node:crypto";
import { cp } from "node:fs/promises";
import { join } from "node:path";
import { root } from "../../scripts/steps.mjs";
import { bundleWorker, startWorker } from "../hosts/workerd.mjs";
import { dryRun } from "../hosts/wrangler.mjs";
import { toolVersion } from "../lib/command.mjs";

const SECRET = randomBytes(24);

/** A delivery, as the provider would send it. */
function delivery({ id, body, secret = SECRET, time = Date.now(), signature }) {
  const seconds = String(Math.floor(time / 1000));
  const hmac = createHmac("sha256", secret).update(`${id}.${seconds}.${body}`).digest("base64");
  return {
    method: "POST",
    body,
    headers: {
      "webhook-id": id,
      "webhook-timestamp": seconds,
      // While secrets change, a provider signs with both.
      "webhook-signature": signature ?? `v1,AAAA v1a,ignored v1,${hmac}`,
    },
  };
}

/** The Worker in its process. */
class Deployed {
  constructor(script, persist) {
    this.options = {
      durableObjects: { ACCOUNTS: { className: "Account", useSQLite: true } },
      durableObjectsPersist: persist,
      bindings: { WEBHOOK_SECRET: `whsec_${SECRET.toString("base64")}` },
    };
    this.script = script;
  }

  async start() {
    Object.assign(this, await startWorker(this.script, this.options));
  }

  async stop() {
    await this.miniflare.dispose();
  }

  /** Sends something; returns the status, what is answered, and whether it was replayed. */
  async send(init) {
    const response = await fetch(this.url, init);
    const text = await response.text();
    const isReplayed = response.headers.get("idempotent-replayed") === "true";
    const isJson = response.headers.get("content-type") === "application/json";
    return { status: response.status, isReplayed, answer: isJson ? JSON.parse(text) : text };
  }
}

const payment = (account, amount) => JSON.stringify({ account, amount });

const TESTS = {
  async retries(worker) {
    const first = { id: "msg_1", body: payment("retries", 500) };
    const receipt = { receipt: 1, balance: 500 };
    const paid = { status: 200, isReplayed: false, answer: receipt };
    assert.deepEqual(await worker.send(delivery(first)), paid);
    const replayed = { ...paid, isReplayed: true };
    assert.deepEqual(await worker.send(delivery(first)), replayed);
    const second = { id: "msg_2", body: payment("retries", 250) };
    const { answer } = await worker.send(delivery(second));
    assert.deepEqual(answer, { receipt: 2, balance: 750 });
    // A retry is signed anew, with its own time.
    const later = { ...first, time: Date.now() + 60_000 };
    assert.deepEqual(await worker.send(delivery(later)), replayed);
    const other = { ...first, body: payment("retries", 501) };
    const conflict = { status: 422, isReplayed: false, answer: { refused: "conflict" } };
    assert.deepEqual(await worker.send(delivery(other)), conflict);
    await worker.stop();
    await worker.start();
    assert.deepEqual(await worker.send(delivery(first)), replayed);
    const third = { id: "msg_3", body: payment("retries", 1) };
    assert.deepEqual((await worker.send(delivery(third))).answer, { receipt: 3, balance: 751 });
  },

  async signatures(worker) {
    const body = payment("signatures", 5);
    const signed = { id: "msg_1", body };
    const tampered = { ...delivery(signed), body: payment("signatures", 5_000_000) };
    const { headers } = delivery(signed);
    const otherId = { ...delivery(signed), headers: { ...headers, "webhook-id": "msg_2" } };
    for (const bad of [
      tampered,
      otherId,
      delivery({ ...signed, secret: randomBytes(24) }),
      delivery({ ...signed, signature: "v1,not-base64!" }),
      delivery({ ...signed, signature: "" }),
      delivery({ ...signed, time: Date.now() - 10 * 60_000 }),
      delivery({ ...signed, time: Date.now() + 10 * 60_000 }),
      { method: "POST", body },
    ]) {
      assert.equal((await worker.send(bad)).status, 401);
    }
    assert.equal((await worker.send(delivery({ id: "msg_3", body: "{" }))).status, 400);
    assert.equal((await worker.send({ method: "GET" })).status, 405);
    // None of them has changed anything: the true one is the first.
    const { status, isReplayed, answer } = await worker.send(delivery(signed));
    assert.deepEqual([status, isReplayed, answer], [200, false, { receipt: 1, balance: 5 }]);
  },

  async duplicates(worker) {
    const init = delivery({ id: "msg_1", body: payment("duplicates", 7) });
    const answers = await Promise.all(Array.from({ length: 20 }, () => worker.send(init)));
    for (const { status, answer } of answers) {
      assert.deepEqual([status, answer], [200, { receipt: 1, balance: 7 }]);
    }
    assert.equal(answers.filter(({ isReplayed }) => !isReplayed).length, 1);
  },
};

/** @param given `{ by }`: "wrangler" when that shall build it. */
export async function start({ folder: { path } }, { by }) {
  await cp(join(root, "examples/webhook-worker"), path, { recursive: true });
  const script =
    by === "wrangler"
      ? join(await dryRun(path), "worker.js")
      : await bundleWorker(join(path, "src/worker.js"), join(path, "out"));
  const worker = new Deployed(script, join(path, "persisted"));
  await worker.start();
  return {
    version: await toolVersion("workerd", "root"),
    ask: ({ test }) => TESTS[test](worker),
    stop: () => worker.stop(),
  };
}
