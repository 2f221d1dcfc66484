/**
 * Every page, in light and dark, wide and narrow: accessible by axe, within its frame, without a
 * dead link, allowed by its own policy, and small.
 * @module
 */
import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { brotliCompressSync } from "node:zlib";
import { dist, openSite, textOf, until } from "./helpers/site.js";

const FIRST_LOAD_BYTES_MAX = 150_000;

const WIDE = { width: 1440, height: 900 };
const NARROW = { width: 390, height: 844 };

const axe = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** What axe finds wrong, in words. */
async function violations(page) {
  await page.evaluate(axe);
  const { violations: found } = await page.evaluate(() =>
    globalThis.axe.run(document, { resultTypes: ["violations"] }),
  );
  return found.flatMap(({ id, nodes }) =>
    nodes.map(({ target, failureSummary }) => `${id}: ${target} ${failureSummary}`),
  );
}

async function assertSound(page, what) {
  assert.deepEqual(await violations(page), [], what);
  const [width, inner] = await page.evaluate(() => [
    document.documentElement.scrollWidth,
    innerWidth,
  ]);
  assert.ok(width <= inner, `${what}: it is ${width} wide, in a window of ${inner}`);
}

/** The states that a page can be in, and how to get there. */
const STATES = {
  "index.html?at=12000": {
    "at the beginning": (page) => page.waitForSelector("#naive[data-state=wrong]"),
    "with the consumer down": async (page) => {
      await page.click("#crash");
      await page.click("#step");
      await page.waitForSelector("[data-down=true]");
    },
    "at the end": async (page) => {
      await page.click("#end");
      await until(
        () => textOf(page, "#status"),
        (text) => /^Everything/.test(text),
      );
    },
  },
  "stream.html": {
    "at the beginning": async () => {},
    "with lines pasted that cannot be judged": async (page) => {
      await page.click("#paste");
      await page.fill("#pasted", '{"x":1}');
      await page.click("#use-pasted");
      await until(() => textOf(page, "#problem"));
    },
    "with a sample judged": async (page) => {
      await page.click("#sample");
      await page.waitForSelector("#download:not([hidden])");
    },
  },
  "tabs.html": {
    "at the beginning": (page) => page.waitForSelector("li .verdict"),
    "at work": async (page) => {
      await page.click("li[data-id='Message 1'] button");
      await page.click("li[data-id='Job 1'] button");
      await until(
        () => textOf(page, "li[data-id='Job 1'] .state"),
        (text) => /at it/.test(text),
      );
    },
  },
};

