/**
 * Where everything is.
 * @module
 */
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** The folder of the page. */
export const www = dirname(dirname(fileURLToPath(import.meta.url)));

/** The root of the repository. */
export const root = dirname(www);

/** Where the built page goes. */
export const dist = join(www, "dist");
