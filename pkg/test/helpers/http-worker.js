/**
 * A Worker whose requests are judged by a Durable Object for each tenant: the pattern of
 * docs/http.md.
 * @module
 */
import { DurableObject } from "cloudflare:workers";
import { Gate } from "onceward";
import { durableObject } from "onceward/durable-object";
import { idempotencyOf, idempotent, keepOpen } from "onceward/http";

/** Whose request it is. A real service asks its session, not a header. */
const tenantOf = (request) => request.headers.get("x-tenant") ?? "nobody";

export class Charges extends DurableObject {
  #gate = keepOpen(() => Gate.open({ store: durableObject(this.ctx.storage) }));

  #charge = idempotent((request) => this.charge(request), {
    gate: this.#gate,
    scope: (request) => ({ tenant: tenantOf(request), operation: "charge" }),
    pending: "wait",
  });

  constructor(ctx, env) {
    super(ctx, env);
    ctx.storage.sql.exec(
      "CREATE TABLE IF NOT EXISTS charges (number INTEGER PRIMARY KEY, body TEXT)",
    );
  }

  async fetch(request) {
    return request.method === "GET" ? this.count() : await this.#charge(request);
  }

  async charge(request) {
    const { attempt } = idempotencyOf(request);
    const { pause = 0, amount } = await request.json();
    const insert = "INSERT INTO charges (body) VALUES (?) RETURNING number";
    const { number } = this.ctx.storage.sql.exec(insert, `${amount}`).one();
    await scheduler.wait(pause);
    const bytes = Uint8Array.of(number, attempt, 0, 255);
    return new Response(bytes, { status: 201, headers: { location: `/charges/${number}` } });
  }

  count() {
    return Response.json(this.ctx.storage.sql.exec("SELECT COUNT(*) AS rows FROM charges").one());
  }
}

/** Sends each request to the object of its tenant, and has it end even if its client goes away. */
export async function route(request, env, ctx) {
  const stub = env.CHARGES.get(env.CHARGES.idFromName(tenantOf(request)));
  const answer = stub.fetch(request);
  ctx.waitUntil(answer.catch(() => {}));
  return await answer;
}
