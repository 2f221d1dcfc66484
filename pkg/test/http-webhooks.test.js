/**
 * The recipe for webhooks: signature first, then key and revision in one verdict.
 * @module
 */
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { readFileSync } from "node:fs";
import test from "node:test";
import { open, START } from "./helpers/gate.js";
import { ORIGIN } from "./helpers/http.js";
import { seeded } from "./helpers/random.js";
import { recorded, unpacked } from "./helpers/shared.js";
import { github, receiver, standard, stripe } from "./helpers/webhooks.js";

const SECONDS = START / 1000;
const SECRET = "whsec_dGhlIHNlY3JldCBvZiBhIHRlc3QgaW4gYmFzZTY0";

const digest = (key, text, form) => createHmac("sha256", key).update(text).digest(form);

/** How each provider signs. */
const SIGN = {
  stripe: (body, time = SECONDS) => ({
    "stripe-signature": `t=${time},v0=00,v1=${digest(SECRET, `${time}.${body}`, "hex")}`,
  }),
  github: (body, id) => ({
    "x-github-delivery": id,
    "x-hub-signature-256": `sha256=${digest(SECRET, body, "hex")}`,
  }),
  standard: (body, id, time = SECONDS) => {
    const key = Buffer.from(SECRET.slice(6), "base64");
    return {
      "webhook-id": id,
      "webhook-timestamp": `${time}`,
      "webhook-signature": `v1a,AA== v1,${digest(key, `${id}.${time}.${body}`, "base64")}`,
    };
  },
};

async function receiving(provider, act = () => {}) {
  const { gate, clock } = await open({ maxSkew: "7d" });
  const acted = [];
  const fetch = receiver({
    gate,
    scope: "hooks",
    provider,
    now: clock,
    act: async (payload, claim, { isTie }) => {
      acted.push({ payload, isTie });
      await act(payload, claim);
    },
  });
  const send = async (body, headers) => {
    const answer = await fetch(new Request(ORIGIN, { method: "POST", body, headers }));
    return `${answer.status} ${await answer.text()}`;
  };
  return { gate, clock, acted, send };
}

const stripeEvent = (id, created, object = "sub_1") =>
  JSON.stringify({
    id,
    object: "event",
    type: "customer.subscription.updated",
    created,
    pending_webhooks: 1,
    data: { object: { id: object, object: "subscription" } },
  });

const pull = (updated, id = 76521107) =>
  JSON.stringify({ action: "edited", number: 3, pull_request: { id, updated_at: updated } });

const message = (timestamp, id = "user_1") =>
  JSON.stringify({ type: "user.updated", timestamp, data: { id } });

