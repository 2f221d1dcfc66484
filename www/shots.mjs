/**
 * Takes the pictures in docs/screenshots from what was built. Seeds and moments are fixed, so that
 * a picture changes only when the page does.
 *
 *   node www/build.mjs && node www/shots.mjs
 *
 * @module
 */
import { mkdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { launchChromium } from "./build/chromium.mjs";
import { dist, root } from "./build/places.mjs";
import { serve } from "./build/serve.mjs";

const WIDE = { width: 1440, height: 900 };
const PHONE = { width: 390, height: 844 };

const judged = async (page) => {
  await page.click("#sample");
  await page.waitForSelector("#download:not([hidden])", { state: "attached" });
  await page.locator("#outcome").scrollIntoViewIfNeeded();
};

const atWork = async (page) => {
  await page.click("li[data-id='Message 1'] button");
  await page.click("li[data-id='Message 4'] button");
  await page.click("li[data-id='Job 1'] button");
  await page.waitForFunction(() => /at it/.test(document.querySelector("#jobs").textContent));
};

const ready = (page) => page.waitForSelector("#naive[data-state=wrong]");

const SHOTS = [
  ["network", "index.html?seed=7&at=16000", WIDE, "light", ready],
  ["network-busy-dark", "index.html?seed=1&rate=2000&at=20000", WIDE, "dark", ready],
  ["network-phone", "index.html?seed=7&at=16000", PHONE, "light", ready],
  ["stream", "stream.html", { width: 1440, height: 1200 }, "light", judged],
  ["tabs-dark", "tabs.html", WIDE, "dark", atWork],
];

const folder = join(root, "docs/screenshots");
const { origin, close } = await serve(dist);
const browser = await launchChromium();
await mkdir(folder, { recursive: true });
let sum = 0;
for (const [name, path, viewport, colorScheme, reach] of SHOTS) {
  const page = await browser.newPage({ viewport, colorScheme, serviceWorkers: "block" });
  await page.goto(`${origin}/${path}`);
  await reach(page);
  await page.evaluate(() => document.fonts.ready);
  const file = join(folder, `${name}.png`);
  await page.screenshot({ path: file });
  await page.close();
  const { size } = await stat(file);
  sum += size;
  console.log(`${name}.png: ${(size / 1000).toFixed(0)} kB`);
}
await browser.close();
await close();
console.log(`${(sum / 1000).toFixed(0)} kB in all`);
