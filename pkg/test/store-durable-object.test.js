/**
 * The store in a Durable Object, inside workerd: what it keeps, refuses, and notices.
 * @module
 */
import assert from "node:assert/strict";
import test, { after } from "node:test";
import { OncewardError } from "onceward";
import { durableObject } from "onceward/durable-object";
import { digest, filled, startStored, storedIn } from "./helpers/stored.js";

const MIB = 1024 * 1024;

const worker = await startStored({ after });

let objects = 0;

/** A new object. */
function stored(t, binding) {
  objects += 1;
  return storedIn(worker, `${t.name} ${objects}`, binding);
}

test("it fulfils the contract of a store", async (t) => {
  for (const chunkBytes of [512 * 1024, 997]) {
    const names = JSON.parse(await stored(t).ask("contract", { chunkBytes, only: "names" }));
    assert.ok(names.length > 0);
    for (const name of names) {
      await t.test(`${name}, in chunks of ${chunkBytes}`, (inner) =>
        stored(inner).ask("contract", { chunkBytes, only: name }),
      );
    }
  }
});

test("a snapshot of 16 MiB is kept, read and replaced", async (t) => {
  const object = stored(t);
  const first = filled(16 * MIB, 1);
  const second = filled(16 * MIB + 1, 2);
  const version = await object.replace(first, "0");
  const changed = await object.append(filled(3 * MIB, 3), version);
  assert.deepEqual(await object.load(), {
    snapshot: digest(first),
    changes: [digest(filled(3 * MIB, 3))],
    version: changed,
  });
  const replaced = await object.replace(second, changed);
  const kept = { snapshot: digest(second), changes: [], version: replaced };
  assert.deepEqual(await object.load(), kept);
  const [rows] = await object.sql(
    "SELECT count(*) AS chunks, max(length(bytes)) AS most, sum(length(bytes)) AS all_bytes FROM onceward_chunks",
  );
  assert.deepEqual(rows, { chunks: 33, most: 512 * 1024, all_bytes: second.length });
  await worker.evict();
  assert.deepEqual(await object.load(), kept);
  await worker.restart();
  assert.deepEqual(await object.load(), kept);
});

test("a write that expects another version is fenced, and changes nothing", async (t) => {
  const object = stored(t);
  const fenced = async (expect) => {
    const before = await dump(object);
    for (const write of [object.append, object.replace]) {
      await assert.rejects(write(filled(9, 9), expect), { code: "fenced" });
    }
    assert.deepEqual(await dump(object), before);
  };
  await fenced("1");
  assert.equal(await object.load(), null);
  const version = await object.append(filled(1, 1), "0");
  await fenced("0");
  await fenced(String(BigInt(version) + 1n));
  await fenced(String(-BigInt(version)));
  await fenced(String(BigInt(version) + (1n << 64n)));
  await object.append(filled(1, 2), version);
  await fenced(version);
});

/** All rows of the store, with the bytes in hexadecimal digits. */
async function dump(object) {
  const rows = (query) =>
    object.sql(query).catch(({ message }) => {
      assert.match(message, /no such table/);
      return message;
    });
  const bytes = "SELECT name, record, part, size, hex(bytes) AS bytes FROM onceward_chunks";
  return [
    await rows("SELECT * FROM onceward_heads ORDER BY name"),
    await rows(`${bytes} ORDER BY name, record, part`),
  ];
}

