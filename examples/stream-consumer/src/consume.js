/**
 * Books the orders of a log that come in on standard input, each of them once.
 *
 *   node src/consume.js STATE < orders.ndjson
 * @module
 */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { Gate } from "onceward";
import { file } from "onceward/file";
import { Ledger } from "./ledger.js";

/** Short, so that a run after a crash goes on soon. While an order is booked, it is prolonged. */
const LEASE = "1s";

async function* records(input) {
  for await (const line of createInterface({ input })) {
    yield JSON.parse(line);
  }
}

/** Books one record, unless that was done before. */
async function consume(gate, ledger, record) {
  const { partition, offset } = record;
  const event = { scope: "orders", source: partition, position: offset };
  const outcome = await gate.once(event, async ({ takeover }) => {
    // A run that was killed may have come as far as the ledger.
    if (!(takeover && (await ledger.has(record)))) {
      await ledger.book(record);
    }
  });
  if (outcome.status === "refused") {
    // Nothing may be skipped: whoever runs this has to look, and start it again.
    throw new Error(`offset ${offset} of ${partition} is ${outcome.verdict}`);
  }
  return outcome.status;
}

async function run(directory) {
  await mkdir(directory, { recursive: true });
  const ledger = await Ledger.open(join(directory, "ledger.ndjson"));
  const gate = await Gate.open({ store: file(join(directory, "gate")), lease: LEASE });
  const counts = { applied: 0, replayed: 0 };
  try {
    for await (const record of records(process.stdin)) {
      counts[await consume(gate, ledger, record)] += 1;
    }
  } finally {
    await gate.close();
    await ledger.close();
  }
  return counts;
}

const { applied, replayed } = await run(process.argv[2] ?? "state");
console.log(`booked ${applied}, and ${replayed} before`);
