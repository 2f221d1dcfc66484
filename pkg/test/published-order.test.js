/**
 * Published facts about hybrid logical clocks, UUIDs, ULIDs and canonical JSON, as far as they are about
 * what this package does.
 * @module
 */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";
import { newId, ordinal, RevisionClock } from "onceward";
import { canonical } from "../dist/internals.js";
import { START } from "./helpers/gate.js";
import { published } from "./helpers/shared.js";

function read(t, name) {
  const path = published(t, name);
  return path === undefined ? undefined : JSON.parse(readFileSync(path, "utf8"));
}

// Walls are taken for milliseconds, whatever they count.
const NODE = 1;
const pack = ({ wall, logical }, node = NODE) =>
  (BigInt(wall) << 26n) | (BigInt(logical) << 10n) | BigInt(node);
/** The counter here has 16 bits where theirs has 31. */
const fits = ({ logical }) => logical < 2 ** 16;

test("a clock's steps are as published", (t) => {
  const vectors = read(t, "hlc.json");
  if (vectors === undefined) {
    return;
  }
  const seen = new Set();
  for (const { name, steps = [], initial_physical: first } of vectors.cases) {
    if (first === undefined) {
      continue;
    }
    seen.add(name);
    let now = first;
    const clock = new RevisionClock({ clock: () => now, node: NODE });
    for (const { op, physical, remote, expect } of steps) {
      now = physical ?? now;
      if (op === "update") {
        clock.observe(pack(remote, 0));
      } else {
        assert.equal(clock.next(), pack(expect), name);
      }
    }
  }
  assert.deepEqual([...seen], ["TestHLCClock"]);
});

test("jumps of the clock never lead back, and a remote one too far ahead is refused", (t) => {
  const vectors = read(t, "hlc.json");
  if (vectors === undefined) {
    return;
  }
  let checked = 0;
  for (const { name, jump_ms: jump, max_offset_ms: offset, max_delta_ms, steps } of vectors.cases) {
    let now = START;
    const clock = new RevisionClock({ clock: () => now, maxDrift: offset ?? max_delta_ms ?? 500 });
    const before = clock.next();
    if (jump !== undefined) {
      // Theirs reports some jumps of the local clock; here it may jump, and revisions go up all the same.
      now += jump;
      assert.ok(clock.next() > before, name);
      checked += 1;
    } else if (name.startsWith("TestHLCMonotonicity")) {
      for (const { physical } of steps) {
        const last = clock.last;
        now = physical;
        assert.ok(clock.next() > last, name);
      }
      checked += 1;
    } else if (name !== "TestHLCClock") {
      for (const { op, remote_offset_ms: far, accept } of steps) {
        const remote = pack({ wall: typeof far === "number" ? START + far : 0, logical: 0 });
        const last = clock.last;
        if (op === "now") {
          assert.ok(clock.next() > last, name);
        } else if (accept) {
          clock.observe(remote);
        } else {
          assert.throws(() => clock.observe(remote), { code: "jump" }, name);
          assert.equal(clock.last, last);
        }
      }
      checked += 1;
    }
  }
  assert.equal(checked, vectors.cases.length - 1);
});

test("revisions compare, follow and go forward as published", (t) => {
  const vectors = read(t, "hlc.json");
  if (vectors === undefined) {
    return;
  }
  for (const { a, b, expect } of vectors.compare) {
    assert.equal(Math.sign(Number(pack(a) - pack(b))), expect);
  }
  for (const { ts, expect } of vectors.next) {
    // Where theirs overflows, so does this one, only earlier.
    const [from, to] = fits(ts) ? [ts, expect] : [{ ...ts, logical: 0xffff }, expect];
    const isLast = !fits(ts) && ts.logical === 2 ** 31 - 1;
    const clock = new RevisionClock({ clock: () => 0, node: NODE, last: pack(from) });
    const next = fits(ts) || isLast ? to : { wall: ts.wall + 1, logical: 0 };
    assert.equal(clock.next(), pack(next));
  }
  for (const { ts, arg, expect, changed } of vectors.forward) {
    const clock = new RevisionClock({ clock: () => 0, node: NODE, last: pack(ts) });
    clock.observe(pack(arg));
    assert.equal(clock.last, pack(expect));
    assert.equal(clock.last !== pack(ts), changed);
  }
});

