/**
 * The pages in Firefox: the same numbers, the same streams, and a memory that outlives the page.
 * @module
 */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { Gate } from "onceward";
import { Browsers } from "../../matrix/lib/browsers.mjs";
import { serve } from "../build/serve.mjs";
import { importSource } from "./helpers/bundle.js";
import { dist, until } from "./helpers/site.js";

const AT = 20_000;

describe("in Firefox", () => {
  const browsers = new Browsers();
  let site;
  let page;
  const failures = [];
  before(async () => {
    site = await serve(dist);
    const context = await (await browsers.get("firefox")).context();
    page = await context.newPage();
    page.on("pageerror", ({ message }) => failures.push(message));
  });
  after(async () => {
    await browsers.close();
    await site.close();
    assert.deepEqual(failures, []);
  });

  const text = (selector) => page.$eval(selector, (element) => element.textContent);

  test("a seed gives the numbers that it gives in Node", async () => {
    const { Simulation, DEFAULTS, NOBODY, errorOf } = await importSource("sim/index.ts");
    const run = await Simulation.start(7, DEFAULTS, (options) => Gate.open(options));
    await run.advance(AT, NOBODY);
    await page.goto(`${site.origin}/index.html?seed=7&at=${AT}`);
    await until(
      () => text(".clock"),
      (clock) => clock === "20.0 s",
    );
    const { cents } = errorOf(run.naive.values, run.truth.values);
    assert.equal(await text("#naive-off"), (cents / 100).toFixed(2));
    assert.equal(await text("#gated-off"), "0.00");
    assert.equal(Number(await text("[data-count=stale]")), run.totals.verdicts.stale);
  });

  test("a stream is judged", async () => {
    await page.goto(`${site.origin}/stream.html`);
    await page.click("#sample");
    await page.waitForSelector("#download:not([hidden])");
    const counts = await page.$$eval("[data-verdict]", (figures) =>
      figures.map(({ dataset, textContent }) => [
        dataset.verdict,
        Number(textContent.replace(",", "")),
      ]),
    );
    const { fresh, duplicate, stale } = Object.fromEntries(counts);
    assert.ok(fresh > 10_000 && duplicate > 1000 && stale > 1000, JSON.stringify(counts));
  });

  test("a reload forgets nothing", async () => {
    await page.goto(`${site.origin}/tabs.html`);
    const state = () => text("li[data-id='Message 1'] .state");
    await page.waitForSelector("li .verdict");
    assert.match(await state(), /^fresh/);
    await page.click("li[data-id='Message 1'] button");
    await until(state, (said) => /^duplicate/.test(said));
    await page.reload();
    await page.waitForSelector("li .verdict");
    assert.match(await state(), /^duplicate/);
  });
});
