/**
 * Leaves out of the generated glue what this package has no use for.
 *
 * pkg/src/source.ts loads and compiles the module, and pkg/src/core.ts asks whether an instance is
 * dead before every call; so the glue need not. The version of the generator is pinned, and a
 * part that is not found is a failure: then this list has to be looked at.
 * @module
 */
import { Failure } from "../steps.mjs";

/** What is cut: the name, the pattern, what comes in its place. */
const CUTS = [
  ["comments", /^ *\/\*\*\n(?: *\*.*\n)+/gm, ""],
  ["a check for stale objects", /^ *if \(this\.__wbg_inst !== [^{]*\{\n.*\n *\}\n/gm, ""],
  ["a mark for stale objects", /^ *Object\.defineProperty\(\w+, '__wbg_inst'.*\n/gm, ""],
  ["the guard's definition", /^function __wbg_call_guard\(\) \{\n[\s\S]*?\n\}\n/m, ""],
  ["a call of the guard", /^ *__wbg_call_guard\(\);\n/gm, ""],
  ["a schedule for the guard", /^.*__wbg_reinit_scheduled = false;\n/gm, ""],
  ["a disposer", /^if \(Symbol\.dispose\) .*\n/gm, ""],
  ["an encoder for older runtimes", /^if \(!\('encodeInto' in [\s\S]*?\n\}\n/m, ""],
  ["the loader", /^async function __wbg_load\([\s\S]*?\n\}\n/m, ""],
  ["the loading start", /^async function __wbg_init\([\s\S]*?\n\}\n/m, ""],
  [
    "the start",
    /^function initSync\([\s\S]*?\n\}\n/m,
    `function initSync(given) {
    if (wasm !== undefined) return wasm;
    const { module } = given;
    return __wbg_finalize_init(new WebAssembly.Instance(module, __wbg_get_imports()), module);
}
`,
  ],
  ["the exports", "export { initSync, __wbg_init as default };", "export { initSync };"],
];

/** The same for the declarations. */
const DECLARATION_CUTS = [
  ["the loading start", /^\/\*\*\n(?: \*.*\n)*export default function __wbg_init .*\n/m, ""],
  ["its input", /^export type InitInput = .*\n/m, ""],
];

function cut(text, cuts) {
  return cuts.reduce((rest, [what, pattern, instead]) => {
    const left = rest.replace(pattern, instead);
    if (left === rest) {
      throw new Failure(`the glue has changed: ${what} was not found. See scripts/build/glue.mjs.`);
    }
    return left;
  }, text);
}

/** Returns the glue without what is not used, and with the names that the module imports by now. */
export function trimGlue(text, shortNames) {
  const names = [...shortNames].map(([long, short]) => [`the import ${long}`, long, short]);
  const trimmed = cut(text, [...CUTS, ...names]);
  const left = /__wbg_(?:inst\b|call_guard|reinit|init\b|load)/.exec(trimmed);
  if (left !== null) {
    throw new Failure(`the glue still mentions ${left[0]}. See scripts/build/glue.mjs.`);
  }
  return trimmed;
}

/** Returns the declarations of the glue without what is not there. */
export function trimDeclarations(text) {
  return cut(text, DECLARATION_CUTS);
}
