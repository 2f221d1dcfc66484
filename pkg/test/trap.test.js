/**
 * After a trap no verdict comes from the broken instance, and a new gate gets a new one.
 * @module
 */
import assert from "node:assert/strict";
import test from "node:test";
import { Gate } from "onceward";
import { Core } from "../dist/wasm/core.js";
import { judges, open, refuses } from "./helpers/gate.js";

/** Makes the next call of a method of the core end as a trap does. */
function trapAt(method) {
  const { [method]: original } = Core.prototype;
  Core.prototype[method] = () => {
    Core.prototype[method] = original;
    throw new WebAssembly.RuntimeError("unreachable");
  };
}

for (const [method, call] of [
  ["check", (gate) => gate.check({ id: "b" })],
  ["checkAll", (gate) => gate.checkAll([{ id: "b" }])],
  ["checkIds", (gate) => gate.checkIds(["b"])],
  ["inspect", (gate) => gate.inspect({ id: "b" })],
  ["claim", (gate) => gate.claim({ id: "b" })],
  ["commit", (gate) => gate.claim({ id: "b" }).commit(1)],
  ["doubts", (gate) => gate.doubts()],
  ["fingerprint", (gate) => gate.fingerprint({ id: "b" })],
  ["stats", (gate) => gate.stats()],
]) {
  test(`a trap in ${method} kills all gates of the instance, and later ones live`, async () => {
    const { gate } = await open();
    const { gate: neighbour } = await open();
    judges(gate, [{ id: "a" }, "fresh"]);
    judges(neighbour, [{ id: "a" }, "fresh"]);
    trapAt(method);
    const error = refuses("internal", () => call(gate));
    assert.ok(error.cause instanceof WebAssembly.RuntimeError);
    for (const dead of [gate, neighbour]) {
      refuses("internal", () => dead.check({ id: "a" }));
      refuses("internal", () => dead.stats());
    }
    const { gate: next } = await open();
    judges(next, [{ id: "a" }, "fresh"], [{ id: "a", content: { x: 1 } }, "duplicate"]);
    assert.equal(next.checkIds(["a", "é"]).count("fresh"), 1);
    for (const dead of [gate, neighbour]) {
      refuses("internal", () => dead.check({ id: "a" }));
      await dead.close();
      refuses("closed", () => dead.check({ id: "a" }));
    }
    judges(next, [{ id: "a" }, "duplicate"]);
  });
}

test("a trap while an effect runs leaves its value unconfirmed, and those who wait reject", async () => {
  const { gate } = await open();
  let finish;
  const running = gate.once({ id: "a" }, () => new Promise((resolve) => (finish = resolve)));
  const waiting = gate.once({ id: "a" }, () => assert.fail("the effect ran"));
  trapAt("commit");
  finish("value");
  assert.deepEqual(await running, { status: "applied", value: "value", unconfirmed: true });
  await assert.rejects(waiting, { code: "internal" });
});

test("a real trap is one, too", async () => {
  const { gate } = await open();
  // An object of the glue that points into the void.
  const { check } = Core.prototype;
  Core.prototype.check = function (...args) {
    Core.prototype.check = check;
    return check.apply(
      Object.defineProperty(Object.create(this), "__wbg_ptr", { value: 0x7fff_fff0 }),
      args,
    );
  };
  refuses("internal", () => gate.check({ id: "a" }));
  const next = await Gate.open();
  judges(next, [{ id: "a" }, "fresh"]);
});
