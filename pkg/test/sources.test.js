/**
 * The module comes in the way that suits the platform: at once or later, from here or from elsewhere,
 * and always once.
 * @module
 */
import assert from "node:assert/strict";
import test from "node:test";
import { Gate, ready } from "onceward";
import { runScript } from "./helpers/child.js";
import { judges, open, refuses, START } from "./helpers/gate.js";
import { testStore } from "./helpers/teststore.js";

/**
 * Begins a script in which the module has to be fetched, as in a browser: `answers` is what each fetch
 * is answered with, `asked` what was asked for. `show` prints what comes of something.
 */
const FETCHING = `
  import { readFileSync } from "node:fs";
  import { Gate, OncewardError, ordinal, ready } from "./entry/web/index.js";

  const bytes = readFileSync("./wasm/core_bg.wasm");
  const type = { headers: { "content-type": "application/wasm" } };
  const whole = () => new Response(bytes, type);
  const asked = [];
  let answers = [];
  globalThis.fetch = async (address) => {
    asked.push(String(address).split("/").at(-1));
    return answers.shift()();
  };
  async function show(action) {
    try {
      console.log(await action());
    } catch (error) {
      console.log(error instanceof OncewardError, error.code, error.message);
    }
  }
  const judge = (gate) => gate.check({ id: "a" });
`;

const lines = (...parts) => `${parts.join("\n")}\n`;

test("openSync opens a gate with all that open takes, but a store", async () => {
  const { gate } = await open();
  judges(gate, [{ id: "a" }, "fresh"]);
  const options = {
    snapshot: gate.snapshot(),
    secret: "a secret of the tests",
    clock: () => START + 1,
  };
  const copy = Gate.openSync(options);
  judges(copy, [{ id: "a" }, "duplicate"], [{ id: "b" }, "fresh"]);
  assert.equal(copy.recovery, undefined);
  judges(Gate.openSync(), [{ id: "a" }, "fresh"]);
  const { store, calls } = testStore();
  refuses("invalid_option", () => Gate.openSync({ store }));
  refuses("invalid_option", () => Gate.openSync({ lease: "soon" }));
  refuses("wrong_secret", () => Gate.openSync({ ...options, secret: "another" }));
  refuses("corrupt", () => Gate.openSync({ snapshot: options.snapshot.slice(1) }));
  assert.equal(calls?.length ?? 0, 0);
});

test("openSync restores a state of any size at once", async () => {
  const { gate, clock } = await open({ maxBytes: 64 * 1024 * 1024 });
  gate.checkIds(Array.from({ length: 50_000 }, (_, index) => `id ${index}`));
  const snapshot = gate.snapshot();
  const copy = Gate.openSync({ snapshot, clock, secret: "a secret of the tests" });
  assert.deepEqual(copy.snapshot(), snapshot);
});

test("ready is at once where the module is, and takes nothing but wasm", async () => {
  await ready();
  await ready({});
  await assert.rejects(ready({ url: "x" }), { code: "invalid_option" });
  await assert.rejects(ready("x"), { code: "invalid_option" });
});

for (const [decoder, without] of [
  ["fromBase64", ""],
  ["Buffer", "delete Uint8Array.fromBase64;"],
  ["atob", "delete Uint8Array.fromBase64; delete globalThis.Buffer;"],
]) {
  test(`the text is decoded by ${decoder} where that is the quickest there is`, async () => {
    const output = await runScript(`
      const used = [];
      const { Buffer, atob } = globalThis;
      Uint8Array.fromBase64 = function (text) {
        used.push("fromBase64", this === Uint8Array);
        return Uint8Array.from(Buffer.from(text, "base64"));
      };
      globalThis.Buffer = {
        from(...args) { used.push("Buffer", this === globalThis.Buffer); return Buffer.from(...args); },
      };
      globalThis.atob = (text) => { used.push("atob", true); return atob(text); };
      ${without}
      const { Gate } = await import("onceward");
      const verdict = Gate.openSync({ secret: "s" }).check({ id: "a" });
      globalThis.Buffer = Buffer;
      console.log(used.join(), verdict);
    `);
    assert.equal(output, `${decoder},true fresh\n`);
  });
}