test("the signatures of the providers' own documentation are right", async () => {
  const hello = new Headers({
    "x-hub-signature-256":
      "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17",
  });
  assert.equal(await github("It's a Secret to Everybody").verify(hello, "Hello, World!"), true);
  const headers = new Headers({
    "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
    "webhook-timestamp": "1614265330",
    "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
  });
  const provider = standard("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
  assert.equal(await provider.verify(headers, '{"test": 2432232314}', 1614265330_000), true);
});

const CASES = {
  stripe: {
    provider: stripe(SECRET),
    sign: (body) => SIGN.stripe(body),
    late: SIGN.stripe(stripeEvent("evt_1", SECONDS), SECONDS - 301),
    bodies: [
      ["evt_1", stripeEvent("evt_1", SECONDS - 10)],
      ["evt_2", stripeEvent("evt_2", SECONDS - 20)],
      ["evt_3", stripeEvent("evt_3", SECONDS - 10)],
      ["evt_4", stripeEvent("evt_4", SECONDS - 5)],
    ],
  },
  github: {
    provider: github(SECRET),
    sign: (body, id) => SIGN.github(body, id),
    bodies: [
      ["72d3162e-cc78-11e3-81ab-4c9367dc0958", pull("2016-07-06T23:59:58Z")],
      ["72d3162e-cc78-11e3-81ab-4c9367dc0959", pull("2016-07-06T23:59:57Z")],
      ["72d3162e-cc78-11e3-81ab-4c9367dc0960", pull("2016-07-06T23:59:58Z")],
      ["72d3162e-cc78-11e3-81ab-4c9367dc0961", pull("2016-07-06T23:59:59Z")],
    ],
  },
  "Standard Webhooks": {
    provider: standard(SECRET),
    sign: (body, id) => SIGN.standard(body, id),
    late: SIGN.standard(message("2022-11-03T20:26:10.344522Z"), "msg_1", SECONDS + 301),
    bodies: [
      ["msg_1", message("2022-11-03T20:26:10.344522Z")],
      ["msg_2", message("2022-11-03T20:26:10.344521Z")],
      ["msg_3", message("2022-11-03T20:26:10.344522Z")],
      ["msg_4", message("2022-11-03T20:26:11Z")],
    ],
  },
};

for (const [name, { provider, sign, late, bodies }] of Object.entries(CASES)) {
  const [[id, body]] = bodies;

  test(`${name}: nothing is remembered of what is not signed`, async () => {
    const { send, acted, gate } = await receiving(provider);
    const refused = "401 the signature is wrong";
    for (const headers of [
      {},
      ...Object.keys(sign(body, id)).map((header) => ({ ...sign(body, id), [header]: "x" })),
      sign(`${body} `, id),
      ...(late === undefined ? [] : [late]),
    ]) {
      // The name of a delivery at GitHub is not signed, and forging it needs a signed body anyway.
      const [text] = headers["x-github-delivery"] === "x" ? [`${body} `] : [body];
      assert.equal(await send(text, headers), refused, JSON.stringify(headers));
    }
    assert.deepEqual([acted.length, gate.stats().keys, gate.stats().entities], [0, 0, 0]);
    assert.equal(await send(body, sign(body, id)), "200 applied");
  });

  test(`${name}: each is acted on once, late ones are not, and ties are told`, async () => {
    const { send, acted } = await receiving(provider);
    const sent = [];
    for (const [number, text] of [...bodies, ...bodies]) {
      sent.push(await send(text, sign(text, number)));
    }
    assert.deepEqual(sent, [
      "200 applied",
      "200 stale",
      "200 applied",
      "200 applied",
      "200 replayed",
      "200 stale",
      "200 replayed",
      "200 replayed",
    ]);
    assert.deepEqual(
      acted.map(({ isTie }) => isTie),
      [false, true, false],
    );
  });
}

test("a webhook whose effect fails is sent again, and acted on then", async () => {
  let calls = 0;
  const { send, acted } = await receiving(stripe(SECRET), () => {
    calls += 1;
    if (calls === 1) {
      throw new Error("no database");
    }
  });
  const body = stripeEvent("evt_1", SECONDS);
  await assert.rejects(send(body, SIGN.stripe(body)), { message: "no database" });
  assert.equal(await send(body, SIGN.stripe(body)), "200 applied");
  assert.equal(await send(body, SIGN.stripe(body)), "200 replayed");
  assert.equal(acted.length, 2);
});

test("events without an object are judged by their key alone", async () => {
  const { send } = await receiving(github(SECRET));
  const push = JSON.stringify({ ref: "refs/heads/main", before: "e10b58", after: "6497f2" });
  assert.equal(await send(push, SIGN.github(push, "a")), "200 applied");
  assert.equal(await send(push, SIGN.github(push, "b")), "200 applied");
  assert.equal(await send(push, SIGN.github(push, "a")), "200 replayed");
});

/** Sends recorded events, each of them twice and in a random order; returns what came of them. */
async function shuffled(provider, given, sign) {
  const { send, acted } = await receiving(provider);
  const { below } = seeded(7);
  const order = [...given, ...given];
  for (let last = order.length - 1; last > 0; last -= 1) {
    const other = below(last + 1);
    [order[last], order[other]] = [order[other], order[last]];
  }
  const firsts = new Set();
  for (const { id, body } of order) {
    const answer = await send(body, sign(body, id));
    const isFirst = !firsts.has(id);
    firsts.add(id);
    assert.match(answer, isFirst ? /^200 (?:applied|stale)$/ : /^200 (?:replayed|stale)$/);
  }
  return acted;
}

/** Asserts that what was acted on never went backwards, and that each entity came to its last. */
function onlyForwards(acted, all, of) {
  const last = new Map();
  for (const { payload } of acted) {
    const [entity, revision] = of(payload);
    assert.ok(revision >= (last.get(entity) ?? 0), entity);
    last.set(entity, revision);
  }
  const greatest = new Map();
  for (const { body } of all) {
    const [entity, revision] = of(JSON.parse(body));
    greatest.set(entity, Math.max(greatest.get(entity) ?? 0, revision));
  }
  assert.deepEqual(new Map([...last].sort()), new Map([...greatest].sort()));
}

test("recorded events of Stripe, twice and in any order, only go forwards", async (t) => {
  const path = recorded(t, "stripe-webhook-events.ndjson");
  if (path === undefined) {
    return;
  }
  // The recorded ids are placeholders that many events share; their number tells them apart.
  const events = readFileSync(path, "utf8")
    .trim()
    .split("\n")
    .map((line, index) => ({ ...JSON.parse(line), id: `evt_${index}` }))
    .filter(({ object, created }) => object?.id !== undefined && Number.isInteger(created))
    .map(({ id, type, created, object }) => ({
      id,
      body: JSON.stringify({ id, object: "event", type, created, data: { object } }),
    }));
  assert.ok(events.length > 50, `${events.length}`);
  const acted = await shuffled(stripe(SECRET), events, (body) => SIGN.stripe(body));
  onlyForwards(acted, events, ({ created, data: { object } }) => [
    `${object.object} ${object.id}`,
    created,
  ]);
});

test("recorded events of GitHub, twice and in any order, only go forwards", async (t) => {
  const path = recorded(t, "github-events-2016-07-07.ndjson.gz");
  if (path === undefined) {
    return;
  }
  const events = unpacked(path)
    .toString()
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line))
    .filter(({ payload }) => payload.pull_request?.updated_at !== undefined)
    .map(({ id, payload }) => ({ id, body: JSON.stringify(payload) }));
  assert.ok(events.length > 50, `${events.length}`);
  const acted = await shuffled(github(SECRET), events, SIGN.github);
  onlyForwards(acted, events, ({ pull_request: { id, updated_at: updated } }) => [
    `${id}`,
    Date.parse(updated),
  ]);
});
