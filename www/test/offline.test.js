/**
 * The service worker: all pages without a network, and releases that only go forwards.
 * @module
 */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import { dist, numberIn, openSite, textOf, until } from "./helpers/site.js";

/** A place that is not the root of its server. */
const UNDER = "/some/where/";

const options = { serviceWorkers: "allow" };

const isKept = (page) =>
  until(
    () => textOf(page, "#offline"),
    (text) => /^Kept/.test(text),
  );

/** The names of the caches, without what they all begin with. */
const releases = (page) =>
  page.evaluate(async () => (await caches.keys()).map((name) => name.split(" ").at(-1)).sort());

/** The revision that the service worker keeps, once it is done with looking for another. */
const settled = (page) =>
  page.evaluate(async () => {
    const { active } = await navigator.serviceWorker.ready;
    const { port1, port2 } = new MessageChannel();
    return await new Promise((resolve) => {
      port1.onmessage = ({ data }) => resolve(data);
      active.postMessage("which release", [port2]);
    });
  });

/** Has the service worker look for a newer release, as a visit after a while does. */
async function visitLater(page) {
  const session = await page.context().newCDPSession(page);
  await session.send("ServiceWorker.enable");
  // When it starts again it has not looked yet.
  await session.send("ServiceWorker.stopAllWorkers");
  await session.detach();
  await page.reload();
}

/** Publishes another release in the place of one. */
async function publish(folder, revision, text) {
  const path = join(folder, "tabs.html");
  const page = (await readFile(path, "utf8")).replace(/<h1>[^<]*<\/h1>/, `<h1>${text}</h1>`);
  await writeFile(path, page);
  const release = JSON.parse(await readFile(join(folder, "release.json"), "utf8"));
  release.revision = revision;
  release.files["tabs.html"] = createHash("sha256").update(page).digest("hex").slice(0, 16);
  await writeFile(join(folder, "release.json"), JSON.stringify(release));
}

async function openCopy(t) {
  const folder = await mkdtemp(join(tmpdir(), "onceward-site-"));
  await cp(dist, folder, { recursive: true });
  await publish(folder, 100, "Release 100");
  const site = await openSite({ folder, under: UNDER });
  t.after(async () => {
    await site.end();
    await rm(folder, { recursive: true, force: true });
  });
  return { site, folder };
}

describe("without a network", { concurrency: true }, () => {
  test("all pages work after one visit, under any path", async (t) => {
    const { site } = await openCopy(t);
    const { page, url, errors } = await site.visit(t, options);
    await isKept(page);
    await until(
      () => releases(page),
      (names) => names.join() === "100",
    );
    await site.close();
    await page.goto(url);
    await page.waitForSelector("#naive[data-state=wrong]");
    assert.ok((await numberIn(page, "[data-count=fresh]")) > 0, "the module is there as well");
    await page.goto(`${url}stream.html`);
    await page.click("#sample");
    await page.waitForSelector("#download:not([hidden])");
    await page.goto(`${url}docs/benchmarks.html`);
    await page.locator("img.in-light").first().scrollIntoViewIfNeeded();
    const hasLoaded = () =>
      page.$eval("img.in-light", (image) => image.complete && image.naturalWidth > 0);
    await until(hasLoaded);
    await page.goto(`${url}tabs.html`);
    await page.click("li[data-id='Message 1'] button");
    await until(
      () => textOf(page, "#log"),
      (text) => /accepted here/.test(text),
    );
    assert.deepEqual(errors, []);
  });

  test("releases only go forwards, and never mix", async (t) => {
    const { site, folder } = await openCopy(t);
    const { page } = await site.visit(t, { ...options, path: "tabs.html" });
    const heading = () => textOf(page, "h1");
    const only = async (revision) => {
      assert.equal(await settled(page), revision);
      assert.deepEqual(await releases(page), [String(revision)]);
    };
    await isKept(page);
    await only(100);

    await publish(folder, 200, "Release 200");
    await visitLater(page);
    await only(200);
    await page.reload();
    assert.equal(await heading(), "Release 200");

    // As when an old copy comes out of some cache on the way.
    await publish(folder, 150, "Release 150");
    await visitLater(page);
    await only(200);
    await page.reload();
    assert.equal(await heading(), "Release 200");

    // Another content under a revision that was seen.
    await publish(folder, 200, "Not release 200");
    await visitLater(page);
    await only(200);
    await page.reload();
    assert.equal(await heading(), "Release 200");

    // One whose files are not those of its list is not kept, and asked for again later.
    await publish(folder, 300, "Release 300");
    await writeFile(join(folder, "page.css"), "/* half of it */");
    await visitLater(page);
    await only(200);
    await cp(join(dist, "page.css"), join(folder, "page.css"));
    await visitLater(page);
    await only(300);
    await page.reload();
    assert.equal(await heading(), "Release 300");
  });
});
