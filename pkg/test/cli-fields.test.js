/**
 * Which text a field counts as: paths, parts, numbers by their digits, times and contents.
 * @module
 */
import assert from "node:assert/strict";
import test from "node:test";
import { filter } from "./helpers/command.js";

/** Runs lines through the command; returns the verdict of each. */
async function verdicts(args, lines) {
  const { text } = await filter(["--verdicts", ...args], lines.map((line) => `${line}\n`).join(""));
  return text
    .trimEnd()
    .split("\n")
    .map((line) => line.split("\t", 1)[0]);
}

test("paths lead through objects and arrays, and only through what is there", async () => {
  const lines = [
    '{"a":{"b":[{"c":"x"}]}}',
    '{"a":{"b":[{"c":"x","d":1}]}}',
    '{"a":{"b":[]}}',
    '{"a":null}',
    '{"a":"b"}',
    "[]",
    "5",
    "null",
  ];
  const expected = [
    "fresh",
    "duplicate",
    "broken",
    "broken",
    "broken",
    "broken",
    "broken",
    "broken",
  ];
  assert.deepEqual(await verdicts(["--id", "a.b.0.c"], lines), expected);
  assert.deepEqual(
    await verdicts(["--id", "constructor.name"], ["{}", '{"constructor":{"name":"x"}}']),
    ["broken", "fresh"],
  );
  assert.deepEqual(await verdicts(["--id", "a.length"], ['{"a":"xyz"}', '{"a":[1]}']), [
    "broken",
    "broken",
  ]);
  assert.deepEqual(await verdicts(["--id", "__proto__"], ["{}", '{"__proto__":"x"}']), [
    "broken",
    "fresh",
  ]);
  assert.deepEqual(
    await verdicts(["--id", "a\\.b.c\\\\"], ['{"a.b":{"c\\\\":"x"}}', '{"a":{"b":{"c":"x"}}}']),
    ["fresh", "broken"],
  );
  assert.deepEqual(await verdicts(["--id", "."], ['"x"', '"x"', "5", '{"a":1}', '{ "a":1.0 }']), [
    "fresh",
    "duplicate",
    "fresh",
    "fresh",
    "duplicate",
  ]);
  assert.deepEqual(await verdicts(["--id", "a..b"], ['{"a":{"":{"b":"x"}}}', '{"a":{"b":"x"}}']), [
    "fresh",
    "broken",
  ]);
});

test("several parts make one name, and all of them are needed", async () => {
  const lines = [
    '{"a":"x","b":"y"}',
    '{"a":"x","b":"z"}',
    '{"b":"y","a":"x"}',
    '{"a":"x\\",\\"y","b":""}',
    '{"a":"x"}',
    '{"a":"x","b":null}',
    '["x","y"]',
  ];
  const expected = ["fresh", "fresh", "duplicate", "fresh", "broken", "broken", "broken"];
  assert.deepEqual(await verdicts(["--id", "a", "--id", "b"], lines), expected);
  const stream = [
    '{"topic":"t","partition":0,"offset":5}',
    '{"topic":"t","partition":1,"offset":5}',
    '{"topic":"t","partition":0,"offset":4}',
  ];
  const args = ["--source", "topic", "--source", "partition", "--position", "offset"];
  assert.deepEqual(await verdicts(args, stream), ["fresh", "fresh", "duplicate"]);
  assert.deepEqual(await verdicts(["--id", "a", "--id", "b"], ['{"a":"x","b":"\\ud800"}']), [
    "broken",
  ]);
});

test("numbers are named by their digits, exactly as written", async () => {
  const numbers = [
    "1",
    "1.0",
    "1e0",
    "1E0",
    "10e-1",
    "-0",
    "0",
    "0.10",
    "0.1",
    "12345678901234567890",
    "12345678901234567891",
    "1e400",
    "0.12345678901234567890",
    "0.12345678901234567891",
  ];
  const lines = numbers.map((number) => `{"id":${number}}`);
  assert.deepEqual(await verdicts(["--id", "id"], [...lines, ...lines]), [
    ...lines.map(() => "fresh"),
    ...lines.map(() => "duplicate"),
  ]);
  assert.deepEqual(await verdicts(["--id", "id"], ['{"id":1}', '{"id":"1"}']), [
    "fresh",
    "duplicate",
  ]);
});

