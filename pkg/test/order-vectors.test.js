/**
 * The facts of order and issue that every language must agree on: the same file that the core is tested
 * with natively.
 * @module
 */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { readFile } from "node:fs/promises";
import test from "node:test";
import { contentId, RevisionClock } from "onceward";
import { Ids } from "../dist/internals.js";
import { Told } from "./helpers/sequencing.js";

const url = new URL("../../tests/vectors/order.json", import.meta.url);
const { opened, histories, clocks, ids, contents } = JSON.parse(await readFile(url, "utf8"));

/** Makes the call that a step is, and returns what it said and what was expected. */
function play(told, step) {
  const { push, flush, drain, forget, at, held, ...expected } = step;
  const now = opened + at;
  if (push !== undefined) {
    const [scope, order, id, bytes] = push;
    return [told.push({ scope, order, id, bytes }, now), expected];
  }
  if (flush) {
    return [told.flush(now), expected];
  }
  return [drain ? told.drain() : told.forget(forget), expected];
}

for (const { title, options, steps, dropped } of histories) {
  test(title, () => {
    const told = new Told({ clock: () => opened, ...options });
    // Another one is opened again from its state after each step.
    const twin = new Told({ clock: () => opened, ...options });
    let now = opened;
    for (const [index, step] of steps.entries()) {
      const [said, expected] = play(told, step);
      assert.deepEqual(said, expected, `step ${index}`);
      assert.equal(told.sequencer.held, step.held, `step ${index}`);
      assert.deepEqual(play(twin, step)[0], expected, `step ${index}, opened again`);
      // A time that has been passed changes nothing, unless a leap of the clock is to be confirmed.
      now = Math.max(now, opened + (step.at ?? 0));
      if (!title.includes("leap") && !title.startsWith("random")) {
        twin.reopen(now);
      }
    }
    assert.equal(told.sequencer.dropped, dropped);
  });
}

for (const { title, node, maxDrift, last, steps } of clocks) {
  test(`revisions: ${title}`, () => {
    let now = 0;
    const clock = new RevisionClock({ clock: () => now, node, maxDrift, last });
    for (const [index, { next, observe, at, revision, error }] of steps.entries()) {
      now = next ?? at;
      const call = () => (next === undefined ? clock.observe(observe) : clock.next());
      if (error === undefined) {
        assert.equal(call(), revision && BigInt(revision), `step ${index}`);
      } else {
        assert.throws(call, { code: error }, `step ${index}`);
      }
    }
  });
}

for (const { title, given, steps } of ids) {
  test(`ids: ${title}`, () => {
    const source = new Ids();
    for (const { now, random, id } of steps) {
      assert.equal(source.make(now, given, Buffer.from(random, "hex")), id);
    }
  });
}

test("contents have the ids that others compute", () => {
  assert.ok(contents.length > 15);
  for (const { json, bytes, secret, omit, id } of contents) {
    const value = bytes === undefined ? json : Buffer.from(bytes, "hex");
    assert.equal(contentId(value, { secret, omit }), id, JSON.stringify(json ?? bytes));
  }
});
