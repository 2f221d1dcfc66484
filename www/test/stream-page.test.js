/**
 * The page for a stream of one's own, in Chromium: small streams and large ones.
 *
 * STREAM_MB says how large the large file is; 100 takes a while where the machine has other work.
 * @module
 */
import assert from "node:assert/strict";
import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { numberIn, openSite, textOf, until } from "./helpers/site.js";

const LARGE_MB = Number(process.env.STREAM_MB ?? 30);

const NOTE = "x".repeat(60);

const verdict = (page, name) => numberIn(page, `[data-verdict="${name}"]`);
const isDone = (page) => page.waitForSelector("#download:not([hidden])", { state: "attached" });

/** Pastes lines, and waits until they are judged. */
async function paste(page, text) {
  await page.click("#paste");
  await page.fill("#pasted", text);
  await page.click("#use-pasted");
}

/** The text of what is offered for download. */
async function download(page) {
  const [offered] = await Promise.all([page.waitForEvent("download"), page.click("#download")]);
  return { name: offered.suggestedFilename(), text: await readFile(await offered.path(), "utf8") };
}

const ENTITIES = 997;

/** The line of an index, and what is to be said of it: some repeat one, and some come late. */
function lineOf(index) {
  const isLate = (at) => at > 2 * ENTITIES && at % 7 === 0;
  const isRepeated = index % 5 === 0 && !isLate(index - 1);
  const meant = isRepeated ? index - 1 : index;
  const late = !isRepeated && isLate(index);
  const sensor = `sensor-${meant % ENTITIES}`;
  const revision = late ? 0 : meant;
  const event = { id: `event-${meant}`, sensor, revision, note: NOTE };
  const text = `${JSON.stringify(event)}\n`;
  return { text, verdict: isRepeated ? "duplicate" : late ? "stale" : "fresh" };
}

/** Writes a large stream, and returns what is to be said of it. */
async function writeLarge(file, bytes) {
  const out = createWriteStream(file);
  const counts = { fresh: 0, duplicate: 0, stale: 0 };
  let written = 0;
  for (let index = 1; written < bytes; ) {
    const texts = [];
    for (const end = index + 10_000; index < end; index += 1) {
      const { text, verdict: said } = lineOf(index);
      counts[said] += 1;
      texts.push(text);
    }
    const whole = texts.join("");
    written += whole.length;
    if (!out.write(whole)) {
      await once(out, "drain");
    }
  }
  out.end();
  await once(out, "close");
  return { counts, written };
}

