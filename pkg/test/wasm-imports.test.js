/**
 * What the module may ask of JavaScript: to read and make values, and nothing of the world around it.
 * @module
 */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import test from "node:test";

const wasm = new URL("../dist/wasm/", import.meta.url);

/**
 * What it imports, how often under different types, and why. Whoever adds to this list has to say what
 * the core needs it for: it must be able to do nothing but to judge what it is given.
 */
const ALLOWED = {
  boolean_get: [1, "reads switches among the options, and true and false in contents"],
  generic: [3, "returns numbers, texts and bigints"],
  get: [2, "reads fields of options and contents, and items of arrays that may throw"],
  get_unchecked: [1, "reads items of arrays"],
  getPrototypeOf: [1, "tells plain objects in contents from others"],
  includes: [1, "leaves out of a content what does not count for its id"],
  init_externref_table: [1, "prepares the table of values, as the glue wants it"],
  isArray: [1, "tells arrays in contents from other objects"],
  is_falsy: [1, "reads flags"],
  is_null: [1, "reads null in contents"],
  is_object: [1, "tells objects in contents from functions and symbols"],
  is_string: [1, "tells texts in contents from other values"],
  is_undefined: [1, "knows what is left out"],
  jsval_eq: [1, "compares prototypes"],
  keys: [1, "reads objects in contents"],
  length: [1, "reads arrays in contents"],
  new: [3, "makes errors, and the objects and arrays that are returned"],
  new_from_slice: [2, "returns bytes, and where each item of a sequencer ends"],
  number_get: [1, "reads numbers among options and contents"],
  push: [1, "returns arrays"],
  set: [1, "returns objects, and errors with their code"],
  string_get: [1, "reads texts among options and contents"],
  throw: [1, "says that an exported function was misused, as the glue wants it"],
};

/** The globals that these functions use in the glue. */
const GLOBALS = ["Array", "BigInt", "Error", "Object", "Reflect", "Uint32Array", "Uint8Array"];

test("it imports what is allowed, and all of that", async () => {
  const module = await WebAssembly.compile(await readFile(new URL("core_bg.wasm", wasm)));
  const counts = {};
  for (const { module: from, name, kind } of WebAssembly.Module.imports(module)) {
    assert.equal(from, "./core_bg.js", name);
    assert.equal(kind, "function", name);
    const stem = name.replace(/\d+$/, "");
    counts[stem] = (counts[stem] ?? 0) + 1;
  }
  const allowed = Object.entries(ALLOWED).map(([name, [count]]) => [name, count]);
  assert.deepEqual(counts, Object.fromEntries(allowed));
});

test("what it imports reaches for no clock, no randomness, no network and no code", async () => {
  const glue = await readFile(new URL("../wasm/core.js", import.meta.url), "utf8");
  const [imports] = /^function __wbg_get_imports\(\) \{\n.*?\n\}\n/ms.exec(glue) ?? [""];
  const code = imports.replaceAll(/\/\/.*$/gm, "");
  const names = code.matchAll(/(?<![.\w"])([A-Z][a-z]\w*|globalThis|self|window|global)\b/g);
  assert.deepEqual([...new Set([...names].map(([name]) => name))].sort(), GLOBALS);
});