test("what has to be fetched is fetched by the first that waits, once", async () => {
  const output = await runScript(`${FETCHING}
    answers = [whole];
    await show(() => asked.length);
    await show(() => Gate.openSync());
    await show(() => ordinal.lsn("0/1"));
    const gates = await Promise.all([Gate.open(), Gate.open(), ready(), Gate.open({ name: "b" })]);
    await show(() => asked.join());
    await show(() => gates.map((gate) => gate && judge(gate)).join());
    await show(() => judge(Gate.openSync()));
    await show(() => ordinal.lsn("0/1"));
    await ready({ wasm: "https://example.org/elsewhere.wasm" });
    await show(() => asked.join());
  `);
  const unready = "true invalid_option WebAssembly is not loaded: await ready() first";
  assert.equal(
    output,
    lines(
      "0",
      unready,
      unready,
      "core_bg.wasm",
      "fresh,fresh,,fresh",
      "fresh",
      "1n",
      "core_bg.wasm",
    ),
  );
});

test("a fetch that fails is an error with its cause for all who wait, and can be tried again", async () => {
  const output = await runScript(`${FETCHING}
    const fails = () => { throw new TypeError("offline"); };
    answers = [fails, () => new Response("gone", { status: 404 }), () => new Response("<html>"), whole];
    const results = await Promise.allSettled([Gate.open(), ready()]);
    for (const { reason } of results) console.log(reason.code, reason.cause.message);
    for (const _ of [1, 2]) await ready().catch((error) => console.log(error.code, error.cause.message));
    await show(async () => judge(await Gate.open()));
    console.log(asked.length);
  `);
  const [first, second, third, fourth, ...rest] = output.split("\n");
  assert.deepEqual([first, second], ["internal offline", "internal offline"]);
  assert.equal(third, "internal it was answered with status 404");
  assert.match(fourth, /^internal WebAssembly\.compile/);
  assert.deepEqual(rest, ["fresh", "4", ""]);
});

const FORMS = {
  bytes: "new Uint8Array(bytes)",
  "an ArrayBuffer": "new Uint8Array(bytes).buffer",
  "a view of a longer buffer": "new Uint8Array([0, ...bytes, 0]).subarray(1, -1)",
  "a module": "new WebAssembly.Module(bytes)",
  "a module of another realm": "vm.runInNewContext('new WebAssembly.Module(bytes)', { bytes })",
  "a promise of a module": "WebAssembly.compile(bytes)",
  "a response": "whole()",
  "a response of another type": "new Response(bytes)",
  "a promise of a response": "Promise.resolve(whole())",
  "a Blob": "new Blob([bytes])",
  "a URL": "new URL('https://example.org/handed-in.wasm')",
  "an address": "'/handed-in.wasm'",
};

for (const [what, expression] of Object.entries(FORMS)) {
  test(`the module can be handed in as ${what}`, async () => {
    const output = await runScript(`${FETCHING}
      import vm from "node:vm";
      answers = [whole];
      await ready({ wasm: ${expression} });
      console.log(asked.join(), judge(Gate.openSync()));
    `);
    const fetched = /URL|address/.test(what) ? "handed-in.wasm" : "";
    assert.equal(output, `${fetched} fresh\n`);
  });
}

test("what is no module of this build is refused, and the right one can be handed in after it", async () => {
  const output = await runScript(`${FETCHING}
    const empty = [0, 97, 115, 109, 1, 0, 0, 0];
    const altered = bytes.toString("latin1").replace(/onceward[0-9a-f]{4}/, "onceward....");
    const wrong = [
      5, null, {}, Uint8Array.of(1), Uint8Array.from(empty), Buffer.from(altered, "latin1"),
    ];
    for (const wasm of wrong) await show(() => ready({ wasm }));
    await ready({ wasm: bytes });
    console.log(judge(await Gate.open()), asked.length);
  `);
  const build = "true invalid_option the WebAssembly module is of another build";
  const none = "true invalid_option there is no WebAssembly module: see ready({ wasm })";
  const bad = "true internal the WebAssembly module could not be started";
  assert.equal(output, lines(none, none, bad, bad, build, build, "fresh 0"));
});

