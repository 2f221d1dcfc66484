/**
 * The page of the lossy network in Chromium: what it shows is what the simulation says.
 * @module
 */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { Gate } from "onceward";
import { importSource } from "./helpers/bundle.js";
import { numberIn, openSite, parseShown, textOf, until } from "./helpers/site.js";

/** How many frames are measured, and how many come before. */
const FRAMES = 150;
const FRAMES_BEFORE = 30;

const cents = async (page, selector) => Math.round((await numberIn(page, selector)) * 100);

const clock = async (page) => Number((await textOf(page, ".clock")).replace(" s", ""));

/** All values that one side shows, in cents. */
async function valuesOf(page, side) {
  const texts = await page.locator(`#${side}-lines .value`).allTextContents();
  return texts.map((text) => Math.round(parseShown(text) * 100));
}

describe("the page of the lossy network", () => {
  let site;
  let sim;
  before(async () => {
    sim = await importSource("sim/index.ts");
    site = await openSite();
  });
  after(() => site.end());

  for (const [seed, query] of [
    [7, ""],
    [42, "&rate=300&loss=30&crashes=20"],
  ]) {
    test(`shows the same numbers as Node for seed ${seed}`, async (t) => {
      const path = `index.html?seed=${seed}${query}&at=20000`;
      const { page, errors } = await site.visit(t, { path });
      await until(
        () => clock(page),
        (seconds) => seconds === 20,
      );
      const { settings } = sim.readShared(`?${query}`, 0);
      const run = await sim.Simulation.start(seed, settings, (options) => Gate.open(options));
      await run.advance(20_000, sim.NOBODY);
      const { totals, naive, gated, truth } = run;
      const flat = ({ values }) => [...values.balances, ...values.prices];
      assert.deepEqual(await valuesOf(page, "naive"), flat(naive));
      assert.deepEqual(await valuesOf(page, "gated"), flat(gated));
      assert.equal(await cents(page, "#naive-off"), sim.errorOf(naive.values, truth.values).cents);
      assert.equal(await cents(page, "#gated-off"), 0);
      for (const name of ["issued", "lost", "resent", "delivered", "crashes"]) {
        assert.equal(await numberIn(page, `[data-count=${name}]`), totals[name], name);
      }
      for (const name of ["fresh", "duplicate", "stale"]) {
        assert.equal(await numberIn(page, `[data-count=${name}]`), totals.verdicts[name], name);
      }
      assert.ok((await cents(page, "#naive-off")) > 0, "the naive side is right");
      assert.deepEqual(errors, []);
    });
  }

  test("runs at once, and the naive side is wrong within a second", async (t) => {
    const { page } = await site.visit(t);
    await page.waitForSelector("#naive[data-state=wrong]", { timeout: 5000 });
    assert.equal(await page.getAttribute("#gated", "data-state"), "right");
    const first = await clock(page);
    await until(
      () => clock(page),
      (seconds) => seconds > first + 0.3,
    );
    assert.equal(await textOf(page, "#play"), "Pause");
  });

  test("pauses, steps and goes on", async (t) => {
    const { page } = await site.visit(t, { path: "index.html?seed=3&at=5000" });
    await until(
      () => clock(page),
      (seconds) => seconds === 5,
    );
    assert.equal(await textOf(page, "#play"), "Play");
    await page.click("#step");
    await until(
      () => clock(page),
      (seconds) => seconds === 5.1,
    );
    await page.keyboard.press("Shift+Tab");
    await page.keyboard.press("Enter");
    await until(
      () => clock(page),
      (seconds) => seconds > 5.3,
    );
    await page.click("#play");
    const stopped = await clock(page);
    await page.click("#step");
    await until(
      () => clock(page),
      (seconds) => seconds > stopped && seconds < stopped + 0.6,
    );
  });

  test("starts over, with nothing left of what was before", async (t) => {
    const { page } = await site.visit(t, { path: "index.html?seed=2&rate=500&crashes=0" });
    await until(
      () => clock(page),
      (seconds) => seconds > 10.3,
    );
    for (let time = 0; time < 3; time += 1) {
      await page.click("#restart");
    }
    await until(
      () => clock(page),
      (seconds) => seconds < 5,
    );
    await page.click("#play");
    await page.click("#step");
    const issued = await until(
      () => numberIn(page, "[data-count=issued]"),
      (count) => count > 0 && count < 2500,
    );
    const seconds = await clock(page);
    assert.ok(Math.abs(issued - 500 * seconds) <= 75, `${issued} in ${seconds} s`);
    // Twice a second there is a point in the chart, from the beginning on.
    const points = (await page.getAttribute("#chart .line.fresh", "d")).split("L").length;
    assert.ok(Math.abs(points - 2 * seconds) <= 2, `${points} points in ${seconds} s`);
  });

  test("finishes: all has arrived, and the gated side is what was issued", async (t) => {
    const { page } = await site.visit(t, { path: "index.html?seed=9&delay=100&at=30000" });
    await until(
      () => clock(page),
      (seconds) => seconds === 30,
    );
    await page.click("#end");
    const status = await until(
      () => textOf(page, "#status"),
      (text) => /^Everything/.test(text),
    );
    assert.match(status, /behind the gate by 0\.00/);
    const run = await sim.Simulation.start(9, { ...sim.DEFAULTS, delay: 100 }, (options) =>
      Gate.open(options),
    );
    await run.advance(30_000, sim.NOBODY);
    const { balances, prices } = run.world.values;
    assert.deepEqual(await valuesOf(page, "gated"), [...balances, ...prices]);
    assert.notDeepEqual(await valuesOf(page, "naive"), [...balances, ...prices]);
    assert.equal(await numberIn(page, "[data-count=issued]"), run.totals.issued);
  });

  test("crashes the consumer at a click, and nothing is lost behind the gate", async (t) => {
    const path = "index.html?seed=4&crashes=0&rate=150&delay=100";
    const { page } = await site.visit(t, { path });
    await until(() => numberIn(page, "[data-count=delivered]"));
    await page.click("#crash");
    await until(
      () => numberIn(page, "[data-count=crashes]"),
      (count) => count === 1,
    );
    await until(
      () => page.getAttribute("#stage", "data-down"),
      (down) => down === "true",
    );
    const before = await numberIn(page, "[data-count=fresh]");
    await until(
      () => numberIn(page, "[data-count=fresh]"),
      (count) => count > before,
    );
    await page.click("#end");
    const status = await until(
      () => textOf(page, "#status"),
      (text) => /^Everything/.test(text),
    );
    assert.match(status, /behind the gate by 0\.00/);
  });

  test("shares by address: what was set, and the moment while nothing was changed", async (t) => {
    const { page, context, url } = await site.visit(t, { path: "index.html?seed=5&at=8000" });
    await context.grantPermissions(["clipboard-read", "clipboard-write"]);
    await until(
      () => clock(page),
      (seconds) => seconds === 8,
    );
    await page.click("#share");
    assert.equal(page.url(), `${url}index.html?seed=5&at=8000`);
    await until(
      () => textOf(page, "#status"),
      (text) => /copied/.test(text),
    );
    assert.equal(await page.evaluate(() => navigator.clipboard.readText()), page.url());
    await page.focus("#knob-loss");
    await page.keyboard.press("Home");
    assert.equal(page.url(), `${url}index.html?seed=5&loss=0`);
    assert.equal(await page.getAttribute("#knob-loss", "aria-valuetext"), "0 %");
    assert.equal(await textOf(page, "#naive-title"), "Without a gate");
    await page.check("input[value=usual]");
    assert.equal(await textOf(page, "#naive-title"), "With the usual fixes");
    assert.equal(page.url(), `${url}index.html?seed=5&loss=0&naive=usual`);
    await page.fill("#seed", "123");
    await page.press("#seed", "Enter");
    await until(
      () => page.url(),
      (now) => now.includes("seed=123"),
    );
    await until(
      () => clock(page),
      (seconds) => seconds < 8,
    );
  });

  test("stands still where motion is not wanted, with the outcome in sight", async (t) => {
    const { page } = await site.visit(t, { reducedMotion: "reduce" });
    await until(
      () => clock(page),
      (seconds) => seconds === 20,
    );
    assert.equal(await textOf(page, "#play"), "Play");
    assert.equal(await page.getAttribute("#naive", "data-state"), "wrong");
    const picture = () => page.evaluate(() => document.querySelector("#sky").toDataURL());
    const one = await picture();
    await page.evaluate(() => new Promise((resolve) => setTimeout(resolve, 200)));
    assert.equal(await picture(), one);
  });

  test("stays smooth at 2,000 events a second", async (t) => {
    const path = "index.html?seed=1&rate=2000";
    const { page, errors } = await site.visit(t, { path });
    await until(
      () => numberIn(page, "[data-count=delivered]"),
      (count) => count > 10_000,
    );
    const before = await numberIn(page, "[data-count=issued]");
    const [deltas, ms] = await page.evaluate(
      ([frames, ahead]) =>
        new Promise((resolve) => {
          const times = [];
          const next = (time) => {
            times.push(time);
            if (times.length <= frames + ahead) {
              requestAnimationFrame(next);
            } else {
              const kept = times.slice(ahead);
              const each = kept.slice(1).map((moment, index) => moment - kept[index]);
              resolve([each, times.at(-1) - times[0]]);
            }
          };
          requestAnimationFrame(next);
        }),
      [FRAMES, FRAMES_BEFORE],
    );
    const issued = (await numberIn(page, "[data-count=issued]")) - before;
    deltas.sort((one, other) => one - other);
    const at = (share) => deltas[Math.floor(share * (deltas.length - 1))].toFixed(1);
    t.diagnostic(`frames: p50 ${at(0.5)} ms, p95 ${at(0.95)} ms, p99 ${at(0.99)} ms, of ${FRAMES}`);
    t.diagnostic(`${issued} events were issued in ${(ms / 1000).toFixed(1)} s`);
    assert.equal(deltas.length, FRAMES);
    assert.ok(issued > 0);
    assert.equal(await cents(page, "#gated-off"), 0);
    assert.deepEqual(errors, []);
  });
});
