/**
 * The browsers of the matrix, each started once, when it is first needed.
 * @module
 */
import { createRequire } from "node:module";
import { CHROMIUM_ARGS, findBrowser } from "../../scripts/browsers.mjs";
import { Failure } from "../../scripts/steps.mjs";

/** Firefox must not talk to anybody but the test. */
const FIREFOX_PREFS = {
  "app.normandy.enabled": false,
  "app.update.enabled": false,
  "browser.safebrowsing.update.enabled": false,
  "datareporting.policy.dataSubmissionEnabled": false,
  "extensions.getAddons.cache.enabled": false,
  "extensions.update.enabled": false,
  "network.captive-portal-service.enabled": false,
  "network.connectivity-service.enabled": false,
  "services.settings.server": "data:,",
  "toolkit.telemetry.enabled": false,
};

const LAUNCHERS = {
  async chromium() {
    const { chromium } = await import("playwright-core");
    const executablePath = findBrowser("chromium");
    const browser = await chromium.launch({ executablePath, args: CHROMIUM_ARGS, headless: true });
    return {
      version: browser.version(),
      context: () => browser.newContext(),
      close: () => browser.close(),
    };
  },
  async firefox() {
    const puppeteer = createRequire(import.meta.url)("puppeteer-core");
    const browser = await puppeteer.launch({
      browser: "firefox",
      executablePath: findBrowser("firefox"),
      headless: true,
      extraPrefsFirefox: FIREFOX_PREFS,
    });
    return {
      version: (await browser.version()).replace(/^\D*/, ""),
      context: () => browser.createBrowserContext(),
      close: () => browser.close(),
    };
  },
};

/** All browsers. */
export class Browsers {
  #running = new Map();

  /** Starts a browser, unless it runs. */
  async get(kind) {
    if (!this.#running.has(kind)) {
      this.#running.set(kind, LAUNCHERS[kind]());
    }
    return await this.#running.get(kind);
  }

  /**
   * Opens a page in a profile of its own, calls back with it, and closes the profile. What goes wrong
   * in the page becomes the failure of the whole.
   */
  async visit(kind, url, answered) {
    const browser = await this.get(kind);
    const context = await browser.context();
    try {
      const page = await context.newPage();
      const said = [];
      const failed = new Promise((_, reject) => {
        page.on("pageerror", (error) => {
          said.push(String(error.stack ?? error));
          // Firefox calls it an error of the page that the suite tried an eval. Whoever else tries
          // what the policy forbids is told so by an error, which becomes the answer.
          if (!String(error.message).startsWith("Content-Security-Policy:")) {
            reject(new Failure(`${url} failed`));
          }
        });
        page.on("console", (message) => said.push(message.text()));
      });
      const seen = Promise.race([answered, failed]).catch((error) => {
        throw new Failure([error.message, ...said].join("\n"));
      });
      // The page may fail while it is being loaded.
      seen.catch(() => {});
      await page.goto(url);
      return await seen;
    } finally {
      await context.close();
    }
  }

  async close() {
    const running = [...this.#running.values()];
    this.#running.clear();
    await Promise.all(running.map(async (browser) => (await browser).close()));
  }
}
