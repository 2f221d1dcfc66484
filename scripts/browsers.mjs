/**
 * Where the browsers of the tests are, and what Chromium is started with.
 * @module
 */
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";

const NAMES = {
  chromium: ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"],
  firefox: ["firefox-esr", "firefox"],
};

/** The variable that says where a browser is, when it is not in PATH. */
const VARIABLES = { chromium: "CHROME", firefox: "FIREFOX" };

/** It runs as root, without a screen, and must not talk to anybody but the test. */
export const CHROMIUM_ARGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--disable-dev-shm-usage",
];

function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** The browser that its variable names, or that is in PATH. */
export function findBrowser(kind) {
  const folders = (process.env.PATH ?? "").split(delimiter);
  const paths = NAMES[kind].flatMap((name) => folders.map((folder) => join(folder, name)));
  const found = process.env[VARIABLES[kind]] ?? paths.find(isExecutable);
  if (found === undefined) {
    const names = NAMES[kind].join(", ");
    throw new Error(
      `${kind} is missing: none of ${names} is in PATH, and ${VARIABLES[kind]} is not set.`,
    );
  }
  return found;
}
