/**
 * Deposits and withdrawals of some accounts, which a network delivers late, twice and out of order: what
 * a consumer makes of them that acts at once, and one that keeps the order and knows each transfer.
 *
 *   node demo/bank.mjs [SEED]
 *
 * A transfer may only be carried out while the account covers it, so here order matters; of prices, of
 * which the newest counts, it would not.
 * @module
 */
import { pathToFileURL } from "node:url";
import { Gate, Sequencer } from "onceward";
import { seeded } from "./stream.mjs";
import { grouped, money, printTable } from "./table.mjs";

const ACCOUNTS = ["ada", "bea", "cem", "dov", "eva"];
const TRANSFERS = 2000;
const RETRIED_SHARE = 0.2;
const DELIVERED_TWICE_SHARE = 0.3;
// How many transfers of all accounts may overtake another.
const DELAY = 60;

/**
 * Returns transfers as they were issued, with a sequence of its own for each account, and their
 * deliveries. An issuer who gets no answer issues the same transfer again: with the same id, and the
 * next number of the sequence.
 */
export function makeTransfers(seed) {
  const random = seeded(seed);
  const below = (limit) => Math.floor(random() * limit);
  const accounts = new Map(ACCOUNTS.map((name) => [name, { balance: 0, sequence: 0 }]));
  const issued = [];
  for (let number = 0; number < TRANSFERS; number += 1) {
    const name = ACCOUNTS[below(ACCOUNTS.length)];
    const account = accounts.get(name);
    // The larger the balance, the likelier it is spent, to the last cent.
    const isWithdrawal = account.balance > 0 && random() < 0.55;
    const cents = isWithdrawal ? -(1 + below(account.balance)) : 1 + below(100_000);
    account.balance += cents;
    for (let times = random() < RETRIED_SHARE ? 2 : 1; times > 0; times -= 1) {
      account.sequence += 1;
      issued.push({ account: name, sequence: account.sequence, id: `transfer-${number}`, cents });
    }
  }
  const deliveries = issued.flatMap((transfer, index) =>
    Array.from({ length: random() < DELIVERED_TWICE_SHARE ? 2 : 1 }, () => {
      return { transfer, at: index + below(DELAY) };
    }),
  );
  deliveries.sort((a, b) => a.at - b.at);
  const truth = Object.fromEntries([...accounts].map(([name, { balance }]) => [name, balance]));
  return { truth, issued, deliveries: deliveries.map(({ transfer }) => transfer) };
}

/** Accounts that do as they are told, and note when they are overdrawn. */
class Bank {
  balances = Object.fromEntries(ACCOUNTS.map((name) => [name, 0]));
  overdrawn = 0;

  apply({ account, cents }) {
    this.balances[account] += cents;
    this.overdrawn += this.balances[account] < 0 ? 1 : 0;
  }
}

/** Acts on each delivery at once. */
export function actAtOnce(deliveries) {
  const bank = new Bank();
  for (const transfer of deliveries) {
    bank.apply(transfer);
  }
  return bank;
}

/** Knows each transfer, in whatever order it comes. */
export async function actOnce(deliveries) {
  const bank = new Bank();
  const gate = await Gate.open();
  for (const transfer of gate.filter(deliveries, ({ id }) => ({ scope: "bank", id }))) {
    bank.apply(transfer);
  }
  await gate.close();
  return bank;
}

/** Keeps the order of each account, and knows each transfer. */
export async function actInOrder(deliveries) {
  const bank = new Bank();
  const gate = await Gate.open();
  const sequencer = new Sequencer({
    by: ({ account, sequence }) => ({ scope: account, order: sequence }),
    release: "next",
    first: 1,
  });
  for (const delivered of deliveries) {
    for (const transfer of sequencer.push(delivered)) {
      if (gate.check({ scope: "bank", id: transfer.id }) === "fresh") {
        bank.apply(transfer);
      }
    }
  }
  await gate.close();
  return { ...bank, held: sequencer.held, dropped: sequencer.dropped };
}

async function main(seed) {
  const { truth, issued, deliveries } = makeTransfers(seed);
  const naive = actAtOnce(deliveries);
  const once = await actOnce(deliveries);
  const ordered = await actInOrder(deliveries);
  console.log(
    `\n${grouped(TRANSFERS)} transfers were issued ${grouped(issued.length)} times, and delivered ` +
      `${grouped(deliveries.length)} times, by seed ${seed}.\n`,
  );
  const columns = [naive, once, ordered];
  const mark = (bank, name) =>
    `${money(bank.balances[name])} ${bank.balances[name] === truth[name] ? "✓" : "✗"}`;
  const rows = ACCOUNTS.map((name) => [
    name,
    money(truth[name]),
    ...columns.map((bank) => mark(bank, name)),
  ]);
  rows.push(["overdrawn", "", ...columns.map(({ overdrawn }) => `${grouped(overdrawn)} times`)]);
  printTable(["balance", "truth", "at once", "once", "once, in order"], rows);
  const isRight = ACCOUNTS.every((name) => ordered.balances[name] === truth[name]);
  return isRight && ordered.overdrawn === 0 && naive.overdrawn > 0 ? 0 : 1;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  process.exitCode = await main(Number(process.argv[2] ?? 42));
}
