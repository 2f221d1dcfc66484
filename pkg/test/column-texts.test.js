/**
 * The texts of a column are encoded in pieces: none is confused with its neighbour, and each is read
 * once.
 * @module
 */
import assert from "node:assert/strict";
import test from "node:test";
import { open, refusesAndChangesNothing, START, stateOf } from "./helpers/gate.js";
import { seeded } from "./helpers/random.js";
import { twins } from "./helpers/ways.js";

const SIZES = [0, 1, 31, 32, 33, 255, 256, 257, 511, 512, 513, 1000];

/** Where pieces end and begin. */
const BORDERS = [0, 1, 254, 255, 256, 257, 511, 512, 999];

const FOREIGN = ["é", "😀", "\u07ff", "\u0800", "\uffff", "\ufffd", "a\u0301", "é".repeat(200)];

function plain(size) {
  return Array.from({ length: size }, (_, index) => `name ${index}`);
}

/** Asserts that a column of ids, and one of entities, are judged as their events are in full. */
function agreeOn(pair, names, message) {
  const ids = pair.slow.checkAll(names.map((id) => ({ scope: "é", id })));
  assert.deepEqual([...pair.quick.checkIds(names, { scope: "é" })], ids, message);
  const revisions = names.map((_, index) => index % 5);
  const events = names.map((entity, index) => ({ entity, revision: revisions[index] }));
  const judged = pair.slow.checkAll(events);
  assert.deepEqual([...pair.quick.checkRevisions(names, revisions)], judged, message);
  pair.same(message);
}

for (const size of SIZES) {
  test(`texts beyond ASCII at the borders of the pieces, ${size} of them`, async () => {
    const pair = await twins({}, ["", "é"]);
    agreeOn(pair, plain(size));
    for (const place of BORDERS.filter((border) => border < size)) {
      for (const foreign of FOREIGN) {
        const names = plain(size);
        names[place] = foreign;
        names[(place + 1) % size] = `${place} ${foreign}`;
        agreeOn(pair, names, `${place} ${foreign.slice(0, 3)}`);
      }
    }
  });
}

test("where one text ends and the next begins is part of them", async () => {
  const { gate } = await open();
  const random = seeded(31);
  const seen = new Set();
  for (const letters of ["ab", "aé", "é😀"]) {
    const alphabet = [...letters];
    for (let round = 0; round < 20; round += 1) {
      const names = Array.from({ length: 600 }, () =>
        Array.from({ length: 1 + random.below(6) }, () => random.pick(alphabet)).join(""),
      );
      const expected = names.map((name) => {
        const verdict = seen.has(name) ? "duplicate" : "fresh";
        seen.add(name);
        return verdict;
      });
      assert.deepEqual([...gate.checkIds(names)], expected);
    }
  }
  assert.equal(gate.stats().keys, seen.size);
});

test("long texts, and columns after longer ones", async () => {
  const pair = await twins({}, ["", "é"]);
  for (const length of [20_000, 300, 1, 5000]) {
    for (const text of ["x", "é"]) {
      const names = plain(300).map((name, index) =>
        index % 64 === 0 ? text.repeat(length) : name,
      );
      agreeOn(pair, names, `${text} ${length}`);
    }
  }
});

/** Every call that takes a column of texts. */
const CALLS = [
  (gate, names) => gate.checkIds(names),
  (gate, names) => gate.checkIds(names, { scope: "é", times: names.map(() => START) }),
  (gate, names) =>
    gate.checkRevisions(
      names,
      names.map(() => 1),
    ),
  (gate, names) =>
    gate.checkRevisions(
      names,
      names.map(() => "1"),
    ),
  (gate, names) => gate.checkAll(names.map((id) => ({ id }))),
  (gate, names) => gate.checkAll(names.map((entity) => ({ entity, revision: 1 }))),
  (gate, names) => gate.filter(names, (id) => ({ id })),
  (gate, names) => gate.filter(names, (id) => ({ id, content: 1 })),
];

test("half a character in one text and half in the next is refused", async () => {
  const { gate } = await open();
  for (const place of [0, 1, 254, 255, 256, 300, 511, 512, 998]) {
    for (const foreign of [false, true]) {
      const names = plain(1000);
      names[place] = `${names[place]}\ud83d`;
      names[place + 1] = `\ude00${names[place + 1]}`;
      names[(place + 20) % 1000] = foreign ? "é" : "e";
      for (const call of CALLS) {
        const refused = () => call(gate, names);
        const { message } = refusesAndChangesNothing(gate, "invalid_event", refused, `${place}`);
        assert.ok(message.startsWith(`events[${place}]: `), `${place}: ${message}`);
      }
    }
  }
  const whole = plain(1000);
  whole[255] = "\ud83d\ude00";
  assert.equal(gate.checkIds(whole).count("fresh"), 1000);
});

test("a failed column leaves nothing for the next", async () => {
  const { gate } = await open();
  for (const size of SIZES) {
    for (const call of CALLS) {
      refusesAndChangesNothing(gate, "invalid_event", () => call(gate, [...plain(size), "\udc00"]));
    }
    const names = plain(size).map((name) => `${size} ${name}`);
    const fresh = names.map(() => "fresh");
    assert.deepEqual([...gate.checkIds(names)], fresh, `${size}`);
    const foreign = names.map((name) => `é${name}`);
    assert.deepEqual([...gate.checkIds(foreign)], fresh, `${size}`);
  }
});