const DAMAGES = {
  "the first chunk of the snapshot is missing":
    "DELETE FROM onceward_chunks WHERE size = 10 AND part = 0",
  "a chunk in the middle is missing": "DELETE FROM onceward_chunks WHERE size = 10 AND part = 1",
  "the last chunk is missing": "DELETE FROM onceward_chunks WHERE size = 10 AND part = 2",
  "the snapshot is missing": "DELETE FROM onceward_chunks WHERE size = 10",
  "a change in the middle is missing": "DELETE FROM onceward_chunks WHERE size = 5",
  "the empty change is missing": "DELETE FROM onceward_chunks WHERE size = 0",
  "the last change is missing": "DELETE FROM onceward_chunks WHERE size = 6",
  "all chunks are missing": "DELETE FROM onceward_chunks",
  "the table of the chunks is missing": "DROP TABLE onceward_chunks",
  "the version is missing": "DELETE FROM onceward_heads",
  "the table of the versions is missing": "DROP TABLE onceward_heads",
  "a chunk is shorter": "UPDATE onceward_chunks SET bytes = substr(bytes, 2) WHERE part = 1",
  "a chunk is longer": "UPDATE onceward_chunks SET bytes = x'00' WHERE size = 0",
  "a size is more": "UPDATE onceward_chunks SET size = 11 WHERE size = 10 AND part = 1",
  "a size is less": "UPDATE onceward_chunks SET size = 9 WHERE size = 10 AND part = 1",
  "a chunk is too many":
    "INSERT INTO onceward_chunks SELECT name, record, part + 7, size, x'' FROM onceward_chunks WHERE size = 5",
  "a record is too many":
    "INSERT INTO onceward_chunks SELECT name, record + 9, part, size, bytes FROM onceward_chunks WHERE size = 5",
  "a record is elsewhere": "UPDATE onceward_chunks SET record = record + 9 WHERE size = 6",
  "the version is lower": "UPDATE onceward_heads SET version = version - 1",
  "the version is higher": "UPDATE onceward_heads SET version = version + 1",
  "the version is below the first": "UPDATE onceward_heads SET version = 1",
  "the version is beyond what is exact": "UPDATE onceward_heads SET version = 9007199254740993",
  "the first is later": "UPDATE onceward_heads SET first = first + 1",
  "the first is earlier": "UPDATE onceward_heads SET first = first - 1",
  "what the first is makes no sense": "UPDATE onceward_heads SET whole = 2",
};

test("what is missing or too much is corrupt, and is left as it is", async (t) => {
  for (const [what, query] of Object.entries(DAMAGES)) {
    await t.test(what, async (inner) => {
      const object = stored(inner);
      let version = await object.replace(filled(10, 1), "0", { chunkBytes: 4 });
      for (const length of [5, 0, 6]) {
        version = await object.append(filled(length, length), version, { chunkBytes: 4 });
      }
      assert.equal((await object.load()).changes.length, 3);
      await object.sql(query);
      await assert.rejects(object.load(), { code: "corrupt" });
      const damaged = await dump(object);
      await assert.rejects(object.load(), { code: "corrupt" });
      await assert.rejects(object.append(filled(1, 1), "0"), { code: /^(corrupt|fenced)$/ });
      await assert.rejects(object.replace(filled(1, 1), "0"), { code: /^(corrupt|fenced)$/ });
      assert.deepEqual(await dump(object), damaged);
    });
  }
});

test("versions above 2^53 are refused before they stop being exact", async (t) => {
  const object = stored(t);
  await object.append(filled(1, 1), "0");
  const last = String(2n ** 53n - 1n);
  await object.sql("UPDATE onceward_heads SET version = ?, first = ?", Number(last), Number(last));
  await object.sql("UPDATE onceward_chunks SET record = ?", Number(last));
  assert.equal((await object.load()).version, last);
  const before = await dump(object);
  await assert.rejects(object.append(filled(1, 2), last), { code: "corrupt" });
  assert.deepEqual(await dump(object), before);
});

test("a write whose storage fails is a store error with its cause, and happened as a whole or not at all", async (t) => {
  const object = stored(t);
  const version = await object.append(filled(1, 1), "0");
  const before = await dump(object);
  for (const write of [object.append, object.replace]) {
    await assert.rejects(write(filled(2 * MIB, 2), version, { fail: "sql" }), {
      code: "store",
      because: "there is no room",
    });
    assert.deepEqual(await dump(object), before);
  }
  await assert.rejects(object.append(filled(1, 2), version, { fail: "sync" }), {
    code: "store",
    because: "the disk is gone",
  });
  assert.equal((await object.load()).changes.length, 2);
  await assert.rejects(object.append(filled(1, 2), version), { code: "fenced" });
});

