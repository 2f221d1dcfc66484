/**
 * A Durable Object that takes orders: a gate, and beside it a table that says what was acted on, in
 * which order, whatever the gate believes.
 * @module
 */
import { DurableObject } from "cloudflare:workers";
import { Gate } from "onceward";
import { durableObject } from "onceward/durable-object";
import { idempotencyOf, idempotent, keepOpen } from "onceward/http";

export class Shop extends DurableObject {
  #orders;

  constructor(ctx, env) {
    super(ctx, env);
    ctx.storage.sql.exec(
      `CREATE TABLE IF NOT EXISTS acted
       (number INTEGER PRIMARY KEY AUTOINCREMENT, what TEXT, attempt INTEGER)`,
    );
    const open = () => Gate.open({ store: durableObject(ctx.storage), lease: "1s" });
    this.#orders = idempotent((request) => this.#act(request), {
      gate: keepOpen(open),
      scope: (request) => ({ tenant: new URL(request.url).pathname, operation: "order" }),
    });
  }

  /** The effect. One that takes over from another asks first whether that has acted. */
  async #act(request) {
    const { sql } = this.ctx.storage;
    const what = await request.text();
    const { attempt, takeover } = idempotencyOf(request);
    if (what.endsWith("7")) {
      await scheduler.wait(5);
    }
    const done = takeover
      ? sql.exec("SELECT number FROM acted WHERE what = ?", what).toArray()
      : [];
    const insert = "INSERT INTO acted (what, attempt) VALUES (?, ?) RETURNING number";
    const [{ number }] = done.length > 0 ? done : sql.exec(insert, what, attempt).toArray();
    return Response.json({ number, what });
  }

  async fetch(request) {
    if (new URL(request.url).pathname === "/acted") {
      const { sql } = this.ctx.storage;
      return Response.json(sql.exec("SELECT * FROM acted ORDER BY number").toArray());
    }
    return await this.#orders(request);
  }
}
