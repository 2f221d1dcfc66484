/**
 * The example of a Service Worker that keeps notes in sync: built, and run in Chromium.
 * @module
 */
import assert from "node:assert/strict";
import { once } from "node:events";
import { cp, symlink } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { build } from "esbuild";
import { root } from "../../scripts/steps.mjs";

/** A small generator of random numbers (mulberry32), so that a run can be repeated. */
function randomFrom(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** The page, as its user sees it. */
class Notes {
  constructor(page) {
    this.page = page;
  }

  async ready() {
    await this.page.locator("#sync:enabled").waitFor();
  }

  /** Presses the button; returns how many changes came, and how many were news. */
  async sync() {
    const status = this.page.locator("#status");
    await this.page.locator("#sync").click();
    await this.page.waitForFunction(() => document.getElementById("status").value !== "syncing");
    const text = await status.evaluate((output) => output.value);
    const [, news, received] = /^(\d+) news in (\d+) changes$/.exec(text) ?? assert.fail(text);
    return { news: Number(news), received: Number(received) };
  }

  async list() {
    return await this.page.locator("#notes li").allTextContents();
  }

  /** Stops the worker, as the browser does with an idle one. */
  async stopWorker() {
    const session = await this.page.context().newCDPSession(this.page);
    const stopped = new Promise((resolve) => {
      session.on("ServiceWorker.workerVersionUpdated", ({ versions }) => {
        if (versions.some(({ runningStatus }) => runningStatus === "stopped")) {
          resolve();
        }
      });
    });
    await session.send("ServiceWorker.enable");
    await session.send("ServiceWorker.stopAllWorkers");
    await stopped;
    await session.detach();
  }
}

/** Writes to the feed at random; what the notes then are is returned by `expected`. */
class Writer {
  #notes = new Map();

  constructor(feed, random) {
    this.feed = feed;
    this.random = random;
  }

  write(count) {
    for (let written = 0; written < count; written += 1) {
      const id = `note ${Math.floor(this.random() * 6)}`;
      const text = this.random() < 0.2 ? undefined : `text ${this.random()}`;
      const revision = (this.#notes.get(id)?.revision ?? 0) + 1;
      this.#notes.set(id, { revision, text });
      this.feed.write(id, text);
    }
  }

  expected() {
    return [...this.#notes]
      .filter(([, { text }]) => text !== undefined)
      .map(([id, { revision, text }]) => `${id} (${revision}): ${text}`)
      .sort();
  }
}

const TESTS = {
  async filters({ notes, writer }) {
    writer.write(100);
    const first = await notes.sync();
    assert.equal(first.received, 100);
    // Of each note at least its last revision is news, and most others are overtaken by it.
    assert.ok(first.news >= 6 && first.news < 80, `${first.news} news`);
    assert.deepEqual(await notes.list(), writer.expected());
    assert.deepEqual(await notes.sync(), { news: 0, received: 10 });
    for (let round = 0; round < 10; round += 1) {
      writer.write(7);
      const { news, received } = await notes.sync();
      assert.equal(received, 17);
      assert.ok(news > 0 && news <= 7, `${news} news`);
      assert.deepEqual(await notes.list(), writer.expected());
    }
  },

  async reloads({ notes, writer }) {
    await notes.page.reload();
    await notes.ready();
    assert.deepEqual(await notes.list(), writer.expected());
    assert.deepEqual(await notes.sync(), { news: 0, received: 10 });
    await notes.stopWorker();
    writer.write(1);
    assert.deepEqual(await notes.sync(), { news: 1, received: 11 });
    await notes.stopWorker();
    await notes.page.reload();
    await notes.ready();
    assert.deepEqual(await notes.sync(), { news: 0, received: 10 });
    assert.deepEqual(await notes.list(), writer.expected());
  },

  async deletions({ notes, writer, feed }) {
    feed.write("late", "one");
    feed.write("late", "two");
    feed.write("late", undefined);
    await notes.sync();
    // All three come again and again, in any order, and none of them brings the note back.
    for (let round = 0; round < 5; round += 1) {
      assert.deepEqual(await notes.sync(), { news: 0, received: 10 });
      assert.deepEqual(await notes.list(), writer.expected());
    }
  },
};

/** Builds the scripts as the example's package.json says. */
async function buildScripts(folder) {
  const scripts = ["page", "worker"].map((name) => join(folder.path, `src/${name}.js`));
  const outdir = join(folder.path, "built");
  await build({ entryPoints: scripts, bundle: true, format: "esm", outdir, logLevel: "warning" });
}

export async function start({ folder, browsers }) {
  await cp(join(root, "examples/sync-service-worker"), folder.path, { recursive: true });
  await symlink(join(root, "node_modules/idb"), join(folder.path, "node_modules/idb"));
  await buildScripts(folder);
  const load = (file) => import(pathToFileURL(join(folder.path, "src", file)).href);
  const [{ Feed }, { serve }] = [await load("feed.js"), await load("server.js")];
  const seed = Math.floor(Math.random() * 2 ** 32);
  console.log(`    seed ${seed}`);
  const random = randomFrom(seed);
  const feed = new Feed(random);
  const server = serve(feed).listen(0, "127.0.0.1");
  await once(server, "listening");
  const { version, context: newContext } = await browsers.get("chromium");
  const context = await newContext();
  const stop = async () => {
    await context.close();
    server.closeAllConnections();
    server.close();
    await once(server, "close");
  };
  try {
    const notes = new Notes(await context.newPage());
    await notes.page.goto(`http://127.0.0.1:${server.address().port}/`);
    await notes.ready();
    const writer = new Writer(feed, random);
    return { version, ask: ({ test }) => TESTS[test]({ notes, writer, feed }), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
