/**
 * How far a log has been processed: marks, gaps, windows and epochs.
 * @module
 */
import assert from "node:assert/strict";
import test from "node:test";
import { judges, open } from "./helpers/gate.js";
import { seeded } from "./helpers/random.js";

const at = (position, epoch) => ({ source: "s", position, epoch });

test("newer: beyond the mark is fresh, with gaps; at or below it is a duplicate", async () => {
  const { gate } = await open();
  judges(
    gate,
    [at(5), "fresh"],
    [at(9), "fresh"],
    [at(7), "duplicate"],
    [at(9), "duplicate"],
    [at(10n), "fresh"],
  );
});

test("next: nothing beyond a gap is settled out of turn", async () => {
  const { gate } = await open({ positions: "next" });
  judges(
    gate,
    [at(5), "fresh"],
    [at(7), "early"],
    [at(6), "fresh"],
    [at(7), "fresh"],
    [at(4), "duplicate"],
  );
  assert.deepEqual(gate.inspect(at(20)), { verdict: "early", expected: 8n });
});

test("next with firstPosition waits for it", async () => {
  const { gate } = await open({ positions: "next", firstPosition: "2" });
  judges(
    gate,
    [at(3), "early"],
    [at(2), "fresh"],
    [at(3), "fresh"],
    [at(3, 1), "early"],
    [at(2, 1), "fresh"],
  );
});

test("window: any order, each once, as far back as the window", async () => {
  const { gate } = await open({ positions: { window: 4 } });
  judges(
    gate,
    [at(10), "fresh"],
    [at(7), "fresh"],
    [at(7), "duplicate"],
    [at(6), "fresh"],
    [at(5), "expired"],
  );
  judges(
    gate,
    [at(12), "fresh"],
    [at(8), "fresh"],
    [at(7), "expired"],
    [at(11), "fresh"],
    [at(10), "duplicate"],
  );
  judges(gate, [at(1000), "fresh"], [at(996), "fresh"], [at(995), "expired"], [at(12), "expired"]);
});

for (const window of [1, 63, 64, 65, 1000, 65_536]) {
  test(`a window of ${window} agrees with a set`, async () => {
    const { gate } = await open({ positions: { window } });
    const random = seeded(window);
    const seen = new Set();
    let highest = -1;
    for (let round = 0; round < 3000; round += 1) {
      const position = Math.max(0, highest + 2 - random.below(window + 8));
      const expected =
        position < highest - window ? "expired" : seen.has(position) ? "duplicate" : "fresh";
      judges(gate, [at(position), expected]);
      seen.add(position);
      highest = Math.max(highest, position);
    }
  });
}

test("a higher epoch starts the source anew, a lower one is stale", async () => {
  for (const positions of ["newer", "next", { window: 8 }]) {
    const { gate } = await open({ positions });
    judges(
      gate,
      [at(100), "fresh"],
      [at(100, 0), "duplicate"],
      [at(3, 2), "fresh"],
      [at(3, 2n), "duplicate"],
    );
    judges(gate, [at(101), "stale"], [at(999, 1), "stale"], [at(4, "2"), "fresh"]);
    assert.equal(gate.inspect(at(101)).current, 2n);
  }
});

test("sources are told apart, and forgotten one by one", async () => {
  const { gate } = await open();
  judges(
    gate,
    [at(5), "fresh"],
    [{ source: "t", position: 5 }, "fresh"],
    [{ ...at(5), scope: "x" }, "fresh"],
  );
  assert.equal(gate.forget({ source: "s" }), 1);
  judges(
    gate,
    [at(1), "fresh"],
    [{ source: "t", position: 1 }, "duplicate"],
    [{ ...at(1), scope: "x" }, "duplicate"],
  );
});

test("positions beyond 64 bits keep their order", async () => {
  const { gate } = await open({ positions: { window: 3 } });
  const base = 49_568_167_373_333_333_333_333_333_333_333_333_333_333_333_333_333_333n;
  judges(
    gate,
    [at(base), "fresh"],
    [at(`${base - 3n}`), "fresh"],
    [at(base - 4n), "expired"],
    [at(base), "duplicate"],
  );
  judges(gate, [at(base + 1n), "fresh"], [at(base - 1n), "fresh"], [at(base - 3n), "expired"]);
});
