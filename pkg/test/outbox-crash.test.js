/**
 * An outbox in files, whose process is killed: what it said was kept is there, and is sent once.
 * @module
 */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import test from "node:test";
import { fileURLToPath } from "node:url";
import { file } from "onceward/file";
import { Outbox } from "onceward/outbox";
import { startShop } from "./helpers/shop.js";

const CHILD = fileURLToPath(new URL("helpers/outbox-child.js", import.meta.url));
const ROUNDS = 4;
const EACH = 6;

test("a process that is killed while it sends loses nothing", { timeout: 60_000 }, async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "onceward-outbox-"));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const shop = await startShop(t);
  const keys = [];
  const bodies = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const orders = Array.from({ length: EACH }, (_, index) => `order ${round * EACH + index}`);
    bodies.push(...orders);
    // What is on its way when the process dies was acted on, and never answered.
    const held = new Promise((resolve) => {
      shop.holdBy((body) => {
        if (body === orders[round]) {
          resolve();
          return new Promise(() => {});
        }
      });
    });
    const child = spawn(process.execPath, [CHILD, folder, shop.url, ...orders], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const died = once(child, "exit");
    let told = 0;
    for await (const key of createInterface(child.stdout)) {
      keys.push(key);
      told += 1;
      if (told === EACH) {
        await held;
        child.kill("SIGKILL");
      }
    }
    await died;
  }
  shop.holdBy(undefined);
  const outbox = await Outbox.open({ storage: file(folder), backoff: 20 });
  t.after(() => outbox.close());
  assert.deepEqual(
    outbox.list().map(({ key, note }) => [key, note]),
    keys.map((key, index) => [key, bodies[index]]),
  );
  await outbox.settled();
  assert.deepEqual(shop.done, bodies, "acted on once, and in order");
  for (const [index, key] of keys.entries()) {
    const answer = await outbox.get(key).take();
    assert.equal(await answer.response.text(), `${index + 1}: ${bodies[index]}`);
  }
  const sent = new Map();
  for (const { key } of shop.requests) {
    sent.set(key, (sent.get(key) ?? 0) + 1);
  }
  const again = [...sent.values()].filter((times) => times > 1).length;
  assert.ok(again >= 1 && again <= ROUNDS, `${again} were sent again`);
});
