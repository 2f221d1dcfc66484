/**
 * The command writes what is fresh byte for byte, from wherever it comes and as fast as it is
 * taken.
 * @module
 */
import assert from "node:assert/strict";
import { once } from "node:events";
import test from "node:test";
import { gzipSync } from "node:zlib";
import { filter, ndjson, onceward, start, temporary } from "./helpers/command.js";

test("fresh lines go out unchanged and in order, whatever they look like", async () => {
  const lines = [
    '{"id":"a"}\n',
    '  { "id" :\t"b" , "x":[1.0e0, 1.50] }  \r\n',
    '{"x":"é😀\\u00e9","id":"c"}\n',
    '{"id":"a","x":1}\n',
    '{"id":"d"}',
  ];
  const { status, text, counts } = await filter(["--id", "id"], lines.join(""));
  assert.equal(status, 0);
  assert.equal(text, [lines[0], lines[1], lines[2], lines[4]].join(""));
  assert.deepEqual(
    { lines: counts.lines, fresh: counts.fresh, duplicate: counts.duplicate },
    { lines: 5, fresh: 4, duplicate: 1 },
  );
});

test("--verdicts puts a verdict and a tab before every line and drops none", async () => {
  const lines = [
    '{"id":"a"}',
    '{"id":"a","n":2}',
    "",
    "nonsense",
    '{"id":"a","c":2}',
    '{"e":"x","r":2}',
    '{"e":"x","r":1}',
    '{"id":"z"}',
  ];
  const args = ["--verdicts", "--id", "id", "--entity", "e", "--revision", "r", "--content", "c"];
  const { status, text } = await filter(args, lines.join("\n"));
  const verdicts = [
    "fresh",
    "duplicate",
    "blank",
    "broken",
    "duplicate",
    "fresh",
    "stale",
    "fresh",
  ];
  assert.equal(text, lines.map((line, index) => `${verdicts[index]}\t${line}`).join("\n"));
  assert.equal(status, 3);
});

test("standard input is read without files, and where a file is called -", async (t) => {
  const file = await temporary(t, "one.ndjson", ndjson({ id: "a" }));
  assert.equal((await filter(["--id", "id"], ndjson({ id: "a" }))).counts.fresh, 1);
  const { text, counts } = await filter(
    ["--id", "id", file, "-", file],
    ndjson({ id: "a" }, { id: "b" }),
  );
  assert.equal(text, ndjson({ id: "a" }, { id: "b" }));
  assert.deepEqual([counts.fresh, counts.duplicate], [2, 2]);
});

test("files without a last newline are not run together", async (t) => {
  const one = await temporary(t, "one.ndjson", '{"id":"a"}');
  const two = await temporary(t, "two.ndjson", '{"id":"a"}\n{"id":"b"}');
  const none = await temporary(t, "none.ndjson", "");
  assert.equal((await filter(["--id", "id", one, none, two, one])).text, '{"id":"a"}\n{"id":"b"}');
});

test("gzip is known by its first bytes, in files and on standard input", async (t) => {
  const plain = ndjson({ id: "a" }, { id: "é" }, { id: "a" });
  const members = Buffer.concat([gzipSync(plain), gzipSync(ndjson({ id: "c" }))]);
  const file = await temporary(t, "no-ending", members);
  const expected = ndjson({ id: "a" }, { id: "é" }, { id: "c" });
  assert.equal((await filter(["--id", "id", file])).text, expected);
  assert.equal((await filter(["--id", "id"], members)).text, expected);
});

test("damaged gzip is told, after what came before it", async (t) => {
  const whole = gzipSync(
    ndjson(...Array.from({ length: 50_000 }, (_, id) => ({ id: `id ${id}` }))),
  );
  const file = await temporary(t, "cut.gz", whole.subarray(0, whole.length - 100));
  const { status, stderr } = await filter(["--id", "id", file]);
  assert.equal(status, 1);
  assert.ok(stderr.includes(file), stderr);
});

test("no input is no lines", async () => {
  for (const input of ["", "\n", " \n\t\n"]) {
    const { status, text } = await filter(["--id", "id"], input);
    assert.deepEqual([status, text], [0, ""]);
  }
});

