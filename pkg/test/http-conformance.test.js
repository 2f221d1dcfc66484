/**
 * What the documentation says of requests is what there is: tests by their names, problems by their
 * codes.
 * @module
 */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";
import { problemType } from "onceward/http";
import { PROBLEM_CODES, problem } from "../dist/internals.js";

const read = (path) => readFileSync(new URL(`../../${path}`, import.meta.url), "utf8");

test("every test that the table of the draft names exists", () => {
  const rows = read("docs/http-conformance.md")
    .split("\n")
    .flatMap((line) => {
      const [, file, name] = /\| `([\w-]+\.test\.js)`: (.+) \|$/.exec(line) ?? [];
      return file === undefined ? [] : [[file, name]];
    });
  assert.ok(rows.length > 30, `${rows.length}`);
  for (const [file, name] of rows) {
    assert.ok(read(`pkg/test/${file}`).includes(`test("${name}"`), `${file}: ${name}`);
  }
});

test("every problem is described at its type, with its status", () => {
  const sections = new Map(
    read("docs/problems.md")
      .split(/^## /m)
      .slice(1)
      .map((section) => {
        const [code, text] = section.split("\n");
        return [code, text];
      }),
  );
  assert.deepEqual([...sections.keys()], [...PROBLEM_CODES]);
  for (const code of PROBLEM_CODES) {
    const { status } = problem(code);
    assert.ok(sections.get(code).startsWith(`${status}`), code);
    assert.ok(problemType(code).endsWith(`/docs/problems.md#${code}`), code);
  }
});

test("the recipe for webhooks is the code that is tested", () => {
  const code = read("pkg/test/helpers/webhooks.js");
  const blocks = [...read("docs/recipes/webhooks.md").matchAll(/```js\n(.*?)```/gs)];
  assert.ok(blocks.length > 2);
  for (const [, block] of blocks) {
    assert.ok(code.includes(block), block);
  }
});

test("the pattern for Durable Objects is the code that is tested", () => {
  const [, block] = /```ts\nexport class Charges(.*?)```/s.exec(read("docs/http.md")) ?? [];
  const lines = block.split("\n").map((line) => line.replace(/ \/\/ .*/, "").trim());
  const worker = read("pkg/test/helpers/http-worker.js");
  for (const line of lines.filter((line) => /gate|idempotent|scope|stub|waitUntil/.test(line))) {
    assert.ok(worker.includes(line), line);
  }
});