for (const entry of ["inline", "node", "web"]) {
  test(`after a trap the next gate gets a fresh instance, from ${entry}`, async () => {
    const output = await runScript(`${FETCHING.replace("entry/web", `entry/${entry}`)}
      import { Core } from "./internals.js";
      answers = [whole];
      const gate = await Gate.open();
      const { check } = Core.prototype;
      Core.prototype.check = () => {
        Core.prototype.check = check;
        throw new WebAssembly.RuntimeError("unreachable");
      };
      await show(() => gate.check({ id: "a", content: 1 }));
      await show(() => judge(gate));
      console.log(judge(Gate.openSync()), judge(await Gate.open()), asked.length);
    `);
    const dead = "true internal the core failed; open a new gate";
    const later = "true internal the core failed earlier; open a new gate";
    assert.equal(output, lines(dead, later, `fresh fresh ${entry === "web" ? 1 : 0}`));
  });
}

test("a module that is there is taken, however entries are imported", async () => {
  for (const order of [
    ["web", "inline"],
    ["inline", "web"],
  ]) {
    const [first, second] = order.map((name) => `import "./entry/${name}/index.js";`);
    const output = await runScript(`${first} ${second} import { Gate } from "./index.js";
      globalThis.fetch = () => { throw new Error("there is no need"); };
      console.log(Gate.openSync().check({ id: "a" }), (await Gate.open()).check({ id: "a" }));
    `);
    assert.equal(output, "fresh fresh\n", order.join());
  }
});

test("a module that is started while another one loads is the one that stays", async () => {
  const output = await runScript(`${FETCHING}
    let answer;
    globalThis.fetch = () => new Promise((resolve) => { answer = resolve; });
    const later = Gate.open();
    await import("./entry/inline/index.js");
    const gate = Gate.openSync();
    console.log(judge(gate));
    answer(whole());
    console.log(judge(await later), judge(gate), judge(Gate.openSync()));
  `);
  assert.equal(output, lines("fresh", "fresh duplicate fresh"));
});

test("without an entry there is no module, until one is handed in", async () => {
  const output = await runScript(
    `${FETCHING.replace("./entry/web/index.js", "./index.js")}
    await show(() => Gate.open());
    await show(() => Gate.openSync());
    await ready({ wasm: bytes });
    await show(async () => judge(await Gate.open()));
  `,
  );
  const [first, second, third] = output.split("\n");
  assert.match(first, /^true invalid_option there is no WebAssembly module/);
  assert.match(second, /^true invalid_option WebAssembly is not loaded/);
  assert.equal(third, "fresh");
});

for (const type of ["module", "commonjs"]) {
  const load = (name) => (type === "module" ? `await import("${name}")` : `require("${name}")`);

  test(`all subpaths share one instance: ${type}`, async () => {
    const output = await runScript(
      `let compiled = 0;
      WebAssembly.Module = new Proxy(WebAssembly.Module, {
        construct(target, args) { compiled += 1; return new target(...args); },
      });
      void (async () => {
        const { salvage, file } = ${load("onceward/file")};
        const { mkdtempSync, rmSync } = ${load("node:fs")};
        const folder = mkdtempSync((${load("node:os")}).tmpdir() + "/onceward-");
        try {
          const store = file(folder);
          // The codec of the journal is in the core.
          await store.append("a", Uint8Array.of(1), 0n);
          await store.release("a");
          console.log((await salvage(folder, "a")).changes.length, compiled);
          const main = ${load("onceward")};
          const external = ${load("onceward/external")};
          console.log(main.Gate.openSync({ secret: "s" }).check({ id: "a" }), compiled);
          console.log(external.Gate === main.Gate, typeof main.ordinal.lsn("0/1"));
        } finally {
          rmSync(folder, { recursive: true });
        }
      })();`,
      type,
    );
    assert.equal(output, lines("1 1", "fresh 1", "true bigint"));
  });
}

test("CommonJS has what ES modules have", async () => {
  const names = ["", "external", "memory", "file", "durable-object", "store-contract", "indexeddb"];
  const show = (load) =>
    names
      .map((name) => `${load(`"onceward${name && "/"}${name}"`)}`)
      .map((found) => `console.log(Object.keys(${found}).sort().join());`)
      .join("\n");
  const required = await runScript(
    show((name) => `require(${name})`),
    "commonjs",
  );
  const imported = await runScript(show((name) => `await import(${name})`));
  assert.equal(required, imported);
  assert.doesNotMatch(required, /^$|default/);
  assert.equal(required.split("\n").length, names.length + 1);
});