test("a byte order mark at the start is no part of the first line's JSON", async () => {
  const input = `\ufeff${ndjson({ id: "a" }, { id: "b" })}`;
  const { status, text } = await filter(["--id", "id"], input);
  assert.deepEqual([status, text], [0, input]);
});

test("lines of every length come through, across all borders of chunks", async () => {
  const events = Array.from({ length: 3000 }, (_, id) => ({
    id,
    pad: "é".repeat((id * 37) % 900),
  }));
  events.push({ id: "long", pad: "x".repeat(3_000_000) }, { id: "last" });
  const input = ndjson(...events, ...events);
  const { status, text, counts } = await filter(["--id", "id"], input);
  assert.equal(status, 0);
  assert.equal(text, ndjson(...events));
  assert.deepEqual([counts.fresh, counts.duplicate], [3002, 3002]);
});

test("a line over 64 MiB is skipped, and its neighbours are not", async () => {
  const long = Buffer.alloc(65 * 1024 * 1024, "x");
  const input = Buffer.concat([
    Buffer.from(ndjson({ id: "a" })),
    long,
    Buffer.from(`\n${ndjson({ id: "b" })}`),
  ]);
  const { status, text, stderr, counts } = await filter(["--id", "id"], input);
  assert.equal(status, 3);
  assert.equal(text, ndjson({ id: "a" }, { id: "b" }));
  assert.match(stderr, /^stdin:2: longer than 67108864 bytes$/m);
  assert.deepEqual([counts.lines, counts.broken], [3, 1]);
  const last = await filter(["--id", "id", "--verdicts"], input.subarray(0, -12));
  assert.equal(last.text, `fresh\t${ndjson({ id: "a" })}broken\t\n`);
});

test("when the reader has enough, the command ends quietly", async () => {
  const child = start(["filter", "--id", "id"]);
  const errors = [];
  child.stderr.on("data", (chunk) => errors.push(chunk));
  child.stdin.on("error", () => {});
  const closed = once(child, "close");
  let id = 0;
  const feed = () => {
    while (child.exitCode === null && child.stdin.writable) {
      id += 1;
      if (!child.stdin.write(ndjson({ id, pad: "x".repeat(1000) }))) {
        child.stdin.once("drain", feed);
        return;
      }
    }
  };
  feed();
  await once(child.stdout, "data");
  child.stdout.destroy();
  const [status] = await closed;
  assert.equal(status, 0);
  assert.equal(String(Buffer.concat(errors)), "");
});

test("it takes no more than its reader does", async () => {
  const child = start(["filter", "--id", "id"]);
  child.stdout.pause();
  child.stdin.on("error", () => {});
  const line = (id) => ndjson({ id, pad: "x".repeat(10_000) });
  let written = 0;
  let stalled = false;
  while (!stalled && written < 20_000) {
    written += 1;
    if (!child.stdin.write(line(written))) {
      stalled = await Promise.race([
        once(child.stdin, "drain").then(() => false),
        new Promise((resolve) => setTimeout(() => resolve(true), 2000)),
      ]);
    }
  }
  assert.ok(stalled, "200 MB were taken though nobody read");
  child.kill();
  await once(child, "close");
});

test("lines come out while the input is still open", async () => {
  const child = start(["filter", "--id", "id"]);
  child.stdin.write(ndjson({ id: "a" }, { id: "a" }));
  const [chunk] = await once(child.stdout, "data");
  assert.equal(String(chunk), ndjson({ id: "a" }));
  child.stdin.end();
  await once(child, "close");
});

test("--version and --help are printed to standard output", async () => {
  assert.match((await onceward(["--version"])).text, /^\d+\.\d+\.\d+\n$/);
  const { status, text, stderr } = await onceward(["filter", "--help"]);
  assert.deepEqual([status, stderr], [0, ""]);
  for (const part of ["Usage: onceward filter", "--id PATH", "--revision-as", "Exit status:"]) {
    assert.ok(text.includes(part), part);
  }
  assert.ok(text.split("\n").every((line) => line.length <= 100));
});
