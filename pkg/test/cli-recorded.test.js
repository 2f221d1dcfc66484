/**
 * The command on recorded streams of real systems, against the plainest judge there is.
 * @module
 */
import assert from "node:assert/strict";
import test from "node:test";
import { gzipSync } from "node:zlib";
import { filter } from "./helpers/command.js";
import { seeded } from "./helpers/random.js";
import { recorded, unpacked } from "./helpers/shared.js";

function linesOf(bytes) {
  return String(bytes).trimEnd().split("\n");
}

function verdictsOf(text) {
  return linesOf(text).map((line) => line.split("\t", 1)[0]);
}

/** Judges revisions with a Map: the whole rule in a few lines. */
function naiveRevisions(lines, entityOf, revisionOf) {
  const last = new Map();
  return lines.map((line) => {
    const value = JSON.parse(line);
    const entity = entityOf(value);
    const revision = BigInt(revisionOf(value));
    const current = last.get(entity);
    if (current !== undefined && revision <= current) {
      return revision === current ? "duplicate" : "stale";
    }
    last.set(entity, revision);
    return "fresh";
  });
}

test("market feeds: every verdict is that of a Map", async (t) => {
  const path = recorded(t, "market-feeds.ndjson.gz");
  if (path === undefined) {
    return;
  }
  const args = ["--scope", "feed", "--entity", "entity", "--revision", "last"];
  const { status, text, counts } = await filter([...args, "--verdicts", path]);
  assert.equal(status, 0);
  const { lines, fresh, duplicate, stale } = counts;
  assert.deepEqual(
    { lines, fresh, duplicate, stale },
    { lines: 32_450, fresh: 31_681, duplicate: 145, stale: 624 },
  );
  const input = linesOf(unpacked(path));
  const expected = naiveRevisions(
    input,
    ({ feed, entity }) => JSON.stringify([feed, entity]),
    ({ last }) => last,
  );
  assert.deepEqual(verdictsOf(text), expected);
  const kept = input.filter((_, index) => expected[index] === "fresh");
  const plain = await filter([...args, path]);
  assert.equal(plain.text, `${kept.join("\n")}\n`);
  const again = await filter([...args, "-"], gzipSync(plain.stdout));
  assert.deepEqual([again.counts.fresh, again.text], [31_681, plain.text]);
});

/** Sends lines as an at-least-once network does: some twice, some later than others. */
function sentThrough(lines, random, { again, delay }) {
  const sent = lines.flatMap((line, index) => {
    const copies = random.chance(again) ? 2 + random.below(2) : 1;
    return Array.from({ length: copies }, () => ({ line, at: index + random.below(delay) }));
  });
  return sent.sort((a, b) => a.at - b.at).map(({ line }) => line);
}

test("GitHub events through a lossy network: each once, in the order of arrival", async (t) => {
  const path = recorded(t, "gharchive-2015-04-23-h10-11.ndjson.gz");
  if (path === undefined) {
    return;
  }
  const original = linesOf(unpacked(path));
  assert.equal(original.length, 51_985);
  const arrived = sentThrough(original, seeded(42), { again: 0.3, delay: 2000 });
  assert.ok(arrived.length > original.length * 1.3);
  const { status, text, counts } = await filter(
    ["--id", "id", "--content", "."],
    gzipSync(`${arrived.join("\n")}\n`),
  );
  assert.equal(status, 0);
  assert.deepEqual(
    [counts.fresh, counts.duplicate],
    [original.length, arrived.length - original.length],
  );
  const kept = linesOf(text);
  assert.deepEqual(kept, [...new Set(arrived)]);
  assert.deepEqual(kept.sort(), original.sort());
});

test("GitHub events with their time and numeric position, in a window", async (t) => {
  const path = recorded(t, "gharchive-2015-04-23-h10-11.ndjson.gz");
  if (path === undefined) {
    return;
  }
  const args = [
    "--source",
    "none",
    "--position",
    "id",
    "--positions",
    "window:65536",
    "--time",
    "dt",
    "--quiet",
  ];
  const lines = linesOf(unpacked(path)).map((line) => `{"none":"log",${line.slice(1)}`);
  const { status, text } = await filter([...args, "--verdicts"], `${lines.join("\n")}\n`);
  assert.equal(status, 0);
  assert.ok(verdictsOf(text).every((verdict) => verdict === "fresh"));
});

test("a changefeed that emits at least once: HLC revisions, and markers that are no events", async (t) => {
  const path = recorded(t, "cockroachdb-changefeed-at-least-once.ndjson");
  if (path === undefined) {
    return;
  }
  const args = [
    "--entity",
    "key",
    "--revision",
    "updated",
    "--revision-as",
    "hlc",
    "--content",
    "after",
  ];
  const { status, text, stderr } = await filter([...args, "--verdicts", path]);
  assert.equal(status, 3);
  const rows = ["fresh", "fresh", "fresh", "broken", "fresh", "fresh", "broken", "broken"];
  assert.deepEqual(verdictsOf(text), [
    ...rows,
    "duplicate",
    "duplicate",
    "fresh",
    "broken",
    "fresh",
    "fresh",
    "broken",
  ]);
  assert.equal([...stderr.matchAll(/: no identity/g)].length, 5);
});

test("Wikimedia: the same change at another offset, known by its id", async (t) => {
  const path = recorded(t, "wikimedia-recentchange-samples.ndjson");
  if (path === undefined) {
    return;
  }
  const byId = await filter(["--id", "meta.id", path]);
  assert.deepEqual([byId.status, byId.counts.lines, byId.counts.duplicate], [0, 31, 1]);
  const byOffset = await filter([
    "--source",
    "meta.topic",
    "--source",
    "meta.partition",
    "--position",
    "meta.offset",
    path,
  ]);
  assert.equal(byOffset.counts.lines, 31);
});

test("Bluesky: many parts make one id", async (t) => {
  const path = recorded(t, "bluesky-jetstream-v1.ndjson");
  if (path === undefined) {
    return;
  }
  const parts = ["did", "commit.rev", "commit.collection", "commit.rkey"].flatMap((part) => [
    "--id",
    part,
  ]);
  const { status, counts } = await filter([...parts, path]);
  assert.deepEqual([status, counts.lines, counts.fresh, counts.broken], [3, 152, 150, 2]);
});

test("Kinesis sequence numbers of 56 digits keep their order", async (t) => {
  const path = recorded(t, "aws-lambda-events.ndjson");
  if (path === undefined) {
    return;
  }
  const records = linesOf(unpacked(path))
    .map((line) => JSON.parse(line))
    .filter(({ file }) => file === "kinesis-event.json")
    .flatMap(({ event }) => event.Records);
  const lines = [...records, ...records].map((record) => `${JSON.stringify(record)}\n`);
  const { counts } = await filter(
    ["--source", "kinesis.partitionKey", "--position", "kinesis.sequenceNumber"],
    lines.join(""),
  );
  assert.deepEqual([counts.fresh, counts.duplicate], [records.length, records.length]);
});
