/**
 * One error class, told by its code.
 * @module
 */
import assert from "node:assert/strict";
import test from "node:test";
import { Gate, isOncewardError, OncewardError } from "onceward";

const CODES = [
  ...[
    "invalid_event",
    "invalid_option",
    "capacity",
    "closed",
    "corrupt",
    "unsupported_version",
    "wrong_secret",
  ],
  ...["lost_claim", "not_in_doubt", "jump", "store", "fenced", "internal"],
];

test("an error has a code, a cause and a stack", () => {
  const cause = new Error("why");
  for (const code of CODES) {
    const error = new OncewardError(code, "what happened", { cause });
    assert.ok(error instanceof Error);
    assert.deepEqual(
      [error.name, error.code, error.message, error.cause],
      ["OncewardError", code, "what happened", cause],
    );
    assert.ok(error.stack?.includes("what happened"));
    assert.ok(isOncewardError(error));
  }
  assert.ok(!("cause" in new OncewardError("jump", "what happened")));
});

test("an error has a refusal only where there is one", () => {
  const refusal = { verdict: "duplicate", result: 1 };
  const lost = new OncewardError("lost_claim", "what happened", { refusal });
  assert.equal(lost.refusal, refusal);
  assert.ok(!("refusal" in new OncewardError("lost_claim", "what happened")));
  assert.ok(!("cause" in lost));
});

test("isOncewardError goes by the code, so it knows the errors of another copy", () => {
  class Copy extends Error {
    code = "closed";
  }
  assert.ok(isOncewardError(new Copy("the gate is closed")));
  const others = [
    ...[undefined, null, 5, "closed", {}, [], () => 1, new Error("closed"), new TypeError("x")],
    ...[
      { code: 5 },
      { code: "ENOENT" },
      { code: "Closed" },
      { code: ["closed"] },
      Object.assign(new Error("x"), { code: "EPIPE" }),
    ],
  ];
  for (const other of others) {
    assert.equal(isOncewardError(other), false, String(other));
  }
});

test("messages start in lower case, and do not end in a full stop", async () => {
  const gate = await Gate.open({ maxJump: 1 });
  gate.check({ entity: "e", revision: 1 });
  const calls = [
    () => gate.check({}),
    () => gate.check(null),
    () => gate.check({ id: "" }),
    () => gate.check({ id: "a", content: 1n }),
    () => gate.check({ entity: "e", revision: 9 }),
    () => gate.check({ entity: "e", revision: "x" }),
    () => gate.check({ id: "a", time: "x" }),
    () => gate.checkIds([""]),
    () => gate.forget({}),
    () => gate.claim({ id: "a" }, { lease: 0 }),
    () => gate.claim({ id: "b" }).commit(1n),
    () => gate.claim({ id: "c" }).extend(),
    () => {
      const claim = gate.claim({ id: "d" });
      claim.release();
      claim.commit();
    },
    () => gate.resolve({ id: "e" }, "released"),
    () => gate.resolve({ id: "e" }, "done"),
    () => gate.resolve({ id: "e" }, "released", 1),
  ];
  for (const call of calls) {
    assert.throws(call, ({ message }) => /^(?:[a-z]|events\[).*[^.]$/s.test(message), String(call));
  }
});

test("errors of the core carry the caller's stack", async () => {
  const gate = await Gate.open();
  function callerOfTheGate() {
    return gate.check({ id: "" });
  }
  assert.throws(callerOfTheGate, ({ stack }) => stack.includes("callerOfTheGate"));
});
