/**
 * A server that acts once for each key, remembers what it has done, and can be told to hold
 * answers.
 * @module
 */
import { once } from "node:events";
import { createServer } from "node:http";
import { text } from "node:stream/consumers";

const ALLOWED = {
  "access-control-allow-origin": "*",
  "access-control-allow-headers": "idempotency-key, x-sent-by, content-type",
  "access-control-allow-methods": "POST",
};

/** Starts a shop, which is closed at the end of a test. */
export async function startShop(t) {
  /** The bodies that were acted on, in that order. */
  const done = [];
  /** All requests that arrived. */
  const requests = [];
  const answers = new Map();
  let hold;
  const server = createServer(async (request, response) => {
    if (request.method === "OPTIONS") {
      response.writeHead(204, ALLOWED).end();
      return;
    }
    const key = JSON.parse(request.headers["idempotency-key"]);
    const body = await text(request);
    requests.push({ key, body, by: request.headers["x-sent-by"] });
    const isReplay = answers.has(key);
    if (!isReplay) {
      done.push(body);
      answers.set(key, `${done.length}: ${body}`);
    }
    await hold?.(body);
    const replayed = isReplay ? { "idempotency-replayed": "true" } : {};
    response.writeHead(200, { ...ALLOWED, ...replayed }).end(answers.get(key));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(async () => {
    server.closeAllConnections();
    server.close();
    await once(server, "close");
  });
  return {
    url: `http://127.0.0.1:${server.address().port}/orders`,
    done,
    requests,
    /** Has answers wait for what a function of the body returns. */
    holdBy: (holds) => {
      hold = holds;
    },
  };
}
