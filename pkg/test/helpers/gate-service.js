/**
 * A service worker that answers its page's requests through gates in IndexedDB, one for each way to
 * take crashes.
 * @module
 */
import { Gate } from "onceward";
import { indexedDb } from "onceward/indexeddb";

const effects = new BroadcastChannel("effects");
const gates = new Map();

/** When this worker was started, as far as it can tell. */
const born = `${Math.random()}`;

let now = 0;

/** The gate of that name; what opens it waits for it. */
function gateOf(afterCrash) {
  const opening =
    gates.get(afterCrash) ??
    Gate.open({ store: indexedDb(), name: afterCrash, afterCrash, clock: () => now });
  gates.set(afterCrash, opening);
  return opening;
}

/** Acts on an event; when it hangs, the worker is stopped before the claim is committed. */
function act(gate, { event, hangs }) {
  return gate.once(
    event,
    async ({ attempt, takeover }) => {
      effects.postMessage({ id: event.id, attempt, takeover });
      await (hangs ? new Promise(() => {}) : undefined);
      return { id: event.id, attempt, takeover };
    },
    { onPending: "refuse" },
  );
}

async function answer(request) {
  const asked = JSON.parse(await request.text());
  now = asked.now;
  const gate = await gateOf(asked.afterCrash);
  switch (asked.what) {
    case "act":
      return { ...(await act(gate, asked)), born };
    case "doubts":
      return gate.doubts().map(({ key, attempt, since }) => ({ key, attempt, since }));
    case "fingerprint":
      return gate.fingerprint(asked.event);
    case "resolve":
      gate.resolve(asked.event, asked.as, asked.result);
      return gate.flush();
  }
  throw new Error(`${asked.what} is not known`);
}

async function respond(request) {
  try {
    return Response.json((await answer(request)) ?? null);
  } catch (error) {
    return Response.json({ name: error.name, code: error.code, message: error.message });
  }
}

globalThis.addEventListener("install", () => globalThis.skipWaiting());

globalThis.addEventListener("activate", (event) => {
  event.waitUntil(globalThis.clients.claim());
});

globalThis.addEventListener("fetch", (event) => {
  if (new URL(event.request.url).pathname === "/gate") {
    event.respondWith(respond(event.request));
  }
});
