/**
 * What can be imported from the package, and which file each runtime is given for it.
 *
 * A new subpath is one line of SUBPATHS; then `npm run exports` writes it into pkg/package.json, and
 * the build writes its entries.
 * @module
 */

/**
 * The subpaths by the source that is behind them.
 *
 * `core: true` says that it calls the core, and so needs a WebAssembly module, whether or not the main
 * entry is imported as well. Then it has an entry for each way of getting the module, also below
 * `./external`, and all share the one instance. Everything else only needs what it is given, such as a
 * store or an adapter that is given a gate. `lib` is the library of TypeScript that its declarations
 * need beyond the language.
 */
export const SUBPATHS = {
  ".": { source: "index.ts", core: true },
  "./memory": { source: "stores/memory.ts" },
  "./file": { source: "stores/file.ts", core: true },
  "./indexeddb": { source: "stores/indexeddb.ts", lib: "dom" },
  "./durable-object": { source: "stores/durable-object.ts" },
  "./store-contract": { source: "stores/contract.ts" },
  "./http": { source: "http.ts", lib: "dom" },
  "./hono": { source: "hono.ts", lib: "dom" },
  "./outbox": { source: "outbox.ts", lib: "dom" },
  "./outbox/indexeddb": { source: "outbox/indexeddb.ts", lib: "dom" },
  "./revisions": { source: "revisions.ts", lib: "dom" },
};

/** Under it there is all that needs the module, and takes it from the file wherever it can. */
const EXTERNAL = "./external";

/** What is exported as it is. */
const FILES = {
  "./gate.wasm": { types: "./dist/wasm/core_bg.d.wasm.ts", default: "./dist/wasm/core_bg.wasm" },
  "./package.json": "./package.json",
};

/** Platforms that only run modules that came with the program, by their condition. */
const PRECOMPILED = ["workerd", "edge-light"];

/** The sources of the module that CommonJS can have. */
const REQUIRED = ["inline", "node"];

/** All sources of the module: the files of pkg/src/bind. */
export const BINDINGS = ["inline", ...PRECOMPILED, "node", "bun", "web"];

const built = (source) => source.replace(/\.ts$/, "");
const nameOf = (subpath, source) => (subpath === "." ? "index" : built(source).split("/").at(-1));

/** What is behind a subpath, as `import` or `require` see it. */
function target(source, file, tree = "dist") {
  return { types: `./${tree}/${built(source)}.d.ts`, default: `./${tree}/${file}.js` };
}

const either = (source, file) => ({
  require: target(source, file, "dist/cjs"),
  default: target(source, file),
});

/** The conditions under which a subpath gets its module from somewhere else than the text. */
const precompiled = (source, name) =>
  Object.fromEntries(
    PRECOMPILED.map((condition) => [condition, target(source, `entry/${condition}/${name}`)]),
  );

function insideOf(subpath, { source, core = false }) {
  if (!core) {
    return either(source, built(source));
  }
  const name = nameOf(subpath, source);
  return { ...precompiled(source, name), ...either(source, `entry/inline/${name}`) };
}

function externalOf(subpath, { source }) {
  const name = nameOf(subpath, source);
  return {
    // These first: their bundlers say "browser", too.
    ...precompiled(source, name),
    bun: target(source, `entry/bun/${name}`),
    browser: target(source, `entry/web/${name}`),
    node: either(source, `entry/node/${name}`),
    default: target(source, `entry/web/${name}`),
  };
}

const all = Object.entries(SUBPATHS);
const withCore = all.filter(([, { core }]) => core);
const external = (subpath) => `${EXTERNAL}${subpath.slice(1)}`;

/** Everything that can be imported as a module: the subpaths, and those which take the file. */
export const IMPORTABLE = [
  ...all.map(([subpath]) => subpath),
  ...withCore.map(([subpath]) => external(subpath)),
];

/** The `exports` of package.json. */
export function packageExports() {
  return Object.fromEntries([
    ...all.map(([subpath, what]) => [subpath, insideOf(subpath, what)]),
    ...withCore.map(([subpath, what]) => [external(subpath), externalOf(subpath, what)]),
    ...Object.entries(FILES),
  ]);
}

/** The entries to write: where, and what they bind and hand on. */
export function entries() {
  return withCore.flatMap(([subpath, { source }]) =>
    BINDINGS.map((binding) => ({
      file: `entry/${binding}/${nameOf(subpath, source)}.js`,
      text: `import "../../bind/${binding}.js";\nexport * from "../../${built(source)}.js";\n`,
      isRequired: REQUIRED.includes(binding),
    })),
  );
}
