/**
 * A million checks by columns, and a hundred thousand single ones.
 * @module
 */
import { openGate } from "./world.mjs";

const COLUMN = 50_000;
const COLUMNS = 10;
const SINGLES = 100_000;

/** Checks that of very many keys each is let through once. */
export async function checkMany(onceward, witness) {
  const { gate } = await openGate(onceward, { maxBytes: 64 * 1024 * 1024 });
  const counts = { fresh: 0, duplicate: 0 };
  const add = (verdicts) => {
    counts.fresh += verdicts.count("fresh");
    counts.duplicate += verdicts.count("duplicate");
  };
  for (let column = 0; column < COLUMNS; column += 1) {
    const ids = Array.from({ length: COLUMN }, (_, index) => `event ${column}/${index}`);
    add(gate.checkIds(ids, { scope: "many" }));
    add(gate.checkIds(ids, { scope: "many" }));
  }
  const half = COLUMN * COLUMNS;
  witness.is(counts, { fresh: half, duplicate: half }, "a million checks by columns");
  let fresh = 0;
  for (let number = 0; number < SINGLES; number += 1) {
    // Each number comes twice, first as news.
    const event = { scope: "single", id: `event ${number >> 1}` };
    fresh += gate.check(event) === "fresh" ? 1 : 0;
  }
  witness.is(fresh, SINGLES / 2, "fresh ones of a hundred thousand");
  witness.is(gate.stats().keys, half + SINGLES / 2, "keys that are remembered");
  witness.sum(gate.snapshot().subarray(0, 1 << 16));
  await gate.close();
}
