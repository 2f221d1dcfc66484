/**
 * The few lines that a consumer writes itself: they import the suite, then the package, and hand the
 * answer on.
 * @module
 */

/**
 * A module that imports the package; `give` is the source of a function that takes the answer, and
 * `options` of what the suite is told.
 */
export function moduleSource({ entry = "onceward", give, smoke = "./smoke.mjs", options = "" }) {
  return `import { answer } from "${smoke}";
import * as onceward from "${entry}";

const give = ${give};
answer(onceward, {${options}}).then(give);
`;
}

/** The same as CommonJS. The suite is loaded first, since it watches what requiring does. */
export function commonSource({ entry = "onceward", give, smoke = "./smoke.mjs" }) {
  return `const give = ${give};
import("${smoke}")
  .then(({ answer }) => answer(require("${entry}")))
  .then(give);
`;
}

/** A Worker, as Cloudflare runs it: it runs the suite while it handles a request. */
export function workerSource({ entry = "onceward" } = {}) {
  return `import { answer } from "./smoke.mjs";
import * as onceward from "${entry}";

export default {
  fetch: async () => Response.json(await answer(onceward)),
};
`;
}
