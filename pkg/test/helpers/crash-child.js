/**
 * A process that acts on events until it is killed: `node crash-child.js <JSON of what to do>`.
 *
 * Each effect is in the log before it returns; what the gate has said, and nothing more, is printed.
 * @module
 */
import { fsyncSync, openSync, writeSync } from "node:fs";
import { setImmediate as turn } from "node:timers/promises";
import { Gate } from "onceward";
import { file } from "onceward/file";
import { seeded } from "./random.js";

const WORKERS = 6;
const STDOUT = 1;

const { directory, log, life, seed, options } = JSON.parse(process.argv[2]);
const random = seeded(seed + life);
const effects = openSync(log, "a");
let moment = 0;

function say(word, details) {
  writeSync(STDOUT, `${word} ${JSON.stringify(details)}\n`);
}

/** An effect: it has happened once its line is on the disk, whatever becomes of this process. */
async function act(id) {
  if (random.chance(0.3)) {
    await turn();
  }
  moment += 1;
  const done = { life, moment, id };
  writeSync(effects, `${JSON.stringify(done)}\n`);
  fsyncSync(effects);
  if (random.chance(0.3)) {
    await turn();
  }
  return done;
}

async function actOnce(gate, id) {
  const { status, value, verdict, unconfirmed } = await gate.once({ id }, () => act(id));
  moment += 1;
  if (status === "refused") {
    say("REFUSED", { life, id, verdict });
  } else {
    say(unconfirmed ? "UNCONFIRMED" : "ACK", { life, moment, id, status, value });
  }
}

async function checkAndFlush(gate, id) {
  const verdict = gate.check({ scope: "checked", id });
  await gate.flush();
  say("CHECKED", { life, id, verdict });
}

/** Old events come again and again, and new ones with each life. */
async function work(gate) {
  for (;;) {
    const id = `${random.below(20 * (life + 1))}`;
    await (random.chance(0.7) ? actOnce(gate, id) : checkAndFlush(gate, id));
    await turn();
  }
}

say("UP", { life });
const gate = await Gate.open({ store: file(directory), ...options });
say("OPEN", { life, ...gate.recovery });
await Promise.all(Array.from({ length: WORKERS }, () => work(gate)));
