/**
 * Starting Chromium, for the tests and for pictures.
 * @module
 */
import { chromium } from "playwright-core";
import { CHROMIUM_ARGS, findBrowser } from "../../scripts/browsers.mjs";

const ARGS = [
  ...CHROMIUM_ARGS,
  // Tabs that are not in front must go on.
  "--disable-background-timer-throttling",
  "--disable-renderer-backgrounding",
  "--disable-backgrounding-occluded-windows",
];

/** Starts the Chromium that CHROME names, or that is in PATH. */
export async function launchChromium() {
  const executablePath = findBrowser("chromium");
  return await chromium.launch({ executablePath, args: ARGS, headless: true });
}
