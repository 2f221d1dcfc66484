/**
 * Durable Objects that act on webhooks once: a gate beside a table that their effects append to.
 * @module
 */
import { Gate } from "onceward";
import { durableObject } from "onceward/durable-object";
import { Stored } from "./store-worker.js";

const bigintAsText = (_, value) => (typeof value === "bigint" ? `${value}n` : value);

function answer(value) {
  return new Response(JSON.stringify(value, bigintAsText));
}

/** The code of the error that something throws, or what it returns. */
async function codeOf(call) {
  try {
    return await call();
  } catch ({ code }) {
    return code;
  }
}

/** An object with gates, which are opened when they are asked for the first time. */
class Acting extends Stored {
  #gates = new Map();
  #now;

  constructor(ctx, env) {
    super(ctx, env);
    ctx.storage.sql.exec(
      "CREATE TABLE IF NOT EXISTS effects (number INTEGER PRIMARY KEY, id TEXT, attempt INTEGER)",
    );
  }

  /** What is in the body, and the gate that is meant, whose clock then stands where it says. */
  async read({ name }, request) {
    const { now, ...given } = await request.json();
    this.#now = now;
    const opening = this.#gates.get(name) ?? this.open(name);
    this.#gates.set(name, opening);
    return { gate: await opening, ...given };
  }

  open(name, options) {
    const clock = () => this.#now ?? Date.now();
    return Gate.open({ store: durableObject(this.ctx.storage), name, clock, ...options });
  }

  /** The effect: a row in the object's own table, whose number is returned. */
  append(id, attempt) {
    const insert = "INSERT INTO effects (id, attempt) VALUES (?, ?) RETURNING number";
    return this.ctx.storage.sql.exec(insert, id, attempt).one().number;
  }

  async abort() {
    this.ctx.abort("the object is at its end");
  }
}

/** A webhook may come more than once; its effect may take a while after its row was appended. */
class Hooks extends Acting {
  async event(query, request) {
    const { gate, event, pause = 0, options } = await this.read(query, request);
    const effect = async ({ attempt, takeover }) => {
      const row = this.append(event.id, attempt);
      if (pause > 0) {
        await scheduler.wait(pause);
      }
      return { row, attempt, takeover };
    };
    return answer(await gate.once(event, effect, options));
  }

  async doubts(query, request) {
    const { gate, event } = await this.read(query, request);
    return answer({ doubts: gate.doubts(), fingerprint: gate.fingerprint(event) });
  }

  async resolve(query, request) {
    const { gate, event, as, result } = await this.read(query, request);
    gate.resolve(event, as, result);
    await gate.flush();
    return answer();
  }

  /** How many records are forgotten. */
  async forget(query, request) {
    const { gate, event } = await this.read(query, request);
    const records = gate.forget(event);
    await gate.flush();
    return answer(records);
  }
}

export class Retrying extends Hooks {
  open(name) {
    return super.open(name, { afterCrash: "retry" });
  }
}

export class Holding extends Hooks {
  open(name) {
    return super.open(name, { afterCrash: "hold" });
  }
}

/** Whoever waits for a lost claim shall not wait for long. */
export class Brief extends Hooks {
  open(name) {
    return super.open(name, { afterCrash: "retry", lease: 250 });
  }
}

/** Opens the same gate again while the first one is still there. */
export class Twice extends Acting {
  /** What the gates say, one after the other. */
  async idle({ name }) {
    const old = await this.open(name);
    await old.once({ id: "kept" }, () => "a result");
    const unflushed = old.check({ id: "unflushed" });
    const gate = await this.open(name);
    const ran = () => this.append("ran", 1);
    const seen = {
      unflushed,
      oldOnce: await codeOf(() => old.once({ id: "new" }, ran)),
      oldCheck: await codeOf(() => old.check({ id: "kept" })),
      oldFlush: await codeOf(() => old.flush()),
      oldClose: await codeOf(() => old.close()),
      kept: await gate.once({ id: "kept" }, ran),
      others: [...gate.checkAll([{ id: "unflushed" }, { id: "new" }])],
      flush: await codeOf(() => gate.flush()),
    };
    return answer(seen);
  }

  /** As above, while an effect runs at the first gate. */
  async acting({ name }) {
    const old = await this.open(name);
    let finish;
    const effect = new Promise((resolve) => (finish = resolve));
    const acting = old.once({ id: "held" }, () => effect);
    await old.flush();
    const gate = await this.open(name);
    const refused = await gate.once({ id: "held" }, () => 2, { onPending: "refuse" });
    finish(1);
    return answer({ outcome: await acting, refused: refused.verdict });
  }
}

/**
 * Records in the transaction of the effect: what that changes in the gate is kept beside the row,
 * until the gate's own store has it, and merged when the gate is opened.
 */
export class Staging extends Acting {
  /** What was found beside the rows when the gate was opened. */
  #merged = 0;

  async open(name) {
    const { sql } = this.ctx.storage;
    // With numbers that are never given twice, also when all rows were deleted in between.
    sql.exec(
      "CREATE TABLE IF NOT EXISTS staged (number INTEGER PRIMARY KEY AUTOINCREMENT, changes BLOB)",
    );
    const gate = await super.open(name);
    for (const { changes } of sql.exec("SELECT changes FROM staged").toArray()) {
      gate.merge(new Uint8Array(changes));
      this.#merged += 1;
    }
    await this.#tidy(gate);
    return gate;
  }

  async event(query, request) {
    const { gate, event, pause, tidy } = await this.read(query, request);
    const stage = gate.stage([event]);
    const verdict = stage.verdicts.at(0);
    if (verdict === "fresh") {
      try {
        await scheduler.wait(pause);
        this.ctx.storage.transactionSync(() => {
          this.append(event.id, 1);
          this.ctx.storage.sql.exec("INSERT INTO staged (changes) VALUES (?)", stage.changes);
        });
      } catch (error) {
        stage.drop();
        throw error;
      }
      stage.keep();
    }
    if (tidy) {
      await this.#tidy(gate);
    }
    return answer(verdict);
  }

  async merged(query, request) {
    await this.read(query, request);
    return answer(this.#merged);
  }

  /** Drops what the gate's own store has. */
  async #tidy(gate) {
    const { sql } = this.ctx.storage;
    const { last } = sql.exec("SELECT max(number) AS last FROM staged").one();
    await gate.flush();
    sql.exec("DELETE FROM staged WHERE number <= ?", last);
  }
}
