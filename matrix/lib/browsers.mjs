/**
 * The browsers of the matrix, each started once, when it is first needed.
 * @module
 */
import { accessSync, constants } from "node:fs";
import { createRequire } from "node:module";
import { delimiter, join } from "node:path";
import { Failure } from "../../scripts/steps.mjs";

const NAMES = {
  chromium: ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"],
  firefox: ["firefox-esr", "firefox"],
};

/** The variable that says where a browser is, when it is not in PATH. */
const VARIABLES = { chromium: "CHROME", firefox: "FIREFOX" };

const CHROMIUM_ARGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--disable-dev-shm-usage",
];

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

function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function find(kind) {
  const folders = (process.env.PATH ?? "").split(delimiter);
  const paths = NAMES[kind].flatMap((name) => folders.map((folder) => join(folder, name)));
  const found = process.env[VARIABLES[kind]] ?? paths.find(isExecutable);
  if (found === undefined) {
    const names = NAMES[kind].join(", ");
    throw new Failure(
      `${kind} is missing: none of ${names} is in PATH, and ${VARIABLES[kind]} is not set.`,
    );
  }
  return found;
}

const LAUNCHERS = {
  async chromium() {
    const { chromium } = await import("playwright-core");
    const executablePath = find("chromium");
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
      executablePath: find("firefox"),
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
