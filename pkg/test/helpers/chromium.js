/**
 * Real Chromium: tabs, workers and service workers of one origin, which tests can drive and crash.
 *
 * What a test opened is closed when it ends, however it ends.
 * @module
 */
import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
// biome-ignore lint/correctness/noUndeclaredDependencies: tests use what the workspace declares.
import { build } from "esbuild";
// biome-ignore lint/correctness/noUndeclaredDependencies: tests use what the workspace declares.
import { chromium } from "playwright-core";
import { CHROMIUM_ARGS, findBrowser } from "../../../scripts/browsers.mjs";

const ARGS = [
  ...CHROMIUM_ARGS,
  // Tabs must be able to die one by one, and so need processes of their own.
  "--process-per-tab",
];

/** For how many milliseconds anything in the browser may take. */
const PATIENCE = 60_000;

/** Bundles scripts, each into one file that needs nothing else. */
async function bundle(scripts) {
  const { outputFiles } = await build({
    entryPoints: Object.fromEntries(
      Object.entries(scripts).map(([name, url]) => [name, fileURLToPath(url)]),
    ),
    outdir: "/",
    bundle: true,
    write: false,
    format: "iife",
    platform: "browser",
    target: "es2022",
    logLevel: "warning",
  });
  return new Map(outputFiles.map(({ path, text }) => [`/${path.split(/[\\/]/).at(-1)}`, text]));
}

/** Serves the scripts, and for every other path a page that runs the one of that name. */
async function serve(files) {
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url, "http://localhost");
    const script = files.get(pathname);
    if (script !== undefined) {
      response.writeHead(200, {
        "content-type": "text/javascript; charset=utf-8",
        "service-worker-allowed": "/",
      });
      response.end(script);
    } else if (files.has(`${pathname}.js`)) {
      response.writeHead(200, { "content-type": "text/html; charset=utf-8" });
      response.end(`<!doctype html><title>test</title><script src="${pathname}.js"></script>`);
    } else {
      response.writeHead(pathname === "/empty" ? 200 : 404, { "content-type": "text/html" });
      response.end("<!doctype html><title>empty</title>");
    }
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const close = async () => {
    server.closeAllConnections();
    server.close();
    await once(server, "close");
  };
  return { origin: `http://127.0.0.1:${server.address().port}`, close };
}

/** One tab. */
class Tab {
  constructor(page, url) {
    this.page = page;
    this.url = url;
    this.errors = [];
    page.on("pageerror", (error) => this.errors.push(error));
  }

  /** Calls a function in the page. */
  evaluate(task, argument) {
    return this.page.evaluate(task, argument);
  }

  /** Calls a function of the page's script: `globalThis.lab.call` returns a value or an error. */
  async call(method, ...args) {
    const { value, error } = await this.page.evaluate(
      ([name, given]) => globalThis.lab.call(name, ...given),
      [method, args],
    );
    if (error !== undefined) {
      throw Object.assign(new Error(error.message), error);
    }
    return value;
  }

  /** A session of the browser's own protocol. */
  async protocol() {
    this.session ??= await this.page.context().newCDPSession(this.page);
    return this.session;
  }

  async reload() {
    await this.page.reload();
  }

  /** Leaves the page, as by a link. */
  async go(path) {
    await this.page.goto(new URL(path, this.url).href);
  }

  /** Goes back, as by the browser's button. */
  async back() {
    // A page that was kept does not load again.
    await this.page.goBack({ waitUntil: "commit" });
  }

  /** Ends the tab's process, as when memory is short. */
  async crash() {
    const session = await this.protocol();
    const crashed = once(this.page, "crash");
    // Nobody is left to answer.
    session.send("Page.crash").catch(() => {});
    await crashed;
  }

  /** Closes the tab as a user does, with or without the page having a word. */
  async close(options) {
    await this.page.close(options);
  }
}

/** One profile: what its tabs store, only they see. */
class Profile {
  constructor(context, origin) {
    this.context = context;
    this.origin = origin;
    context.setDefaultTimeout(PATIENCE);
  }