test("HLC timestamps are read as published", (t) => {
  const vectors = read(t, "hlc.json");
  if (vectors === undefined) {
    return;
  }
  const value = ({ wall, logical }) => BigInt(wall) * 10n ** 10n + BigInt(logical);
  for (const { text, ts, error } of vectors.decimal_parse) {
    if (error) {
      assert.throws(() => ordinal.hlc(text), { code: "invalid_event" }, text);
    } else {
      assert.equal(ordinal.hlc(text), value(ts), text);
    }
  }
  for (const { ts, text } of vectors.decimal_format) {
    assert.equal(ordinal.hlc(text), value(ts), text);
  }
});

test("UUIDs are taken when they are of version 7, and all others refused", (t) => {
  const vectors = read(t, "uuid-ulid.json");
  if (vectors === undefined) {
    return;
  }
  let taken = 0;
  for (const { value, valid } of vectors.uuid_validity) {
    const isOurs = valid && /^.{14}7/.test(value) && value === value.toLowerCase();
    if (isOurs) {
      assert.equal(ordinal.uuid7(value), BigInt(`0x${value.replaceAll("-", "")}`));
      taken += 1;
    } else {
      assert.throws(() => ordinal.uuid7(value), { code: "invalid_event" }, String(value));
    }
  }
  assert.ok(taken >= 2);
  for (const { uuid } of vectors.v5) {
    assert.throws(() => ordinal.uuid7(uuid), { code: "invalid_event" });
  }
  for (const { uuid, unix_ms: ms } of vectors.v7) {
    assert.equal(ordinal.uuid7(uuid) >> 80n, BigInt(ms));
    assert.equal(newId(ms).slice(0, 14), uuid.slice(0, 14));
  }
});

test("ULIDs are read as published, and ids go up as theirs do", (t) => {
  const vectors = read(t, "uuid-ulid.json");
  if (vectors === undefined) {
    return;
  }
  const { decode_time, overflow, to_uuid, monotonic, monotonic_overflow } = vectors.ulid;
  for (const { ulid, ms } of decode_time) {
    assert.equal(ordinal.ulid(ulid) >> 80n, BigInt(ms), ulid);
  }
  for (const { ulid, ok } of overflow) {
    if (ok) {
      assert.ok(ordinal.ulid(ulid) < 2n ** 128n);
    } else {
      assert.throws(() => ordinal.ulid(ulid), { code: "invalid_event" }, ulid);
    }
  }
  for (const { ulid, uuid } of to_uuid) {
    assert.equal(ordinal.ulid(ulid), BigInt(`0x${uuid.replaceAll("-", "")}`), ulid);
  }
  const theirs = monotonic.map(({ ulid }) => ordinal.ulid(ulid));
  assert.deepEqual(
    theirs,
    theirs.toSorted((a, b) => (a < b ? -1 : 1)),
  );
  // Ours step by more than one, and a full millisecond runs over into the next instead of failing.
  const seeds = monotonic.map(({ seed_ms: ms }) => ms).filter((ms) => ms >= 1469918176385);
  const times = seeds.map((ms) => Number(ordinal.uuid7(newId(ms)) >> 80n));
  assert.deepEqual(times, seeds);
  assert.equal(monotonic_overflow.at(-1), "error");
});

test("canonical JSON is as published, with ten thousand numbers", (t) => {
  const vectors = read(t, "jcs.json");
  const path = published(t, "jcs-es6-numbers-10000.txt");
  if (vectors === undefined || path === undefined) {
    return;
  }
  const text = (value) => new TextDecoder().decode(canonical(value));
  const view = new DataView(new ArrayBuffer(8));
  const check = (bits, output) => {
    view.setBigUint64(0, BigInt(`0x${bits}`));
    assert.equal(text(view.getFloat64(0)), output, bits);
  };
  for (const { input, output } of vectors.cases) {
    assert.equal(text(JSON.parse(input)), output);
  }
  for (const [bits, output] of [...vectors.numbers, ...vectors.number_samples]) {
    check(bits, output);
  }
  const lines = readFileSync(path, "utf8").trim().split("\n");
  assert.equal(lines.length, 10_000);
  for (const line of lines) {
    check(...line.split(","));
  }
});