describe("the pages", () => {
  let site;
  let documents;
  before(async () => {
    site = await openSite();
    documents = (await readdir(join(dist, "docs")))
      .filter((name) => name.endsWith(".html"))
      .map((name) => `docs/${name}`);
  });
  after(() => site.end());

  // Colours do not depend on the width, nor the layout on colours.
  for (const [colorScheme, viewport] of [
    ["light", WIDE],
    ["dark", NARROW],
  ]) {
    test(`are sound in ${colorScheme}, ${viewport.width} wide`, async (t) => {
      const { page, errors, url } = await site.visit(t, { colorScheme, viewport });
      for (const [path, states] of Object.entries(STATES)) {
        await page.goto(url + path);
        for (const [state, reach] of Object.entries(states)) {
          await reach(page);
          await assertSound(page, `${path} ${state}`);
        }
      }
      for (const path of documents) {
        await page.goto(url + path);
        await assertSound(page, path);
      }
      assert.deepEqual(errors, []);
    });
  }

  test("change their colours by the button, and keep them", async (t) => {
    const { page, url } = await site.visit(t, { colorScheme: "light", path: "tabs.html" });
    const ground = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    const light = await ground();
    assert.equal(await page.getAttribute("#theme", "aria-pressed"), "false");
    await page.click("#theme");
    assert.notEqual(await ground(), light);
    assert.equal(await page.getAttribute("#theme", "aria-pressed"), "true");
    const dark = await ground();
    await page.goto(`${url}docs/guide.html`);
    assert.equal(await ground(), dark);
    await page.click("#theme");
    assert.equal(await ground(), light);
  });

  test("can be gone through with keys", async (t) => {
    const { page } = await site.visit(t, { path: "index.html?at=1000" });
    await page.waitForSelector("#naive-lines tr");
    const reached = new Set();
    for (let press = 0; press < 60; press += 1) {
      await page.keyboard.press("Tab");
      const { id, isSeen } = await page.evaluate(() => {
        const { outlineStyle, outlineWidth } = getComputedStyle(document.activeElement);
        const isOutlined = outlineStyle !== "none" && Number.parseFloat(outlineWidth) > 0;
        return { id: document.activeElement.id, isSeen: isOutlined };
      });
      reached.add(id);
      assert.ok(id === "" || isSeen, `nobody sees that ${id} has the focus`);
    }
    const needed = ["theme", "play", "step", "crash", "end", "restart", "seed", "dice", "share"];
    const knobs = ["rate", "duplicates", "loss", "reorder", "delay", "crashes", "skew"];
    for (const id of [...needed, ...knobs.map((name) => `knob-${name}`)]) {
      assert.ok(reached.has(id), id);
    }
    await page.keyboard.press("Home");
    await page.focus(".skip");
    await page.keyboard.press("Enter");
    assert.equal(await page.evaluate(() => document.activeElement.id), "main");
  });

  test("link only to what is there", async () => {
    const pages = ["index.html", "stream.html", "tabs.html", ...documents];
    const ids = new Map();
    const texts = new Map();
    for (const path of pages) {
      const text = await readFile(join(dist, path), "utf8");
      texts.set(path, text);
      ids.set(path, new Set([...text.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id)));
    }
    const files = new Set(
      (await readdir(dist, { recursive: true })).map((name) => name.replaceAll("\\", "/")),
    );
    let checked = 0;
    for (const [path, text] of texts) {
      for (const [, address] of text.matchAll(/ (?:href|src)="([^"]+)"/g)) {
        // What the texts refer to elsewhere is theirs to say.
        if (/^https:/.test(address) && path.startsWith("docs/")) {
          continue;
        }
        assert.ok(!/^([a-z]+:|\/)/.test(address), `${path}: ${address} is not relative`);
        const { pathname, hash } = new URL(address, `http://page/${path}`);
        const target = pathname.slice(1);
        assert.ok(files.has(target), `${path}: there is no ${address}`);
        if (hash !== "" && ids.has(target)) {
          assert.ok(ids.get(target).has(hash.slice(1)), `${path}: there is no ${address}`);
        }
        checked += 1;
      }
    }
    assert.ok(checked > 100);
  });

  test("load with less than 150 kB", async (t) => {
    const { context, url } = await site.visit(t, { path: "icon.svg" });
    const page = await context.newPage();
    const fetched = new Set();
    context.on("request", (request) => fetched.add(new URL(request.url()).pathname.slice(1)));
    await page.goto(url);
    await page.waitForSelector("#naive[data-state=wrong]");
    await page.waitForLoadState("networkidle");
    assert.ok(fetched.has("gate.wasm") && fetched.has("network-worker.js"), [...fetched].join());
    fetched.add("icon.svg");
    const sizes = await Promise.all(
      [...fetched].map(async (path) => {
        const name = path === "" ? "index.html" : path;
        return [name, brotliCompressSync(await readFile(join(dist, name))).length];
      }),
    );
    const sum = sizes.reduce((total, [, size]) => total + size, 0);
    t.diagnostic(`${sum} bytes in brotli: ${sizes.map((pair) => pair.join(" ")).join(", ")}`);
    assert.ok(sum < FIRST_LOAD_BYTES_MAX, `${sum} bytes`);
  });

  test("allow nothing but their own files, and to compile the module", async (t) => {
    const { page, errors } = await site.visit(t, { path: "tabs.html" });
    const policy = await page.getAttribute("meta[http-equiv]", "content");
    assert.match(policy, /script-src 'self' 'wasm-unsafe-eval';/);
    assert.ok(!/unsafe-inline|'unsafe-eval'|https?:|\*/.test(policy), policy);
    await page.evaluate(() => {
      const script = document.createElement("script");
      script.textContent = "globalThis.wasRun = true";
      document.body.append(script);
    });
    assert.equal(await page.evaluate(() => globalThis.wasRun), undefined);
    await until(() => errors.some((error) => /Content Security Policy/.test(error)));
  });
});
