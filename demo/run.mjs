/**
 * Shows what a consumer gets wrong from a stream that is delivered at least once, and that the same
 * consumer behind a gate gets nothing wrong. It fails when that is not so.
 *
 *   node demo/run.mjs [SEED]
 *
 * Accounts, prices and gate outlive the workers that crash, as in a database they would.
 * @module
 */
import { Gate } from "onceward";
import { filterByCommand } from "./command.mjs";
import { ACCOUNTS, makeStream, SYMBOLS } from "./stream.mjs";
import { grouped, money, printTable } from "./table.mjs";

const SEED_DEFAULT = 42;
const EVENTS = 200_000;

/** Adds up money, and knows the price that it heard last. */
class Consumer {
  values = Object.fromEntries(ACCOUNTS.map((account) => [account, 0]));

  apply({ account, symbol, cents }) {
    if (account === undefined) {
      this.values[symbol] = cents;
    } else {
      this.values[account] += cents;
    }
  }
}

/** What must come out, from what was issued and not from any delivery. */
function truthOf(issued) {
  const sums = ACCOUNTS.map((name) => {
    const own = issued.filter(({ account }) => account === name);
    return [name, own.reduce((sum, { cents }) => sum + cents, 0)];
  });
  const last = SYMBOLS.map((name) => [
    name,
    issued.findLast(({ symbol }) => symbol === name).cents,
  ]);
  return Object.fromEntries([...sums, ...last]);
}

/** A transfer has a key, and a price is a revision of its symbol. */
const identify = ({ scope, id, symbol, revision }) => ({ scope, id, entity: symbol, revision });

function consumeNaively(polls) {
  const consumer = new Consumer();
  for (const event of polls.flat()) {
    consumer.apply(event);
  }
  return consumer.values;
}

async function consumeBehindGate(polls) {
  const consumer = new Consumer();
  const gate = await Gate.open();
  let judgingMs = 0;
  for (const poll of polls) {
    const started = performance.now();
    const fresh = gate.filter(poll, identify);
    judgingMs += performance.now() - started;
    for (const event of fresh) {
      consumer.apply(event);
    }
  }
  const { verdicts, bytes } = gate.stats();
  await gate.close();
  return { values: consumer.values, verdicts, bytes, judgingMs };
}

async function consumeFromCommand(polls) {
  const consumer = new Consumer();
  const { events, verdicts } = await filterByCommand(polls.flat());
  for (const event of events) {
    consumer.apply(event);
  }
  return { values: consumer.values, verdicts };
}

/** The names whose value is not the true one. */
function wrongOf(values, truth) {
  return Object.keys(truth).filter((name) => values[name] !== truth[name]);
}

function printValues(truth, naive, gated) {
  const row = (name) => {
    const off = naive[name] - truth[name];
    const verdict = (value) => (value === truth[name] ? "✓" : "✗");
    return [
      name,
      money(truth[name]),
      `${money(naive[name])} ${verdict(naive[name])}`,
      off === 0 ? "" : `${off > 0 ? "+" : ""}${money(off)}`,
      `${money(gated[name])} ${verdict(gated[name])}`,
    ];
  };
  printTable(["balance", "truth", "naive", "off by", "behind the gate"], ACCOUNTS.map(row));
  printTable(["last price", "truth", "naive", "off by", "behind the gate"], SYMBOLS.map(row));
}

function printVerdicts(byGate, byCommand) {
  const names = Object.keys(byGate).filter((name) => byGate[name] > 0 || byCommand[name] > 0);
  const row = (name) => [name, grouped(byGate[name]), grouped(byCommand[name] ?? 0)];
  printTable(["verdict", "the library", "the command"], names.map(row));
}

/** Returns what is not as promised. */
function failuresOf({ truth, naive, gated, piped }) {
  const counted = Object.entries(gated.verdicts).filter(([, count]) => count > 0);
  const differ = counted.some(([name, count]) => piped.verdicts[name] !== count);
  return [
    wrongOf(gated.values, truth).length > 0 && "behind the gate, something is wrong",
    wrongOf(piped.values, truth).length > 0 && "behind the command, something is wrong",
    (differ || counted.length !== Object.keys(piped.verdicts).length) &&
      "library and command count differently",
    wrongOf(naive, truth).length === 0 && "the naive consumer is right, so this shows nothing",
  ].filter((failure) => failure !== false);
}

async function main(seed) {
  const { issued, polls, crashes } = makeStream({ seed, events: EVENTS });
  const truth = truthOf(issued);
  const naive = consumeNaively(polls);
  const gated = await consumeBehindGate(polls);
  const piped = await consumeFromCommand(polls);

  const deliveries = polls.flat().length;
  console.log(
    `\n${grouped(issued.length)} events were issued: transfers and prices, by seed ${seed}.`,
  );
  console.log(`${grouped(deliveries)} were delivered: retries, detours and ${crashes} crashes.\n`);
  printValues(truth, naive, gated.values);
  printVerdicts(gated.verdicts, piped.verdicts);
  const perSecond = (deliveries / gated.judgingMs) * 1000;
  const kilobytes = gated.bytes / 1024;
  console.log(
    `The gate judged ${grouped(perSecond)} events/s, and remembers them in ${grouped(kilobytes)} KiB.`,
  );

  const failures = failuresOf({ truth, naive, gated, piped });
  for (const failure of failures) {
    console.error(`FAILED: ${failure}`);
  }
  const { length } = wrongOf(naive, truth);
  console.log(`${length} of ${Object.keys(truth).length} values were wrong without it.\n`);
  return failures.length === 0 ? 0 : 1;
}

const [text = String(SEED_DEFAULT)] = process.argv.slice(2);
if (/^\d+$/.test(text)) {
  process.exitCode = await main(Number(text));
} else {
  console.error("usage: node demo/run.mjs [SEED]");
  process.exitCode = 2;
}
