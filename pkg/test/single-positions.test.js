/**
 * A position that comes alone is judged as any other: by its source's slot, by columns, and in full.
 * @module
 */
import assert from "node:assert/strict";
import test from "node:test";
import { judges, MINUTE, open, refusesAndChangesNothing, stateOf } from "./helpers/gate.js";
import { seeded } from "./helpers/random.js";
import { POSITION_WAYS, twins } from "./helpers/ways.js";

const MODES = ["newer", "next", { window: 5 }];

/** Where machine integers end. */
const EDGES = [
  ...[0n, 1n, 2n, 2n ** 32n - 1n, 2n ** 32n, 2n ** 53n - 1n, 2n ** 53n, 2n ** 63n],
  ...[2n ** 64n - 2n, 2n ** 64n - 1n, 2n ** 64n, 2n ** 64n + 1n, 2n ** 128n],
];

for (const positions of MODES) {
  const mode = JSON.stringify(positions);

  test(`any position after any other, in any epoch, ${mode}`, async () => {
    for (const way of Object.values(POSITION_WAYS)) {
      const pair = await twins({ positions });
      let sources = 0;
      for (const mark of EDGES) {
        for (const position of EDGES) {
          for (const [before, epoch] of [
            [undefined, 0],
            [1, 1],
            [1, 0],
            [0, 1],
            [2n ** 64n - 1n, 2n ** 64n],
          ]) {
            sources += 1;
            const source = `source ${sources}`;
            const first = { source, position: mark, epoch: before };
            assert.equal(pair.agree(way, first).gives, "fresh");
            for (const next of [position, position + 1n, position]) {
              pair.agree(way, { source, position: next, epoch }, `${mark} ${next} ${epoch}`);
            }
          }
        }
      }
      pair.same();
    }
  });

  test(`by any way it is judged as in full, ${mode}`, async () => {
    const scopes = [undefined, "é"];
    const pair = await twins({ positions }, scopes);
    const random = seeded(17);
    const marks = new Map();
    const counts = {};
    for (let round = 0; round < 3000; round += 1) {
      const scope = random.pick(scopes);
      const source = random.pick(["log", "é", "s".repeat(400)]);
      const name = JSON.stringify([scope, source]);
      const { epoch, mark } = marks.get(name) ?? { epoch: 0, mark: 2 ** 32 - 9 };
      const event = {
        ...{ scope, source, epoch: epoch + random.pick([0, 0, 0, 0, 0, 0, -1, 1]) },
        position: mark + random.pick([-7, -2, -1, 0, 1, 1, 1, 1, 2, 6]),
      };
      event.epoch = Math.max(0, event.epoch) || undefined;
      const { gives } = pair.agree(random.pick(Object.values(POSITION_WAYS)), event, `${round}`);
      if (gives === "fresh") {
        marks.set(name, { epoch: event.epoch ?? 0, mark: event.position });
      }
      counts[gives] = (counts[gives] ?? 0) + 1;
    }
    pair.same();
    const expected = { newer: "duplicate", next: "early" }[positions] ?? "expired";
    for (const verdict of ["fresh", "duplicate", "stale", expected]) {
      assert.ok(counts[verdict] > 50, JSON.stringify(counts));
    }
  });

  for (const [name, way] of Object.entries(POSITION_WAYS)) {
    test(`a claim is in the way of its source, or of its position: ${name}, ${mode}`, async () => {
      const pair = await twins({ positions });
      const at = (position, source = "s") => ({ source, position });
      pair.judge(way, at(5), "fresh");
      const ends = pair.claim(at(6), { lease: MINUTE });
      const slides = typeof positions === "object";
      pair.judge(way, at(6), "pending");
      pair.judge(way, at(5), "duplicate");
      pair.judge(way, at(7), slides ? "fresh" : "pending");
      pair.judge(way, at(6, "other"), "fresh");
      pair.judge(way, at(7, "other"), "fresh");
      pair.clock.now += MINUTE;
      pair.judge(way, at(6), "fresh");
      assert.equal(
        ends((claim) => claim.commit()),
        "lost_claim",
      );
      pair.judge(way, at(6), "duplicate");
      const following = at(slides ? 8 : 7);
      pair.claim(following)((claim) => claim.doubt());
      pair.judge(way, following, "in-doubt");
      pair.same();
    });
  }

  test(`a failing batch puts back every source that it moved, ${mode}`, async () => {
    const { gate } = await open({ positions });
    const { gate: untouched } = await open({ positions });
    const at = (source, position) => ({ source, position });
    for (const one of [gate, untouched]) {
      judges(one, [at("a", 10), "fresh"], [at("b", 20), "fresh"]);
    }
    const moves = [
      ...[at("a", 11), at("a", 12), at("b", 21), at("a", 13), at("b", 22), at("new", 1)],
      ...[at("new", 2), at("b", 23), at("a", 14)],
    ];
    for (let count = 0; count <= moves.length; count += 1) {
      const batch = [...moves.slice(0, count), at("", 1)];
      refusesAndChangesNothing(gate, "invalid_event", () => gate.checkAll(batch), `${count}`);
      const texts = ["11", "12", "13", "x"];
      refusesAndChangesNothing(gate, "invalid_event", () => gate.checkPositions("a", texts));
    }
    assert.deepEqual(gate.checkAll(moves), untouched.checkAll(moves));
    assert.deepEqual([...gate.checkPositions("a", [14, 15])], ["duplicate", "fresh"]);
    assert.deepEqual([...untouched.checkPositions("a", [14, 15])], ["duplicate", "fresh"]);
    assert.deepEqual(stateOf(gate), stateOf(untouched));
  });
}
