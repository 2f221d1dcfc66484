/**
 * The facts that every language must agree on: the same files that the core is tested with natively.
 * @module
 */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import test from "node:test";
import { Gate, isOncewardError, ordinal } from "onceward";
import { canonical, ERROR_CODES, VERDICTS } from "../dist/internals.js";

const load = async (name) => {
  const url = new URL(`../../tests/vectors/${name}`, import.meta.url);
  return JSON.parse(await readFile(url, "utf8"));
};
const text = (bytes) => new TextDecoder().decode(bytes);

test("codes are spelled as listed, and the README names them all", async () => {
  const { verdicts, errors } = await load("codes.json");
  assert.deepEqual([...VERDICTS], verdicts);
  assert.deepEqual([...ERROR_CODES], errors);
  const readme = await readFile(new URL("../../README.md", import.meta.url), "utf8");
  for (const code of [...verdicts, ...errors]) {
    assert.ok(readme.includes(`\`${code}\``), code);
  }
});

test("JSON has one canonical text", async () => {
  const { texts, numbers } = await load("canonical.json");
  for (const { input, output } of texts) {
    assert.equal(text(canonical(JSON.parse(input))), output);
  }
  for (const [bits, output] of numbers) {
    const number = new DataView(new ArrayBuffer(8));
    number.setBigUint64(0, BigInt(`0x${bits}`));
    assert.equal(text(canonical(number.getFloat64(0))), output, bits);
  }
});

test("notations have one spelling", async () => {
  const { cases } = await load("notations.json");
  for (const { notation, text: spelling, ordinal: expected } of cases) {
    const read = () => ordinal[notation](spelling);
    if (expected === undefined) {
      assert.throws(read, { code: "invalid_event" }, `${notation} ${spelling}`);
    } else {
      assert.equal(read(), BigInt(expected), `${notation} ${spelling}`);
    }
  }
});

test("scenarios end as told", async () => {
  const { opened, scenarios } = await load("verdicts.json");
  assert.ok(scenarios.length > 25);
  for (const { title, options, steps } of scenarios) {
    const clock = { now: opened };
    const gate = await Gate.open({ ...options, clock: () => clock.now });
    for (const [index, { event, at, expect, expected, current }] of steps.entries()) {
      const place = `${title}, step ${index}`;
      clock.now = opened + at;
      const told = (judge) => {
        try {
          return judge();
        } catch (error) {
          assert.ok(isOncewardError(error), place);
          return error.code;
        }
      };
      const inspection = told(() => gate.inspect(event));
      assert.equal(
        told(() => gate.check(event)),
        expect,
        place,
      );
      if (typeof inspection === "object") {
        assert.equal(inspection.verdict, expect, place);
        assert.equal(inspection.expected, expected && BigInt(expected), place);
        assert.equal(inspection.current, current && BigInt(current), place);
      } else {
        assert.equal(inspection, expect, place);
      }
    }
    await gate.close();
  }
});
