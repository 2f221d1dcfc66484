/**
 * The example of a stream consumer: it is killed again and again, and has booked everything once.
 * @module
 */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { cp, readFile, symlink } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { root } from "../../scripts/steps.mjs";
import { nodeOf, PATIENCE_MS } from "../lib/command.mjs";

const PARTITIONS = ["1", "2", "3"];
const OFFSETS = 100;

/** All records of the log, as the broker delivers them: some of them twice. */
function records() {
  const all = [];
  for (let offset = 0; offset < OFFSETS; offset += 1) {
    for (const partition of PARTITIONS) {
      const order = { id: `o-${partition}-${offset}`, amount: offset * 10 };
      all.push({ partition, offset, order });
    }
  }
  const again = all.slice(60, 90);
  return [...all.slice(0, 90), ...again, ...all.slice(90)];
}

/** The consumer, and what it leaves behind. */
class Consumer {
  constructor(path) {
    this.path = path;
    this.state = join(path, "state");
  }

  /** The orders that are booked. A line that is being written is none yet. */
  async booked() {
    const text = await readFile(join(this.state, "ledger.ndjson"), "utf8").catch(() => "");
    const lines = text.slice(0, text.lastIndexOf("\n") + 1).split("\n");
    return lines.filter(Boolean).map((line) => JSON.parse(line));
  }

  start() {
    const program = nodeOf("node20");
    const args = [join(this.path, "src/consume.js"), this.state];
    const child = spawn(program, args, { stdio: ["pipe", "pipe", "pipe"], timeout: PATIENCE_MS });
    const running = { child, out: "", err: "", closed: once(child, "close") };
    child.stdout.setEncoding("utf8").on("data", (text) => {
      running.out += text;
    });
    child.stderr.setEncoding("utf8").on("data", (text) => {
      running.err += text;
    });
    // Whoever is killed does not read to the end.
    child.stdin.on("error", () => {});
    child.stdin.end(
      records()
        .map((record) => `${JSON.stringify(record)}\n`)
        .join(""),
    );
    return running;
  }

  /** Runs it to the end; returns what it says. */
  async run() {
    const running = this.start();
    const [code] = await running.closed;
    assert.equal(code, 0, running.err);
    return running.out;
  }

  /** Kills it (SIGKILL) once it has booked so many more orders, whatever it is doing then. */
  async runAndKill(more) {
    const before = (await this.booked()).length;
    const running = this.start();
    while ((await this.booked()).length < before + more) {
      assert.equal(running.child.exitCode, null, `it ended early: ${running.err}`);
      await delay(1);
    }
    running.child.kill("SIGKILL");
    const [, signal] = await running.closed;
    assert.equal(signal, "SIGKILL");
  }
}

const total = PARTITIONS.length * OFFSETS;

const TESTS = {
  async kills(consumer) {
    for (const more of [1, 17, 40, 2, 77]) {
      await consumer.runAndKill(more);
    }
    const before = (await consumer.booked()).length;
    assert.ok(before >= 137 && before < total, `${before} orders are booked`);
    const said = await consumer.run();
    const [, applied, replayed] = /^booked (\d+), and (\d+) before\n$/.exec(said) ?? [said];
    assert.equal(Number(applied) + Number(replayed), records().length);
    // What the last kill has interrupted may be in the ledger already.
    assert.ok([0, 1].includes(before + Number(applied) - total), said);
    const booked = await consumer.booked();
    for (const partition of PARTITIONS) {
      const offsets = booked.filter((order) => order.partition === partition);
      const expected = Array.from({ length: OFFSETS }, (_, offset) => offset);
      assert.deepEqual(
        offsets.map(({ offset }) => offset),
        expected,
      );
    }
    assert.equal(await consumer.run(), `booked 0, and ${records().length} before\n`);
    assert.equal((await consumer.booked()).length, total);
  },
};

export async function start({ folder }) {
  await cp(join(root, "examples/stream-consumer"), folder.path, { recursive: true });
  const name = "fs-native-extensions";
  await symlink(join(root, "node_modules", name), join(folder.path, "node_modules", name));
  const consumer = new Consumer(folder.path);
  return { version: process.version, ask: ({ test }) => TESTS[test](consumer) };
}
