/**
 * Broken lines are reported and skipped, or end the run; the exit status tells.
 * @module
 */
import assert from "node:assert/strict";
import test from "node:test";
import { filter, ndjson, onceward, temporary } from "./helpers/command.js";

const BROKEN = [
  ["{", "not valid JSON"],
  ['{"id":"a"} {"id":"b"}', "not valid JSON"],
  ['{"id":01}', "not valid JSON"],
  ['{"id":12345678901234567890,}', "not valid JSON"],
  ["{}", "no identity"],
  ['{"id":null}', "no identity"],
  ['{"id":""}', "id"],
  ['{"id":"\\ud800"}', "id"],
  [Buffer.from([0x22, 0xff, 0x22]), "not valid UTF-8"],
  [Buffer.from('{"id":"\xe9"}', "latin1"), "not valid UTF-8"],
];

test("each is reported as FILE:LINE: reason, and the lines around it are judged", async (t) => {
  const parts = BROKEN.flatMap(([line], index) => [
    Buffer.from(ndjson({ id: `good ${index}` })),
    Buffer.from(line),
    Buffer.from("\n"),
  ]);
  const file = await temporary(t, "lines.ndjson", Buffer.concat(parts));
  const { status, text, stderr, counts } = await filter(["--id", "id", file]);
  assert.equal(status, 3);
  assert.equal(text, ndjson(...BROKEN.map((_, index) => ({ id: `good ${index}` }))));
  assert.deepEqual([counts.lines, counts.fresh, counts.broken], [20, 10, 10]);
  BROKEN.forEach(([, reason], index) => {
    const line = stderr.split("\n").find((told) => told.startsWith(`${file}:${index * 2 + 2}: `));
    assert.ok(line?.includes(reason), `line ${index * 2 + 2}, ${reason}: ${stderr}`);
  });
});

test("what is said of a broken line repeats nothing of it", async () => {
  const { stderr } = await filter(
    ["--id", "id"],
    '{"id":"4111111111111111\n{"id":{"card":4111111111111111}, x}\n',
  );
  assert.ok(!stderr.includes("4111"), stderr);
});

test("a jump is a broken line, too, and the lines around it are judged as if it were not there", async () => {
  const line = (r) => `{"e":"x","r":${r}}`;
  const input = [1, 5, 500, 6, 5].map(line).join("\n");
  const { status, text } = await filter(
    ["--verdicts", "--entity", "e", "--revision", "r", "--max-jump", "10"],
    input,
  );
  assert.equal(status, 3);
  assert.deepEqual(
    text.split("\n").map((told) => told.split("\t")[0]),
    ["fresh", "fresh", "broken", "fresh", "stale"],
  );
});

test("--strict ends at the first broken line; what is fresh before it is written", async () => {
  const input = `${ndjson({ id: "a" }, { id: "b" })}nonsense\n${ndjson({ id: "c" })}`;
  const { status, text, stderr } = await filter(["--strict", "--id", "id"], input);
  assert.equal(status, 1);
  assert.equal(text, ndjson({ id: "a" }, { id: "b" }));
  assert.equal(stderr, "onceward: stdin:3: not valid JSON\n");
});

test("--quiet tells nothing but what ends the run", async () => {
  const skipped = await filter(["--quiet", "--id", "id"], "nonsense\n");
  assert.deepEqual([skipped.status, skipped.stderr], [3, ""]);
  const ended = await filter(["--quiet", "--strict", "--id", "id"], "nonsense\n");
  assert.deepEqual([ended.status, ended.stderr], [1, "onceward: stdin:1: not valid JSON\n"]);
});

test("line numbers start anew in each file", async (t) => {
  const one = await temporary(t, "one.ndjson", "{}\n");
  const two = await temporary(t, "two.ndjson", `${ndjson({ id: "a" })}\n{}`);
  const { stderr } = await filter(["--id", "id", one, two]);
  assert.ok(stderr.startsWith(`${one}:1: `), stderr);
  assert.ok(stderr.includes(`\n${two}:3: `), stderr);
});

test("line numbers are right after many lines", async () => {
  const lines = Array.from({ length: 10_000 }, (_, id) =>
    id % 1000 === 999 ? "{}\n" : ndjson({ id, pad: "x".repeat(200) }),
  );
  const { stderr } = await filter(["--id", "id"], lines.join(""));
  const told = [...stderr.matchAll(/^stdin:(\d+): /gm)].map(([, line]) => Number(line));
  assert.deepEqual(told, [1000, 2000, 3000, 4000, 5000, 6000, 7000, 8000, 9000, 10_000]);
});

test("JSON nested deeper than the stack is a broken line, not the end", async () => {
  const deep = `{"id":"a","c":${"[".repeat(100_000)}1234567890123456789${"]".repeat(100_000)}}\n`;
  const { status, text } = await filter(
    ["--id", "id", "--content", "c"],
    `${deep}${ndjson({ id: "b" })}`,
  );
  assert.deepEqual([status, text], [3, ndjson({ id: "b" })]);
});

test("a file that cannot be read ends the run", async (t) => {
  const file = await temporary(t, "one.ndjson", ndjson({ id: "a" }));
  for (const bad of ["/does/not/exist", "/"]) {
    const { status, text, stderr } = await filter(["--id", "id", file, bad, file]);
    assert.equal(status, 1);
    assert.equal(text, ndjson({ id: "a" }));
    assert.ok(stderr.startsWith(`onceward: ${bad}: `), stderr);
  }
});

test("full memory ends the run", async () => {
  const lines = Array.from({ length: 20_000 }, (_, id) => ({ e: `entity ${id}`, r: 1 }));
  const { status, stderr } = await filter(
    ["--entity", "e", "--revision", "r", "--max-bytes", "64KiB"],
    ndjson(...lines),
  );
  assert.equal(status, 1);
  assert.match(stderr, /^onceward: stdin:\d+: .*memory/);
});

test("wrong use is status 2, and says what is wrong", async () => {
  const wrong = [
    ...[
      [],
      ["filtre"],
      ["filter"],
      ["filter", "--id"],
      ["filter", "--id", "a", "--bogus"],
      ["filter", "--ttl", "5"],
    ],
    ...[
      ["filter", "--entity", "e"],
      ["filter", "--id", "a", "--revision", "r"],
      ["filter", "--id", "a", "--source", "s"],
    ],
    ...[
      ["filter", "--id", "a", "--epoch", "e"],
      ["filter", "--source", "s", "--position", "p", "--position", "q"],
    ],
    ...[
      ["filter", "--id", "a", "--time-as", "minutes"],
      ["filter", "--entity", "e", "--revision", "r", "--revision-as", "x"],
    ],
    ...["0s", "5x", "-1", "1.5h", ""].map((text) => ["filter", "--id", "a", `--retention=${text}`]),
    ...["0", "5MB", "", "-1"].map((text) => ["filter", "--id", "a", `--max-bytes=${text}`]),
    ...["older", "window:3", ""].map((text) => ["filter", "--id", "a", `--revisions=${text}`]),
    ...["window", "window:", "window:0", "window:65537", "window:1.5", "older"].map((text) => [
      "filter",
      "--id",
      "a",
      `--positions=${text}`,
    ]),
    ...["x", "1.5", "-1", ""].map((text) => ["filter", "--id", "a", `--max-jump=${text}`]),
    ["filter", "--id", "a", "--strict=yes"],
  ];
  for (const args of wrong) {
    const { status, text, stderr } = await onceward(args);
    assert.deepEqual([status, text], [2, ""], args.join(" "));
    assert.match(stderr, /^onceward: .+; onceward --help tells more\n$/, args.join(" "));
  }
});
