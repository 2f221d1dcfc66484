/**
 * Starting Chromium, for the tests and for pictures.
 * @module
 */
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import { chromium } from "playwright-core";

const NAMES = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

const ARGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-dev-shm-usage",
  // Tabs that are not in front must go on.
  "--disable-background-timer-throttling",
  "--disable-renderer-backgrounding",
  "--disable-backgrounding-occluded-windows",
];

function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Starts the Chromium that CHROME names, or that is in PATH. */
export async function launchChromium() {
  const folders = (process.env.PATH ?? "").split(delimiter);
  const paths = NAMES.flatMap((name) => folders.map((folder) => join(folder, name)));
  const executablePath = process.env.CHROME ?? paths.find(isExecutable);
  if (executablePath === undefined) {
    throw new Error(`none of ${NAMES.join(", ")} is in PATH; CHROME may say where one is`);
  }
  return await chromium.launch({ executablePath, args: ARGS, headless: true });
}
