/**
 * Importing the package does nothing: the module is compiled by the first gate.
 * @module
 */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import test from "node:test";
import * as onceward from "onceward";
import { runScript } from "./helpers/child.js";

const dist = new URL("../dist/", import.meta.url);

test("it exports what it promises, and nothing by default", () => {
  assert.deepEqual(Object.keys(onceward).sort(), [
    "Gate",
    "OncewardError",
    "RevisionClock",
    "Sequencer",
    "contentId",
    "isOncewardError",
    "newId",
    "ordinal",
    "ready",
    "taskClock",
  ]);
  assert.equal(onceward.Gate.name, "Gate");
  assert.equal(onceward.OncewardError.name, "OncewardError");
});

test("it can be imported where there is neither WebAssembly nor randomness", async () => {
  const output = await runScript(`
    for (const name of ["WebAssembly", "crypto", "atob"]) delete globalThis[name];
    const { Gate, isOncewardError } = await import("onceward");
    await Gate.open({ secret: Uint8Array.of(1) }).then(
      () => console.log("opened"),
      (error) => console.log(isOncewardError(error), error.code),
    );
  `);
  assert.equal(output, "true internal\n");
});

test("it compiles nothing before a gate is opened, and then once", async () => {
  const output = await runScript(`
    let compiled = 0;
    WebAssembly.Module = new Proxy(WebAssembly.Module, {
      construct(target, args) { compiled += 1; return new target(...args); },
    });
    const { Gate } = await import("onceward");
    const counts = [compiled];
    const gates = await Promise.all([Gate.open(), Gate.open(), Gate.open()]);
    counts.push(compiled);
    console.log(counts.join(), gates.map((gate) => gate.check({ id: "a" })).join());
  `);
  assert.equal(output, "0,1 fresh,fresh,fresh\n");
});

test("importing any entry asks nothing of the world", async () => {
  const output = await runScript(`
    import net from "node:net";
    const asked = [];
    const watch = (holder, name) => {
      const real = holder[name];
      holder[name] = new Proxy(real, {
        apply(...args) { asked.push(name); return Reflect.apply(...args); },
        construct(...args) { asked.push(name); return Reflect.construct(...args); },
      });
    };
    for (const name of ["fetch", "setTimeout", "setInterval", "queueMicrotask", "atob", "Worker",
      "BroadcastChannel", "MessageChannel", "Date"]) {
      if (globalThis[name] !== undefined) watch(globalThis, name);
    }
    for (const name of ["Module", "Instance", "compile", "instantiate"]) watch(WebAssembly, name);
    for (const [holder, name] of [
      [crypto, "getRandomValues"], [net.Socket.prototype, "connect"], [Math, "random"],
      [performance, "now"],
    ]) watch(holder, name);
    const before = Object.keys(globalThis).join();
    for (const binding of ["inline", "node", "web"]) await import("./entry/" + binding + "/index.js");
    for (const name of ["file", "memory", "indexeddb", "durable-object", "store-contract"]) {
      await import("onceward/" + name);
    }
    console.log(asked.join(), before === Object.keys(globalThis).join());
  `);
  assert.equal(output, " true\n");
});

test("nothing that is published names a folder of the machine that built it", () => {
  const names = readdirSync(dist, { recursive: true }).filter((name) =>
    /\.(?:js|ts|wasm)$/.test(name),
  );
  assert.ok(names.includes("index.js"));
  for (const name of names) {
    const text = readFileSync(new URL(name, dist), "latin1");
    assert.doesNotMatch(text, /\/(?:root|home|Users)\/[a-z]/, name);
  }
});