/** An array each item of which says how often it was asked for. */
function counting(items) {
  const reads = items.map(() => 0);
  const array = [];
  items.forEach((item, index) => {
    Object.defineProperty(array, index, {
      get() {
        reads[index] += 1;
        return item;
      },
    });
  });
  return { array, reads };
}

/** The same by a proxy, which notices every way to ask. */
function watched(items) {
  const reads = items.map(() => 0);
  const array = new Proxy(items, {
    get(target, name) {
      if (typeof name === "string" && /^\d+$/.test(name)) {
        reads[name] += 1;
      }
      return Reflect.get(target, name);
    },
  });
  return { array, reads };
}

for (const [kind, of] of Object.entries({ accessors: counting, "a proxy": watched })) {
  test(`each item of an array is read once, by ${kind}`, async () => {
    for (const size of SIZES) {
      const { gate } = await open();
      for (const name of ["ascii", "é"]) {
        const names = plain(size).map((text) => `${text}${name}`);
        const ordinals = names.map((_, index) => index);
        const texts = ordinals.map(String);
        const times = ordinals.map((index) => START - index);
        const events = names.map((id) => ({ id: `${id} event` }));
        const framed = names.map((id) => ({ id: `${id} framed`, content: 1 }));
        for (const [call, ...columns] of [
          [(ids) => gate.checkIds(ids), names],
          [(ids, given) => gate.checkIds(ids, { scope: "s", times: given }), names, times],
          [(entities, numbers) => gate.checkRevisions(entities, numbers), names, ordinals],
          [(entities, digits) => gate.checkRevisions(entities, digits), names, texts],
          [(numbers) => gate.checkPositions(name, numbers), ordinals],
          [(digits) => gate.checkPositions(`${name} text`, digits), texts],
          [(given) => gate.checkAll(given), events],
          [(given) => gate.checkAll(given), framed],
        ]) {
          const asked = columns.map((column) => of(column));
          const verdicts = call(...asked.map(({ array }) => array));
          for (const { reads } of asked) {
            assert.ok(
              reads.every((count) => count === 1),
              `${size} ${call}`,
            );
          }
          assert.equal(verdicts.length, size);
        }
      }
    }
  });
}

test("an item that gives another value each time is judged by the first", async () => {
  const { gate } = await open();
  const array = ["a"];
  const given = ["first", "second", 5];
  Object.defineProperty(array, 1, { get: () => given.shift() });
  assert.equal(gate.checkIds(array).count("fresh"), 2);
  assert.equal(gate.check({ id: "first" }), "duplicate");
  assert.equal(gate.check({ id: "second" }), "fresh");
});

/** An array that is cut off behind an item once that is read. */
function shrinking(place, array = plain(300)) {
  const { [place]: item } = array;
  Object.defineProperty(array, place, {
    get() {
      array.length = place + 1;
      return item;
    },
  });
  return array;
}

test("an array that shrinks while it is read lacks items, and is refused", async () => {
  const { gate } = await open();
  const numbers = plain(300).map((_, index) => index);
  for (const place of [0, 254, 255, 256, 298]) {
    for (const call of [
      () => gate.checkIds(shrinking(place)),
      () => gate.checkRevisions(shrinking(place), numbers),
      () => gate.checkRevisions(shrinking(place), numbers.map(String)),
    ]) {
      const { message } = refusesAndChangesNothing(gate, "invalid_event", call, `${place}`);
      assert.ok(message.startsWith(`events[${place + 1}]: `), message);
    }
  }
});

for (const [form, of] of Object.entries({ numbers: Number, texts: String, bigints: BigInt })) {
  test(`so is one of ${form} that shrinks, since no item may be judged without the others`, async () => {
    const { gate } = await open();
    const names = plain(300);
    for (const place of [0, 1, 298]) {
      const ordinals = () => names.map((_, index) => of(index));
      for (const call of [
        () => gate.checkRevisions(names, shrinking(place, ordinals())),
        () => gate.checkPositions("s", shrinking(place, ordinals())),
      ]) {
        const { message } = refusesAndChangesNothing(
          gate,
          "invalid_event",
          call,
          `${place} ${call}`,
        );
        assert.ok(message.startsWith(`events[${place + 1}]: `), message);
      }
    }
  });
}

test("what asks the gate while a column is read does not mix with it", async () => {
  const { gate } = await open();
  const names = plain(600);
  const asked = [];
  for (const place of [0, 255, 256, 599]) {
    Object.defineProperty(names, place, {
      enumerable: true,
      get() {
        asked.push(...gate.checkIds([`inner ${place}`, "é", "x".repeat(3000)]));
        asked.push(gate.checkId(`name ${place === 0 ? 5 : place}`, "s"));
        return `name ${place}`;
      },
    });
  }
  assert.equal(gate.checkIds(names).count("fresh"), 600);
  assert.equal(asked.filter((verdict) => verdict === "fresh").length, 4 + 2 + 4);
  const before = stateOf(gate);
  assert.equal(gate.checkIds(plain(600)).count("duplicate"), 600);
  assert.equal(stateOf(gate).keys, before.keys);
});
