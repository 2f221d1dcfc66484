/**
 * A content security policy needs to allow the compilation of WebAssembly, and nothing else.
 * @module
 */
import assert from "node:assert/strict";
import test, { after } from "node:test";
import { startChromium } from "./helpers/chromium.js";

const chromium = await startChromium(
  { after },
  { page: new URL("helpers/csp-page.js", import.meta.url) },
);

/** What the page says when it is served under a policy, and what the policy has stopped. */
async function outcomesUnder(t, policy) {
  const profile = await chromium.profile(t);
  await profile.context.route("**/*", async (route) => {
    const response = await route.fetch();
    const headers = { ...response.headers(), "content-security-policy": policy };
    await route.fulfill({ response, headers });
  });
  await profile.context.addInitScript(() => {
    globalThis.stopped = [];
    addEventListener("securitypolicyviolation", ({ violatedDirective, blockedURI }) => {
      globalThis.stopped.push(`${violatedDirective} ${blockedURI}`);
    });
  });
  const tab = await profile.open("/page");
  return await tab.evaluate(async () => [await globalThis.outcomes, globalThis.stopped]);
}

const STRICT = "default-src 'none'; require-trusted-types-for 'script'";

test("with 'wasm-unsafe-eval' it works, and asks for nothing more", async (t) => {
  const policy = `${STRICT}; script-src 'self' 'wasm-unsafe-eval'`;
  assert.deepEqual(await outcomesUnder(t, policy), [["fresh", "fresh", undefined], []]);
});

test("without it, it says so", async (t) => {
  const [outcomes, stopped] = await outcomesUnder(t, `${STRICT}; script-src 'self'`);
  assert.deepEqual(outcomes, Array(3).fill("internal: CompileError"));
  assert.deepEqual([...new Set(stopped)], ["script-src wasm-eval"]);
});
