/**
 * One account: what was paid in, and a gate that lets each payment in once.
 * @module
 */
import { DurableObject } from "cloudflare:workers";
import { Gate } from "onceward";
import { durableObject } from "onceward/durable-object";

export class Account extends DurableObject {
  #gate;

  constructor(ctx, env) {
    super(ctx, env);
    ctx.storage.sql.exec(
      "CREATE TABLE IF NOT EXISTS payments (id TEXT PRIMARY KEY, amount INTEGER) STRICT",
    );
    // No event is delivered before the gate is open. It goes on as the last one was left.
    ctx.blockConcurrencyWhile(async () => {
      this.#gate = await Gate.open({
        store: durableObject(ctx.storage),
        // For longer than the provider sends an event again.
        retention: "7d",
        resultRetention: "7d",
      });
    });
  }

  /** Receives a webhook whose signature was verified; returns what to answer. */
  async receive(id, body) {
    const { amount } = JSON.parse(body);
    const event = { scope: "payments", id, content: body };
    const outcome = await this.#gate.once(event, ({ takeover }) => {
      // An earlier attempt that ended without an answer may have come as far as the row.
      const done = takeover && this.#find(id);
      return done || this.#pay(id, amount);
    });
    if (outcome.status !== "refused") {
      return { status: 200, replayed: outcome.status === "replayed", answer: outcome.value };
    }
    const { verdict, refusal } = outcome;
    // Only what another body makes a conflict is final; the provider shall try the rest again.
    return {
      status: verdict === "conflict" ? 422 : 503,
      retryAfter: Math.ceil((refusal.retryAfter ?? 60_000) / 1000),
      answer: { refused: verdict },
    };
  }

  #find(id) {
    const [row] = this.ctx.storage.sql.exec("SELECT rowid FROM payments WHERE id = ?", id);
    return row && this.#receipt(row.rowid);
  }

  #pay(id, amount) {
    const insert = "INSERT INTO payments (id, amount) VALUES (?, ?) RETURNING rowid";
    const { rowid } = this.ctx.storage.sql.exec(insert, id, amount).one();
    return this.#receipt(rowid);
  }

  #receipt(number) {
    const sum = "SELECT sum(amount) AS balance FROM payments WHERE rowid <= ?";
    const { balance } = this.ctx.storage.sql.exec(sum, number).one();
    return { receipt: number, balance };
  }
}