test("a write resolves once the storage has confirmed it", async (t) => {
  const seen = JSON.parse(await stored(t).ask("confirmed"));
  assert.deepEqual(seen, ["confirmed", "resolved", 1]);
});

test("it works while the object lets nothing else in", async (t) => {
  assert.ok(BigInt(await stored(t).ask("blocked")) > 0n);
});

test("after deleteAll an old writer is fenced, also by versions of a new state", async (t) => {
  const object = stored(t);
  const old = await object.append(filled(1, 1), "0");
  await object.ask("deleteAll");
  await assert.rejects(object.append(filled(1, 2), old), { code: "fenced" });
  assert.equal(await object.load(), null);
  const version = await object.append(filled(1, 3), "0");
  assert.ok(BigInt(version) > BigInt(old));
  await assert.rejects(object.append(filled(1, 2), old), { code: "fenced" });
});

test("names and tables keep states apart; both are only names", async (t) => {
  const object = stored(t);
  const names = [
    "",
    "a",
    "A",
    "a\0",
    "a\0b",
    "ü",
    "\u{1F600}",
    "'); DROP TABLE onceward_heads; --",
  ];
  const tables = ["onceward", "a", "_", "a_heads", "a_chunks", "z".repeat(32)];
  const places = tables.flatMap((table) => names.map((name) => ({ table, name })));
  for (const [index, place] of places.entries()) {
    await object.append(filled(index, index), "0", place);
  }
  for (const [index, place] of places.entries()) {
    const { changes } = await object.load(place);
    assert.deepEqual(changes, [digest(filled(index, index))], JSON.stringify(place));
  }
});

test("a class without a database is refused when the store is made", async (t) => {
  await assert.rejects(stored(t, "LEGACY").load(), {
    code: "invalid_option",
    message: /new_sqlite_classes/,
  });
});

test("options and names that make no sense are refused", async () => {
  const storage = { sql: { exec: () => [] }, transactionSync: (run) => run() };
  const refused = (given, options, why) =>
    assert.throws(
      () => durableObject(given, options),
      (error) => error instanceof OncewardError && error.code === "invalid_option",
      why,
    );
  for (const without of [undefined, null, {}, { sql: undefined }, { sql: {} }, { get: () => {} }]) {
    refused(without, {}, JSON.stringify(without));
  }
  for (const table of [
    "",
    "a".repeat(33),
    "A",
    "a1",
    "a b",
    'a"; DROP TABLE b; --',
    "a\n",
    "ä",
    1,
    null,
  ]) {
    refused(storage, { table }, String(table));
  }
  for (const table of ["_cf", "_cf_a", "sqlite", "sqlite_a"]) {
    refused(storage, { table }, table);
  }
  for (const chunkBytes of [0, -1, 1.5, MIB + 1, Number.NaN, "5", null, 5n]) {
    refused(storage, { chunkBytes }, String(chunkBytes));
  }
  for (const options of [null, 5, { tables: "a" }]) {
    refused(storage, options, JSON.stringify(options));
  }
  const store = durableObject(storage, { table: undefined, chunkBytes: undefined });
  for (const name of ["\ud800", "a\udc00", 5, undefined]) {
    await assert.rejects(store.load(name), { code: "invalid_option" });
    await assert.rejects(store.append(name, new Uint8Array(), 0n), { code: "invalid_option" });
  }
});

test("a gate opens and judges inside of workerd", async (t) => {
  assert.deepEqual(JSON.parse(await stored(t).ask("gate")), ["fresh", "duplicate"]);
});
