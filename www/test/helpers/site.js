/**
 * The built page on a server of its own, and Chromium to look at it with.
 * @module
 */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { launchChromium } from "../../build/chromium.mjs";
import { serve } from "../../build/serve.mjs";

/** Where the built page is. */
export const dist = fileURLToPath(new URL("../../dist/", import.meta.url));

const PATIENCE = 30_000;

/** What went wrong in a page, without anyone noticing otherwise. */
function watchErrors(page, errors) {
  page.on("pageerror", (error) => errors.push(String(error)));
  page.on("console", (message) => {
    if (message.type() === "error") {
      errors.push(`${message.text()} (${message.location().url})`);
    }
  });
}

/**
 * Serves the page and starts a browser, until `end` is called.
 *
 * @param options.folder what is served. @param options.under the path at which it is.
 */
export async function openSite({ folder = dist, under = "/" } = {}) {
  assert.ok(existsSync(join(dist, "index.html")), "the page is not built: node www/build.mjs");
  const { origin, close } = await serve(folder, { under });
  const browser = await launchChromium();
  return {
    origin,
    browser,
    /** Stops the server alone. */
    close,
    async end() {
      await browser.close();
      await close();
    },
    /** Opens a profile, whose pages must not fail in any way. */
    async visit(test, { path = "index.html", ...options } = {}) {
      const context = await browser.newContext({
        viewport: { width: 1440, height: 900 },
        serviceWorkers: "block",
        ...options,
      });
      test.after(() => context.close());
      context.setDefaultTimeout(PATIENCE);
      const errors = [];
      context.on("page", (page) => watchErrors(page, errors));
      const page = await context.newPage();
      await page.goto(`${origin}${under}${path}`);
      return { context, page, errors, url: `${origin}${under}` };
    },
  };
}

/** The text of an element. */
export async function textOf(page, selector) {
  return await page.locator(selector).first().textContent();
}

/** Reads a number as it is shown: with commas, and a minus of its own. */
export function parseShown(text) {
  return Number(text.replaceAll(",", "").replace("−", "-"));
}

/** The number in an element's text. */
export async function numberIn(page, selector) {
  return parseShown(await textOf(page, selector));
}

/** Asks until the answer is right. */
export async function until(ask, isRight = Boolean, ms = PATIENCE) {
  const end = Date.now() + ms;
  for (;;) {
    const answer = await ask();
    if (isRight(answer)) {
      return answer;
    }
    assert.ok(Date.now() < end, `still ${JSON.stringify(answer)} after ${ms} ms`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
