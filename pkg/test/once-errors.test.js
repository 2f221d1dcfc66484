/**
 * What becomes of the claim when the effect throws.
 * @module
 */
import assert from "node:assert/strict";
import test from "node:test";
import { granted, never, refused } from "./helpers/claims.js";
import { judges, MINUTE, open } from "./helpers/gate.js";

/** Runs an effect that throws, and asserts that its caller gets that very error. */
async function fails(gate, error, options, event = { id: "a" }) {
  const effect = () => {
    throw error;
  };
  await assert.rejects(gate.once(event, effect, options), (thrown) => Object.is(thrown, error));
  const rejecting = { ...event, id: "rejected" };
  await assert.rejects(
    gate.once(rejecting, () => Promise.reject(error), options),
    (thrown) => Object.is(thrown, error),
  );
}

for (const [name, options] of Object.entries({
  "by default": undefined,
  "when onError says so": { onError: () => "release" },
})) {
  test(`a throwing effect releases ${name}`, async () => {
    const { gate } = await open();
    await fails(gate, new Error("mine"), options);
    const next = granted(gate, { id: "a" });
    assert.deepEqual([next.attempt, next.takeover], [1, false]);
  });
}

test("with doubt, the event is in doubt", async () => {
  const { gate } = await open();
  await fails(gate, new Error("timeout"), { onError: () => "doubt" });
  refused(gate, { id: "a" }, "in-doubt");
  refused(gate, { id: "rejected" }, "in-doubt");
  assert.equal((await gate.once({ id: "a" }, never)).verdict, "in-doubt");
  assert.equal(gate.doubts().length, 2);
});

test("with commit, the error is the answer, and is replayed", async () => {
  const { gate } = await open();
  await fails(gate, new TypeError("no such account"), { onError: () => "commit" });
  for (const id of ["a", "rejected"]) {
    assert.deepEqual(await gate.once({ id }, never), {
      status: "replayed",
      value: { error: { name: "TypeError", message: "no such account" } },
      omitted: false,
    });
  }
});

test("whatever is thrown has a name and a message when it is replayed", async () => {
  class Odd extends Error {
    get message() {
      throw new Error("no message");
    }
  }
  for (const [thrown, error] of [
    [new RangeError("too far"), { name: "RangeError", message: "too far" }],
    [Object.assign(new Error("x"), { name: "Own", code: 5 }), { name: "Own", message: "x" }],
    [
      { name: "Plain", message: "object" },
      { name: "Plain", message: "object" },
    ],
    ["text", { name: "Error", message: "text" }],
    [5, { name: "Error", message: "5" }],
    [undefined, { name: "Error", message: "" }],
    [null, { name: "Error", message: "" }],
    [Object.create(null), { name: "Error", message: "" }],
    [Symbol("s"), { name: "Error", message: "Symbol(s)" }],
    [new Error("lone \ud800"), { name: "Error", message: "lone \ufffd" }],
  ]) {
    const { gate } = await open();
    await fails(gate, thrown, { onError: () => "commit" });
    assert.deepEqual((await gate.once({ id: "a" }, never)).value, { error });
  }
  const { gate } = await open();
  await fails(gate, new Odd(), { onError: () => "commit" });
  assert.equal((await gate.once({ id: "a" }, never)).value.error.message, "");
});

test("an error that is too large to be replayed is omitted", async () => {
  const { gate } = await open({ maxResultBytes: 50 });
  await fails(gate, new Error("x".repeat(100)), { onError: () => "commit" });
  assert.deepEqual(await gate.once({ id: "a" }, never), {
    status: "replayed",
    value: undefined,
    omitted: true,
  });
});

test("onError is asked once, with the error", async () => {
  const { gate } = await open();
  const asked = [];
  const error = new Error("mine");
  const onError = (...args) => {
    asked.push(args);
    return asked.length === 1 ? "release" : "doubt";
  };
  await fails(gate, error, { onError });
  assert.deepEqual(asked, [[error], [error]]);
  judges(gate, [{ id: "a" }, "fresh"], [{ id: "rejected" }, "in-doubt"]);
});

test("onError is not asked when the effect returns", async () => {
  const { gate } = await open();
  const outcome = await gate.once({ id: "a" }, () => 1, { onError: never });
  assert.equal(outcome.status, "applied");
});

test("an onError that throws, or answers something else, leaves a doubt", async () => {
  const { gate } = await open();
  const own = new Error("of onError");
  const effect = () => {
    throw new Error("of the effect");
  };
  await assert.rejects(
    gate.once({ id: "throws" }, effect, {
      onError: () => {
        throw own;
      },
    }),
    (error) => error === own,
  );
  refused(gate, { id: "throws" }, "in-doubt");
  for (const [index, choice] of [undefined, "retry", Promise.resolve("release")].entries()) {
    await assert.rejects(
      gate.once({ id: `${index}` }, effect, { onError: () => choice }),
      ({ code, cause }) => code === "invalid_option" && cause.message === "of the effect",
    );
    refused(gate, { id: `${index}` }, "in-doubt");
  }
});

test("an effect that ended its claim itself is believed, unless onError says otherwise", async () => {
  const { gate } = await open();
  const doubting = (claim) => {
    claim.doubt();
    throw new Error("timeout");
  };
  await assert.rejects(gate.once({ id: "a" }, doubting));
  refused(gate, { id: "a" }, "in-doubt");
  await assert.rejects(gate.once({ id: "b" }, doubting, { onError: () => "release" }));
  judges(gate, [{ id: "b" }, "fresh"]);
  await assert.rejects(
    gate.once({ id: "c" }, (claim) => {
      claim.commit("done");
      throw new Error("afterwards");
    }),
  );
  assert.equal((await gate.once({ id: "c" }, never)).value, "done");
});

for (const choice of ["release", "doubt", "commit"]) {
  test(`a stale worker that fails with ${choice} leaves the winner alone`, async () => {
    const { gate, clock } = await open();
    const own = new Error("mine");
    let winner;
    await assert.rejects(
      gate.once(
        { id: "a" },
        () => {
          clock.now += MINUTE;
          winner = granted(gate, { id: "a" });
          throw own;
        },
        { onError: () => choice },
      ),
      (error) => error === own,
    );
    refused(gate, { id: "a" }, "pending");
    winner.commit("winner");
    assert.equal((await gate.once({ id: "a" }, never)).value, "winner");
  });
}