test("arrays and objects are named by their canonical JSON", async () => {
  const lines = [
    '{"key":[1,"a"]}',
    '{"key":[ 1.0, "a" ]}',
    '{"key":["1","a"]}',
    '{"key":{"b":1,"a":2}}',
    '{"key":{"a":2,"b":1}}',
    '{"key":[12345678901234567890]}',
    '{"key":[12345678901234567891]}',
    '{"key":[]}',
  ];
  const expected = ["fresh", "duplicate", "fresh", "fresh", "duplicate", "fresh", "fresh", "fresh"];
  assert.deepEqual(await verdicts(["--id", "key"], lines), expected);
});

test("null, true and false are absent", async () => {
  const lines = [
    '{"id":null}',
    '{"id":true}',
    '{"id":false}',
    '{"id":null,"e":"x","r":1}',
    '{"id":"a","e":null}',
    '{"id":"b","e":"x","r":null}',
    '{"id":"c","e":null,"r":null,"s":null}',
  ];
  const args = ["--id", "id", "--entity", "e", "--revision", "r", "--scope", "s"];
  assert.deepEqual(await verdicts(args, lines), [
    "broken",
    "broken",
    "broken",
    "fresh",
    "fresh",
    "broken",
    "fresh",
  ]);
});

test("revisions are integers of any size, as numbers or digits", async () => {
  const revisions = [
    "7",
    '"7"',
    "8",
    "7.0",
    "9007199254740992",
    "9007199254740993",
    "9007199254740992",
    '"18446744073709551616"',
    "18446744073709551617",
  ];
  const wrong = [
    "1.5",
    "-1",
    '"007"',
    '"1e3"',
    "1e400",
    '" 7"',
    "[7]",
    "{}",
    '""',
    "18446744073709551617.5",
  ];
  const lines = [...revisions, ...wrong].map((revision) => `{"e":"x","r":${revision}}`);
  const expected = [
    "fresh",
    "duplicate",
    "fresh",
    "stale",
    "fresh",
    "fresh",
    "stale",
    "fresh",
    "fresh",
  ];
  assert.deepEqual(await verdicts(["--entity", "e", "--revision", "r"], lines), [
    ...expected,
    ...wrong.map(() => "broken"),
  ]);
});

test("notations are read as they are told", async () => {
  const cases = {
    hlc: ["1.0000000000", "1.0000000001", "1"],
    lsn: ["16/B374D848", "16/B374D849", "x"],
    redis: ["5-0", "5-1", "5"],
    time: ["2026-01-01T00:00:00Z", "2026-01-01T00:00:00.000000001Z", "2026-01-01"],
    ulid: ["01ARZ3NDEKTSV4RRFFQ69G5FAV", "01ARZ3NDEKTSV4RRFFQ69G5FAW", "01ARZ"],
    uuid7: ["017f22e2-79b0-7cc3-98c4-dc0c0c07398f", "017f22e2-79b0-7cc3-98c4-dc0c0c073990", "017f"],
  };
  for (const [kind, [first, second, wrong]] of Object.entries(cases)) {
    const texts = [first, second, first];
    const revisions = texts.map((text) => JSON.stringify({ e: "x", r: text }));
    assert.deepEqual(
      await verdicts(["--entity", "e", "--revision", "r", "--revision-as", kind], revisions),
      ["fresh", "fresh", "stale"],
      kind,
    );
    const positions = texts.map((text) => JSON.stringify({ s: "x", p: text }));
    assert.deepEqual(
      await verdicts(["--source", "s", "--position", "p", "--position-as", kind], positions),
      ["fresh", "fresh", "duplicate"],
      kind,
    );
    if (kind !== "hlc") {
      assert.deepEqual(
        await verdicts(
          ["--entity", "e", "--revision", "r", "--revision-as", kind],
          [JSON.stringify({ e: "x", r: wrong })],
        ),
        ["broken"],
        kind,
      );
    }
  }
});

