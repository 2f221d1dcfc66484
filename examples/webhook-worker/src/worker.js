/**
 * Receives signed webhooks of a payment provider, and acts on each of them once.
 * @module
 */
import { verify } from "./signature.js";

export { Account } from "./account.js";

const BODY_CHARACTERS_MAX = 64 * 1024;

/** Reads a payment; undefined when it is not one. */
function readPayment(body) {
  try {
    const { account, amount } = JSON.parse(body);
    const isPayment = typeof account === "string" && Number.isSafeInteger(amount) && amount > 0;
    return isPayment ? { account } : undefined;
  } catch {
    return undefined;
  }
}

export default {
  async fetch(request, env) {
    if (request.method !== "POST") {
      return new Response(null, { status: 405, headers: { allow: "POST" } });
    }
    const body = await request.text();
    if (body.length > BODY_CHARACTERS_MAX) {
      return new Response("the body is too large", { status: 413 });
    }
    const id = await verify(request.headers, body, env.WEBHOOK_SECRET);
    if (id === undefined) {
      return new Response("the signature does not fit", { status: 401 });
    }
    const payment = readPayment(body);
    if (payment === undefined) {
      return new Response("the body is no payment", { status: 400 });
    }
    const account = env.ACCOUNTS.get(env.ACCOUNTS.idFromName(payment.account));
    const { status, replayed, retryAfter, answer } = await account.receive(id, body);
    const headers = {
      ...(replayed && { "idempotent-replayed": "true" }),
      ...(status === 503 && { "retry-after": String(retryAfter) }),
    };
    return Response.json(answer, { status, headers });
  },
};