  /** Opens a tab with the page of a script. */
  async open(path) {
    const page = await this.context.newPage();
    const tab = new Tab(page, this.origin);
    await tab.go(path);
    return tab;
  }

  /** Limits how much the origin may store; without a number, as before. */
  async limitStorage(tab, quotaSize) {
    const session = await tab.protocol();
    await session.send("Storage.overrideQuotaForOrigin", { origin: this.origin, quotaSize });
  }

  /** Has the browser close all connections to databases, as when it has lost them. */
  async forceCloseDatabases() {
    this.internals ??= await this.context.newPage();
    await this.internals.goto("chrome://indexeddb-internals");
    for (const control of await this.internals.locator(".control.force-close").all()) {
      await control.click();
    }
  }

  /** Stops all service workers, as the browser does with idle ones; they start again when needed. */
  async stopServiceWorkers(tab) {
    const session = await tab.protocol();
    await session.send("ServiceWorker.enable");
    await session.send("ServiceWorker.stopAllWorkers");
  }

  /** The versions of service workers, as the browser tells of them from now on. */
  async watchServiceWorkers(tab) {
    const session = await tab.protocol();
    const versions = new Map();
    session.on("ServiceWorker.workerVersionUpdated", (event) => {
      for (const version of event.versions) {
        versions.set(version.versionId, version);
      }
    });
    await session.send("ServiceWorker.enable");
    const running = () =>
      [...versions.values()].filter(({ runningStatus }) => runningStatus === "running");
    const stop = ({ versionId }) => session.send("ServiceWorker.stopWorker", { versionId });
    return { versions, running, stop };
  }

  /** Ends the whole browser at once, without a word to its tabs. */
  async kill(tab) {
    const session = await tab.protocol();
    const closed = once(this.context, "close");
    // Nobody is left to answer.
    session.send("Browser.crash").catch(() => {});
    await closed;
  }

  async close() {
    await this.context.close();
  }
}

/**
 * Starts a browser and a server for scripts, as `{ name: url }`: the page of `tab` is at `/tab`, the
 * script itself at `/tab.js`.
 *
 * @param t a test or a suite, at whose end everything is closed.
 */
export async function startChromium(t, scripts) {
  const files = await bundle(scripts);
  const { origin, close } = await serve(files);
  t.after(close);
  const options = {
    executablePath: findBrowser("chromium"),
    args: ARGS,
    headless: true,
    // Pages are kept for going back to them, as in every browser that is not driven by a test.
    ignoreDefaultArgs: ["--disable-back-forward-cache"],
  };
  const browser = await chromium.launch(options);
  t.after(() => browser.close());
  return {
    origin,
    browser,

    /** Opens a profile in memory, which is closed at the end of that test. */
    async profile(test) {
      const context = await browser.newContext();
      test.after(() => context.close());
      return new Profile(context, origin);
    },

    /** A folder for profiles on disk, which outlives its browsers, but not the test. */
    async folder(test) {
      const path = await mkdtemp(join(tmpdir(), "onceward-chromium-"));
      const contexts = [];
      test.after(async () => {
        await Promise.all(contexts.map((context) => context.close()));
        // What is left of a browser that was killed may write for a moment.
        await rm(path, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
      });
      return { path, contexts };
    },

    /** Opens the profile of a folder, in a browser of its own, which can be killed. */
    async profileOnDisk({ path, contexts }) {
      const context = await chromium.launchPersistentContext(path, options);
      contexts.push(context);
      return new Profile(context, origin);
    },
  };
}

/** Asks until the answer is right. */
export async function until(ask, isRight = Boolean, ms = 20_000) {
  const end = Date.now() + ms;
  let answer;
  do {
    answer = await ask();
    if (isRight(answer)) {
      return answer;
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  } while (Date.now() < end);
  assert.fail(`still ${JSON.stringify(answer)} after ${ms} ms`);
}
