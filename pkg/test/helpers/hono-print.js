/**
 * Prints what the application has answered.
 *
 *   node hono-print.js; deno run hono-print.js; bun hono-print.js
 * @module
 */
import process from "node:process";
import { ask } from "./hono-app.js";

process.stdout.write(`${JSON.stringify(await ask())}\n`);