test("the order of positions, windows and epochs are the gate's", async () => {
  const line = (p, epoch) => JSON.stringify({ s: "x", p, epoch });
  const args = ["--source", "s", "--position", "p", "--epoch", "epoch"];
  const lines = [line(5), line(7), line(6), line(6), line(1), line(1, 1), line(9)];
  assert.deepEqual(await verdicts(args, lines), [
    "fresh",
    "fresh",
    "duplicate",
    "duplicate",
    "duplicate",
    "fresh",
    "stale",
  ]);
  assert.deepEqual(await verdicts([...args, "--positions", "next"], lines), [
    "fresh",
    "early",
    "fresh",
    "duplicate",
    "duplicate",
    "fresh",
    "stale",
  ]);
  assert.deepEqual(await verdicts([...args, "--positions", "window:2"], lines), [
    "fresh",
    "fresh",
    "fresh",
    "duplicate",
    "expired",
    "fresh",
    "stale",
  ]);
});

test("content tells a duplicate from a conflict, also beyond 2^53", async () => {
  const lines = [
    ['{"id":"a","c":{"x":1,"y":2}}', "fresh"],
    ['{"id":"a","c":{"y":2.0,"x":1}}', "duplicate"],
    ['{"id":"a","c":{"x":1}}', "conflict"],
    ['{"id":"b","c":12345678901234567890}', "fresh"],
    ['{"id":"b","c":12345678901234567891}', "conflict"],
    ['{"id":"b","c":12345678901234567890}', "duplicate"],
    ['{"id":"c","c":[{"n":9007199254740993}]}', "fresh"],
    ['{"id":"c","c":[{"n":9007199254740992}]}', "conflict"],
    ['{"id":"d","c":null}', "fresh"],
    ['{"id":"d","c":0}', "conflict"],
    ['{"id":"d"}', "duplicate"],
    ['{"id":"e","c":1e400}', "broken"],
    ['{"id":"f","c":{"__proto__":12345678901234567890}}', "fresh"],
    ['{"id":"f","c":{}}', "conflict"],
  ];
  assert.deepEqual(
    await verdicts(
      ["--id", "id", "--content", "c"],
      lines.map(([line]) => line),
    ),
    lines.map(([, verdict]) => verdict),
  );
  const parts = ['{"id":"a","x":1}', '{"id":"a","x":1,"y":null}', '{"id":"a","y":1}', '{"id":"a"}'];
  assert.deepEqual(await verdicts(["--id", "id", "--content", "x", "--content", "y"], parts), [
    "fresh",
    "duplicate",
    "conflict",
    "duplicate",
  ]);
  assert.deepEqual(
    await verdicts(
      ["--id", "id", "--content", "."],
      ['{"id":"a","x":1}', '{"x":1,"id":"a"}', '{"id":"a"}'],
    ),
    ["fresh", "duplicate", "conflict"],
  );
});

test("times are taken as they are written, or as they are told", async () => {
  const soon = Date.now() + 60_000;
  const far = Date.now() + 3_600_000;
  const line = (t) => JSON.stringify({ id: JSON.stringify(t) ?? "none", t });
  const cases = [
    [[], soon, "fresh"],
    [[], far, "broken"],
    [[], new Date(soon).toISOString(), "fresh"],
    [[], new Date(far).toISOString(), "broken"],
    [[], String(soon), "broken"],
    [[], {}, "broken"],
    [[], null, "fresh"],
    [["--time-as", "s"], soon / 1000, "fresh"],
    [["--time-as", "s"], 1626992741.081672, "fresh"],
    [["--time-as", "s"], String(soon / 1000), "fresh"],
    [["--time-as", "s"], far / 1000, "broken"],
    [["--time-as", "s"], soon, "broken"],
    [["--time-as", "ms"], String(soon), "fresh"],
    [["--time-as", "ms"], "soon", "broken"],
    [["--time-as", "iso"], soon, "broken"],
    [["--time-as", "iso"], "2026-01-01T00:00:00+01:00", "fresh"],
    [["--max-skew", "2h"], far, "fresh"],
  ];
  for (const [args, time, verdict] of cases) {
    assert.deepEqual(
      await verdicts(["--id", "id", "--time", "t", ...args], [line(time)]),
      [verdict],
      `${args} ${JSON.stringify(time)}`,
    );
  }
});
