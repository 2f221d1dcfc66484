/**
 * Receiving webhooks: the code of docs/recipes/webhooks.md, as it is tested.
 * @module
 */
import { ordinal } from "onceward";

const SECONDS_APART_MAX = 300;

/** Checks an HMAC-SHA256 in constant time, as WebCrypto's verify does. */
async function isSigned(secret, signature, text) {
  const algorithm = { name: "HMAC", hash: "SHA-256" };
  const key = await crypto.subtle.importKey("raw", secret, algorithm, false, ["verify"]);
  return await crypto.subtle.verify("HMAC", key, signature, new TextEncoder().encode(text));
}

const utf8 = (text) => new TextEncoder().encode(text);
const base64 = (text) => Uint8Array.from(atob(text), (char) => char.charCodeAt(0));
const hex = (text) =>
  Uint8Array.from(/^(?:[0-9a-f]{2})+$/.test(text) ? text.match(/../g) : [], (pair) =>
    Number.parseInt(pair, 16),
  );

/** Whether one of several signatures is right: there are two while a secret is being replaced. */
async function isAnySigned(secret, signatures, text) {
  const checked = signatures.map((signature) => isSigned(secret, signature, text));
  return (await Promise.all(checked)).includes(true);
}

/** Whether a time in seconds is close to now, so that an old delivery cannot be played again. */
function isRecent(seconds, now) {
  return /^\d{1,12}$/.test(seconds) && Math.abs(now / 1000 - Number(seconds)) <= SECONDS_APART_MAX;
}

/** Stripe: `Stripe-Signature: t=…,v1=…`, over the time and the body. */
export const stripe = (secret) => ({
  async verify(headers, body, now) {
    const pairs = (headers.get("stripe-signature") ?? "").split(",").map((pair) => pair.split("="));
    const of = (name) => pairs.filter(([key]) => key === name).map(([, value = ""]) => value);
    const [time = ""] = of("t");
    const signed = `${time}.${body}`;
    return isRecent(time, now) && (await isAnySigned(utf8(secret), of("v1").map(hex), signed));
  },
  identify(_, { id, created, data: { object } }) {
    // `created` of the event counts seconds: of two in one second nobody can say which is later.
    return { id, entity: `${object.object} ${object.id}`, revision: created };
  },
});

/** GitHub: `X-Hub-Signature-256: sha256=…`, over the body. */
export const github = (secret) => ({
  async verify(headers, body) {
    const [name, value = ""] = (headers.get("x-hub-signature-256") ?? "").split("=");
    return name === "sha256" && (await isSigned(utf8(secret), hex(value), body));
  },
  identify(headers, { pull_request: pull, issue }) {
    // A delivery that is sent again keeps its id.
    const id = headers.get("x-github-delivery");
    const kind = pull === undefined ? "issue" : "pull request";
    const about = pull ?? issue;
    return about === undefined
      ? { id }
      : { id, entity: `${kind} ${about.id}`, revision: ordinal.time(about.updated_at) };
  },
});

/** Standard Webhooks: `webhook-signature: v1,…`, over the id, the time and the body. */
export const standard = (secret) => ({
  async verify(headers, body, now) {
    const id = headers.get("webhook-id") ?? "";
    const time = headers.get("webhook-timestamp") ?? "";
    const signatures = (headers.get("webhook-signature") ?? "")
      .split(" ")
      .flatMap((part) => (/^v1,[A-Za-z0-9+/]+={0,2}$/.test(part) ? [base64(part.slice(3))] : []));
    const key = base64(secret.replace(/^whsec_/, ""));
    const signed = `${id}.${time}.${body}`;
    return isRecent(time, now) && (await isAnySigned(key, signatures, signed));
  },
  identify(headers, { timestamp, data }) {
    const id = headers.get("webhook-id");
    return data?.id === undefined
      ? { id }
      : { id, entity: `${data.id}`, revision: ordinal.time(timestamp) };
  },
});

/**
 * Makes a handler of webhooks. `act(payload, claim, { isTie })` is called once for each that is news;
 * with `isTie`, look the object up, since another event of the same moment was acted on before.
 */
export function receiver({ gate, scope, provider, act, now = Date.now }) {
  return async (request) => {
    const body = await request.text();
    // First of all: nothing is remembered of what anybody could have sent.
    if (!(await provider.verify(request.headers, body, now()))) {
      return new Response("the signature is wrong", { status: 401 });
    }
    const payload = JSON.parse(body);
    const { id, ...about } = provider.identify(request.headers, payload);
    // The id is also the content: another event with the same revision is then told as a conflict.
    const event = { scope, id, content: id, ...about };
    let outcome = await gate.once(event, (claim) => run(claim, false));
    const key = { scope, id, content: id };
    if (outcome.verdict === "conflict" && gate.inspect(key).verdict === "fresh") {
      outcome = await gate.once(key, (claim) => run(claim, true));
    }
    return answer(outcome);

    async function run(claim, isTie) {
      await act(payload, claim, { isTie });
    }
  };
}

/** Answers what came of it: with 2xx the sender does not come again. */
function answer({ status, verdict }) {
  if (status !== "refused") {
    return new Response(status);
  }
  // A late event was overtaken by a newer one of its object: there is nothing left to do.
  return verdict === "stale"
    ? new Response(verdict)
    : new Response(verdict, { status: 503, headers: { "Retry-After": "60" } });
}
