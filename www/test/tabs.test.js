/**
 * Two tabs of one profile: what one accepts the other knows, and what one leaves the other takes.
 * @module
 */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { openSite, textOf, until } from "./helpers/site.js";

const state = (page, id) => textOf(page, `li[data-id="${id}"] .state`);
const press = (page, id) => page.click(`li[data-id="${id}"] button`);
const says = (page, id, pattern) =>
  until(
    () => state(page, id),
    (text) => pattern.test(text),
  );
const log = (page) => textOf(page, "#log");
const isReady = (page) => page.waitForSelector("li[data-id='Message 1'] .verdict");

describe("two tabs", { concurrency: true }, () => {
  let site;
  before(async () => {
    site = await openSite();
  });
  after(() => site.end());

  async function openTwo(t) {
    const visit = await site.visit(t, { path: "tabs.html" });
    const { page: one, context } = visit;
    const [other] = await Promise.all([context.waitForEvent("page"), one.click("#open")]);
    await Promise.all([isReady(one), isReady(other)]);
    return { ...visit, one, other };
  }

  test("know of each other's messages, also after a reload", async (t) => {
    const { one, other, errors } = await openTwo(t);
    assert.notEqual(await textOf(one, "#self"), await textOf(other, "#self"));
    await until(
      () => textOf(one, "#others"),
      (text) => /open as well/.test(text),
    );
    await says(other, "Message 2", /^fresh/);
    await press(one, "Message 2");
    await says(one, "Message 2", /^duplicate\s*accepted/);
    await says(other, "Message 2", /^duplicate/);
    await press(other, "Message 2");
    await until(
      () => log(other),
      (text) => /Message 2 was accepted before/.test(text),
    );
    await one.reload();
    await isReady(one);
    await says(one, "Message 2", /^duplicate/);
    await says(one, "Message 3", /^fresh/);
    // All tabs closed: what is known lies in the database.
    await one.goto("about:blank");
    await other.reload();
    await isReady(other);
    await says(other, "Message 2", /^duplicate/);
    assert.deepEqual(errors, []);
  });

  test("share one effect: the second waits, and gets the answer of the first", async (t) => {
    const { one, other } = await openTwo(t);
    await one.selectOption("#takes", "3000");
    await press(one, "Job 1");
    await says(other, "Job 1", /^pending\s*another tab/);
    await press(other, "Job 1");
    await until(
      () => log(other),
      (text) => /another tab's hands/.test(text),
    );
    const name = await textOf(one, "#self");
    await until(
      () => log(other),
      (text) => text.includes(`Job 1 was done before, by ${name}`),
    );
    await says(other, "Job 1", new RegExp(`^duplicate\\s*done by ${name}$`));
    assert.ok(!/Job 1 is begun|taken over/.test(await log(other)), "it ran in one tab only");
  });

  test("take over: a tab that is closed in the middle leaves its job to the other", async (t) => {
    const { one, other, errors } = await openTwo(t);
    await one.selectOption("#takes", "60000");
    await other.selectOption("#takes", "3000");
    await press(one, "Job 2");
    await says(one, "Job 2", /this tab is at it/);
    await says(other, "Job 2", /another tab is at it; its lease has \d s left/);
    await press(other, "Job 2");
    await says(other, "Job 2", /waiting/);
    await one.close();
    await says(other, "Job 2", /this tab is at it/);
    const name = await textOf(other, "#self");
    await says(other, "Job 2", new RegExp(`done by ${name}, at attempt 2`));
    assert.match(await log(other), /Job 2 is taken over: the tab that had it is gone/);
    assert.deepEqual(errors, []);
  });

  test("take new ones together", async (t) => {
    const { one, other } = await openTwo(t);
    await press(one, "Message 1");
    await says(other, "Message 1", /^duplicate/);
    await one.click("#fresh-batch");
    await says(one, "Message 11", /^fresh/);
    await says(other, "Message 11", /^fresh/);
  });
});