describe("the page for a stream", () => {
  let site;
  let folder;
  before(async () => {
    site = await openSite();
    folder = await mkdtemp(join(tmpdir(), "onceward-stream-"));
  });
  after(async () => {
    await site.end();
    await rm(folder, { recursive: true, force: true });
  });

  test("judges what is pasted, and hands out what is fresh, unchanged", async (t) => {
    const { page, errors } = await site.visit(t, { path: "stream.html" });
    const lines = [
      '{ "id":"a",  "n": 1.50 }',
      '{"id":"b","evil":"<img src=x onerror=alert(1)>"}',
      '{"id":"a","n":2}',
      "no json",
      '{"id":"c","n":"ä€😀"}',
    ];
    await paste(page, lines.join("\n"));
    await isDone(page);
    assert.equal(await verdict(page, "fresh"), 3);
    assert.equal(await verdict(page, "duplicate"), 1);
    assert.equal(await verdict(page, "unreadable"), 1);
    const { name, text } = await download(page);
    assert.equal(name, "fresh-pasted.ndjson");
    assert.equal(text, `${[lines[0], lines[1], lines[4]].join("\n")}\n`);
    await page.click('#filters button:text-is("fresh")');
    const row = page.locator("#rows tr").nth(1);
    assert.match(await row.locator(".text").textContent(), /<img src=x onerror=alert\(1\)>/);
    assert.equal(await page.locator("main img").count(), 0);
    assert.deepEqual(errors, []);
  });

  test("takes fields that are clicked, and integers beyond 2^53 exactly", async (t) => {
    const { page } = await site.visit(t, { path: "stream.html" });
    const lines = [
      '{"name":"x","at":{"count":9007199254740993}}',
      '{"name":"x","at":{"count":9007199254740992}}',
      '{"name":"x","at":{"count":9007199254740994}}',
      '{"name":"x","at":{"count":9007199254740994}}',
    ];
    await paste(page, lines.join("\n"));
    assert.match(await until(() => textOf(page, "#problem")), /Choose a key/);
    assert.ok(await page.isDisabled("#judge"));
    await page.check("#role-entity");
    await page.click('#leaves button:has-text("name")');
    // The other half of the pair is what the next click is for.
    assert.ok(await page.isChecked("#role-revision"));
    await page.click('#leaves button:has-text("at.count")');
    await isDone(page);
    assert.equal(await verdict(page, "fresh"), 2);
    assert.equal(await verdict(page, "stale"), 1);
    assert.equal(await verdict(page, "duplicate"), 1);
    assert.equal(await textOf(page, "#strands .who"), "x");
    assert.match(await page.getAttribute("#strands svg", "aria-label"), /2 of 4 events refused/);
    await page.click('button[aria-label="No field for Revision"]');
    assert.match(await until(() => textOf(page, "#problem")), /needs its revision/);
  });

  test("takes a file that is dropped", async (t) => {
    const { page } = await site.visit(t, { path: "stream.html" });
    await page.evaluate(() => {
      const dataTransfer = new DataTransfer();
      dataTransfer.items.add(
        new File(['{"topic":"t","offset":1}\n{"topic":"t","offset":1}'], "a.jsonl"),
      );
      const drop = new DragEvent("drop", { dataTransfer, bubbles: true, cancelable: true });
      document.querySelector("#drop").dispatchEvent(drop);
    });
    await isDone(page);
    assert.match(await textOf(page, "#name"), /^a\.jsonl, 49 B$/);
    assert.equal(await verdict(page, "fresh"), 1);
    assert.equal(await verdict(page, "duplicate"), 1);
    await page.click("#paste");
    await page.fill("#pasted", "nothing of use");
    await page.click("#use-pasted");
    const name = await until(
      () => textOf(page, "#name"),
      (text) => /does not begin/.test(text),
    );
    assert.match(name, /pasted\.ndjson/);
    assert.ok(await page.isHidden("#plan"));
  });

  test("shows a sample with its duplicates and late arrivals, by entity", async (t) => {
    const { page, errors } = await site.visit(t, { path: "stream.html" });
    await page.click("#sample");
    await isDone(page);
    const counts = [];
    for (const name of ["fresh", "duplicate", "stale"]) {
      counts.push(await verdict(page, name));
      assert.ok(counts.at(-1) > 100, name);
    }
    const lines = counts.reduce((sum, count) => sum + count);
    assert.match(await textOf(page, "#progress-text"), new RegExp(lines.toLocaleString("en-US")));
    assert.equal(await page.locator("#strands .strand").count(), 10);
    const { text } = await download(page);
    assert.equal(text.trimEnd().split("\n").length, counts[0]);
    assert.deepEqual(errors, []);
  });

  test(`stays responsive with ${LARGE_MB} MB, and can be cancelled`, async (t) => {
    const file = join(folder, "large.ndjson");
    const { counts, written } = await writeLarge(file, LARGE_MB * 1_000_000);
    const { page, errors } = await site.visit(t, { path: "stream.html" });
    await page.setInputFiles("#file", file);
    await page.waitForSelector("#judge:not([disabled])");
    await page.evaluate(() => {
      const gaps = [];
      let last = performance.now();
      const next = (time) => {
        gaps.push(time - last);
        last = time;
        requestAnimationFrame(next);
      };
      requestAnimationFrame(next);
      globalThis.gaps = gaps;
    });
    await page.click("#judge");
    await until(
      () => page.$eval("#progress", ({ value }) => value),
      (value) => value > 0 && value < 100,
    );
    await page.click("#cancel");
    await until(
      () => textOf(page, "#problem"),
      (text) => /^Cancelled/.test(text),
    );
    assert.ok(await page.isHidden("#download"));
    const started = Date.now();
    await page.click("#judge");
    await isDone(page);
    const seconds = (Date.now() - started) / 1000;
    for (const [name, count] of Object.entries(counts)) {
      assert.equal(await verdict(page, name), count, name);
    }
    const gaps = await page.evaluate(() => globalThis.gaps.sort((one, other) => one - other));
    const at = (share) => gaps[Math.floor(share * (gaps.length - 1))].toFixed(1);
    t.diagnostic(
      `${(written / 1e6).toFixed(1)} MB in ${seconds.toFixed(1)} s; frames meanwhile: ` +
        `p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, the longest ${at(1)} ms`,
    );
    assert.deepEqual(errors, []);
  });
});
