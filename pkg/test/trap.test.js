/**
 * After a trap no verdict comes from the broken instance, and a new gate gets a new one.
 * @module
 */
import assert from "node:assert/strict";
import test from "node:test";
import { Gate } from "onceward";
import { Core, Opening } from "../dist/internals.js";
import { judges, open, refuses } from "./helpers/gate.js";
import { testStore } from "./helpers/teststore.js";

/** Makes the next call of a method of the core end as a trap does. */
function trapAt(method, { prototype } = Core) {
  const { [method]: original } = prototype;
  prototype[method] = () => {
    prototype[method] = original;
    throw new WebAssembly.RuntimeError("unreachable");
  };
}

/** Every way of judging, by the call of the core that it ends in. */
const WAYS_IN = [
  ["checkKey", (gate) => gate.checkId("b")],
  ["checkKey", (gate) => gate.check({ id: "b" })],
  ["checkRevision", (gate) => gate.check({ entity: "b", revision: 1 })],
  ["check", (gate) => gate.check({ id: "b", content: 1 })],
  ["check", (gate) => gate.check({ source: "b", position: 1 })],
  ["check", (gate) => gate.checkId("")],
  ["checkAll", (gate) => gate.checkAll([{ id: "b", content: 1 }])],
  ["checkAll", (gate) => gate.filter(["b"], (id) => ({ id, content: 1 }))],
  ["checkAll", (gate) => gate.checkRevisions(["b"], ["1"])],
  ["checkIds", (gate) => gate.checkIds(["b"])],
  ["checkIds", (gate) => gate.checkAll([{ id: "b" }])],
  ["checkIds", (gate) => gate.filter(["b"], (id) => ({ id }))],
  ["checkRevisions", (gate) => gate.checkRevisions(["b"], [1])],
  ["checkPositions", (gate) => gate.checkPositions("b", [1])],
];

for (const [method, call] of [
  ...WAYS_IN,
  ["useScope", (gate) => gate.checkId("b", "another scope")],
  ["reserve", (gate) => gate.checkId("b".repeat(5000))],
  ["inspect", (gate) => gate.inspect({ id: "b" })],
  ["claim", (gate) => gate.claim({ id: "b" })],
  ["commit", (gate) => gate.claim({ id: "b" }).commit(1)],
  ["doubts", (gate) => gate.doubts()],
  ["fingerprint", (gate) => gate.fingerprint({ id: "b" })],
  ["stats", (gate) => gate.stats()],
  ["snapshot", (gate) => gate.snapshot()],
  ["changes", (gate) => gate.changes()],
  ["merge", (gate) => gate.merge(gate.snapshot())],
  ["forget", (gate) => gate.forget({ id: "a" })],
  ["stage", (gate) => gate.stage([{ id: "b" }])],
  ["keep", (gate) => gate.stage([{ id: "b" }]).keep()],
  ["dropStage", (gate) => gate.stage([{ id: "b" }]).drop()],
]) {
  test(`a trap in ${method} kills all gates of the instance, and later ones live: ${call}`, async () => {
    const { gate } = await open();
    const { gate: neighbour } = await open();
    judges(gate, [{ id: "a" }, "fresh"]);
    judges(neighbour, [{ id: "a" }, "fresh"]);
    trapAt(method);
    const error = refuses("internal", () => call(gate));
    assert.ok(error.cause instanceof WebAssembly.RuntimeError);
    for (const dead of [gate, neighbour]) {
      for (const [, judge] of WAYS_IN) {
        refuses("internal", () => judge(dead), String(judge));
      }
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

for (const method of ["isStored", "storeChanges"]) {
  test(`a trap in ${method} fails the flush, and the gate can still be closed`, async () => {
    const { store } = testStore();
    const { gate } = await open({ store });
    judges(gate, [{ id: "a" }, "fresh"]);
    trapAt(method);
    await assert.rejects(gate.flush(), { code: "internal" });
    await assert.rejects(gate.flush(), { code: "internal" });
    refuses("internal", () => gate.check({ id: "b" }));
    await gate.close();
    refuses("closed", () => gate.check({ id: "b" }));
    const { gate: next } = await open({ store });
    judges(next, [{ id: "a" }, "fresh"]);
  });
}

for (const [method, Class] of [
  ["step", Opening],
  ["finish", Opening],
  ["read", Core],
  ["followStore", Core],
]) {
  test(`a trap in ${method} fails the opening, and the next one is well`, async () => {
    const { gate } = await open();
    judges(gate, [{ id: "a" }, "fresh"]);
    const snapshot = gate.snapshot();
    const { store } = testStore();
    trapAt(method, Class);
    await assert.rejects(open({ snapshot, store }), { code: "internal" });
    const { gate: next } = await open({ snapshot, store });
    judges(next, [{ id: "a" }, "duplicate"]);
    refuses("internal", () => gate.check({ id: "a" }));
  });
}

test("a trap elsewhere while a gate is restored fails the opening, and the next one is well", async (t) => {
  const { gate } = await open();
  gate.checkIds(Array.from({ length: 50_000 }, (_, index) => `id ${index}`));
  const snapshot = gate.snapshot();
  let time = 0;
  t.mock.method(performance, "now", () => {
    time += 5;
    return time;
  });
  const opening = open({ snapshot });
  const failed = assert.rejects(opening, { code: "internal" });
  trapAt("stats");
  refuses("internal", () => gate.stats());
  const { gate: next } = await open();
  await failed;
  judges(next, [{ id: "id 0" }, "fresh"]);
  const { gate: copy } = await open({ snapshot });
  judges(copy, [{ id: "id 0" }, "duplicate"]);
});

for (const [method, call] of WAYS_IN) {
  test(`a real trap in ${method} is one, too: ${call}`, async () => {
    const { gate } = await open();
    // An object of the glue that points into the void.
    const { [method]: original } = Core.prototype;
    Core.prototype[method] = function (...args) {
      Core.prototype[method] = original;
      const astray = Object.defineProperty(Object.create(this), "__wbg_ptr", {
        value: 0x7fff_fff0,
      });
      return original.apply(astray, args);
    };
    refuses("internal", () => call(gate));
    const next = await Gate.open();
    judges(next, [{ id: "a" }, "fresh"]);
  });
}
