/**
 * The contract suite finds stores that break the contract, and says which rule they break.
 * @module
 */
import assert from "node:assert/strict";
import test from "node:test";
import { memory } from "onceward/memory";
import { checkStore, storeContract } from "onceward/store-contract";
import { PLANTED, Plain } from "./helpers/wrong-stores.js";

/** The rules, by what is told of them below. */
const RULES = {
  empty: /nothing was written loads as undefined/,
  first: /first write expects 0n/,
  alone: /there is no snapshot/,
  snapshot: /a snapshot is loaded as exactly/,
  order: /in the order of appending/,
  replaced: /takes the place of all/,
  versions: /returns a higher version/,
  fenced: /expects another version is fenced/,
  race: /exactly one wins/,
  names: /names are apart/,
  handedIn: /handed in may be changed/,
  handedOut: /handed out may be changed/,
  view: /a view into a larger buffer/,
  reopened: /reopening finds what was written/,
  many: /three hundred small changes/,
  large: /a snapshot of 5 MiB/,
  earlier: /who loaded last can write/,
  released: /released can be loaded again/,
  closed: /there after close/,
};

function undertake(Wrong) {
  return async () => {
    let store = new Wrong();
    return {
      store,
      reopen: async () => {
        store = store.reopened();
        return store;
      },
    };
  };
}

/** Runs all cases; returns the names and the errors of those that failed. */
async function failures(open) {
  const failed = new Map();
  for (const { name, run } of storeContract(open)) {
    await run().catch((error) => failed.set(name, error));
  }
  return failed;
}

test("a right store passes", async () => {
  assert.deepEqual(await failures(undertake(Plain)), new Map());
  await checkStore(undertake(Plain));
});

for (const [what, rules, Wrong] of PLANTED) {
  test(`it finds that ${what}`, async () => {
    const failed = await failures(undertake(Wrong));
    for (const rule of rules) {
      const [, error] = [...failed].find(([name]) => RULES[rule].test(name)) ?? [];
      assert.ok(error, `"${rule}" does not find it; found by: ${[...failed.keys()].join("; ")}`);
      assert.equal(Object.getPrototypeOf(error), Error.prototype);
      assert.ok(error.message.length > 20, error.message);
    }
  });
}

test("every rule is found broken by one of them", () => {
  const found = new Set(PLANTED.flatMap(([, rules]) => rules));
  assert.deepEqual([...found].sort(), Object.keys(RULES).sort());
  const names = storeContract(undertake(Plain)).map(({ name }) => name);
  assert.equal(new Set(names).size, Object.keys(RULES).length);
  for (const [rule, pattern] of Object.entries(RULES)) {
    assert.equal(names.filter((name) => pattern.test(name)).length, 1, rule);
  }
});

test("checkStore names every case that failed, and why", async () => {
  const [, , Wrong] = PLANTED.find(([what]) => what === "nothing is fenced");
  await assert.rejects(checkStore(undertake(Wrong)), (error) => {
    assert.ok(error instanceof AggregateError);
    assert.match(error.message, /^the store breaks 5 of 19 rules:\n/);
    for (const rule of ["first", "fenced", "race", "earlier", "reopened"]) {
      assert.match(error.message, RULES[rule]);
    }
    assert.match(error.message, /must be refused as fenced, and resolved with 1/);
    assert.equal(error.errors.length, 5);
    return true;
  });
});

test("every case opens a store of its own, and does away with it, also when it fails", async () => {
  for (const Wrong of [Plain, PLANTED[0][2]]) {
    const calls = [];
    const open = async () => {
      calls.push("open");
      return { store: new Wrong(), dispose: async () => calls.push("dispose") };
    };
    await failures(open);
    assert.deepEqual(
      calls,
      storeContract(open).flatMap(() => ["open", "dispose"]),
    );
  }
});

test("a failure to clear up is told, unless the case has failed itself", async () => {
  const dispose = () => Promise.reject(new Error("cannot clear up"));
  const right = await failures(async () => ({ store: memory(), dispose }));
  assert.equal(right.size, 19);
  for (const error of right.values()) {
    assert.equal(error.message, "cannot clear up");
  }
  const wrong = await failures(async () => ({ store: new PLANTED[0][2](), dispose }));
  assert.match([...wrong.values()][0].message, /must return undefined/);
});

test("a store that throws at once, or something else, is told from one that fences", async () => {
  class Throwing extends Plain {
    append() {
      throw new TypeError("not a promise");
    }
  }
  const failed = await failures(undertake(Throwing));
  const error = [...failed].find(([name]) => RULES.alone.test(name))[1];
  assert.match(
    error.message,
    /^append of 10 bytes to "state" rejected with TypeError: not a promise/,
  );
  assert.ok(error.cause instanceof TypeError);
});
