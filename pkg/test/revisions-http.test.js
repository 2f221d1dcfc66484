/**
 * Updates over HTTP: each applied once, and only forwards, by preconditions or by a field.
 * @module
 */
import assert from "node:assert/strict";
import test from "node:test";
import { revised, updateEvent } from "onceward/revisions";
import { deferred, never, turn } from "./helpers/claims.js";
import { DAY, open } from "./helpers/gate.js";
import { isProblem, key, request, seen } from "./helpers/http.js";

const SCOPE = { tenant: "t", operation: "profiles" };

/** A profile that updates are saved to. */
async function profiles(revision, { gateOptions, ...options } = {}) {
  const { gate, clock } = await open(gateOptions);
  const saved = [];
  const handler = async (given) => {
    saved.push(await given.text());
    return Response.json({ saved: saved.length });
  };
  const fetch = revised(handler, {
    gate,
    scope: () => SCOPE,
    entity: (given) => new URL(given.url).pathname,
    revision,
    ...options,
  });
  const put = (json, headers, init) =>
    fetch(request({ method: "PUT", path: "/profiles/7", json, headers, ...init }));
  return { gate, clock, saved, put };
}

const byMatch = () => profiles("if-match", { gateOptions: { revisions: "next" } });
const byField = (options) => profiles((_, body) => body?.revision, options);

const based = (tag) => ({ "if-match": tag });

test("updates that are based on the last revision are applied, and say which they are", async () => {
  const { put, saved } = await byMatch();
  const created = await put({ name: "a" }, { "if-none-match": "*" });
  assert.deepEqual([created.status, created.headers.get("etag")], [200, '"1"']);
  const changed = await put({ name: "b" }, based('"1"'));
  assert.deepEqual([changed.status, changed.headers.get("etag")], [200, '"2"']);
  assert.equal((await put({ name: "c" }, based('"2"'))).headers.get("etag"), '"3"');
  assert.equal(saved.length, 3);
});

test("an update that is based on an older revision is refused with 412 and the current one", async () => {
  const { put, saved } = await byMatch();
  for (const tag of ['"6"', '"7"', '"8"']) {
    await put({ name: tag }, based(tag));
  }
  for (const [headers, code] of [
    [based('"5"'), "stale"],
    [based('"8"'), "revision_conflict"],
    [based('"7"'), "revision_conflict"],
    [based('"9999"'), "early"],
    [{ "if-none-match": "*" }, "stale"],
  ]) {
    const refused = await put({ name: "late" }, headers);
    assert.equal(refused.headers.get("etag"), '"9"');
    const { current } = await isProblem(refused, 412, code);
    assert.equal(current, "9");
  }
  assert.equal(saved.length, 3);
});

test("of two updates that are based on the same revision one is applied", async () => {
  const { put, saved } = await byMatch();
  await put({ name: "a" }, based('"7"'));
  await isProblem(await put({ name: "b" }, based('"7"')), 412, "revision_conflict");
  assert.deepEqual(saved, ['{"name":"a"}']);
});

test("the same update again gets the first answer, also after later ones", async () => {
  const { put, saved } = await byMatch();
  const first = await seen(await put({ name: "a" }, based('"7"')));
  await put({ name: "b" }, based('"8"'));
  const again = await put({ name: "a" }, based('"7"'));
  assert.equal(again.headers.get("etag"), '"8"');
  assert.deepEqual(await seen(again), { ...first, replayed: "true" });
  assert.equal(saved.length, 2);
});

test("a precondition is required, and must name one revision", async () => {
  const { put, saved } = await byMatch();
  await isProblem(await put({}), 428, "missing_precondition");
  for (const headers of [
    based("*"),
    based('W/"7"'),
    based('"7", "8"'),
    based("7"),
    based('"07"'),
    based('"-1"'),
    based('"abc"'),
    based('""'),
    { "if-none-match": '"7"' },
  ]) {
    await isProblem(await put({}, headers), 400, "invalid_revision");
  }
  assert.deepEqual(saved, []);
});

test("updates that come out of order cannot roll an entity back", async () => {
  const { put, saved } = await byField();
  for (const [revision, expected] of [
    [3, 200],
    [1, 409],
    [7, 200],
    [5, 409],
    [6, 409],
    [8, 200],
  ]) {
    const answer = await put({ revision });
    assert.equal(answer.status, expected, `${revision}`);
    assert.equal(answer.headers.get("etag"), null);
  }
  assert.deepEqual(
    saved.map((text) => JSON.parse(text).revision),
    [3, 7, 8],
  );
  const { current, revision } = await isProblem(await put({ revision: 5 }), 409, "stale");
  assert.deepEqual([current, revision], ["8", "5"]);
});

test("the revision of a field is exact, however large", async () => {
  const { put } = await byField();
  const large = 2n ** 200n;
  assert.equal((await put({ revision: `${large}` })).status, 200);
  const { current } = await isProblem(await put({ revision: `${large - 1n}` }), 409, "stale");
  assert.equal(current, `${large}`);
  for (const revision of [-1, 1.5, 2 ** 53, "007", "x", null, true, [], "9".repeat(130)]) {
    await isProblem(await put({ revision }), 400, "invalid_revision");
  }
  await isProblem(await put({}), 400, "missing_revision");
  await isProblem(await put(undefined, {}, { body: "no JSON" }), 400, "missing_revision");
});

test("another update with the same revision is refused, also while the first is in flight", async () => {
  const held = deferred();
  const { gate } = await open();
  const fetch = revised(() => held.promise, {
    gate,
    scope: () => SCOPE,
    entity: () => "e",
    revision: (_, body) => body.revision,
  });
  const put = (json) => fetch(request({ method: "PUT", json }));
  const first = put({ revision: 2, name: "a" });
  await turn();
  await isProblem(await put({ revision: 2, name: "a" }), 409, "pending");
  const { current } = await isProblem(
    await put({ revision: 2, name: "b" }),
    409,
    "revision_conflict",
  );
  assert.equal(current, undefined);
  await isProblem(await put({ revision: 3, name: "c" }), 409, "pending");
  held.resolve(new Response("ok"));
  assert.equal((await first).status, 200);
  await isProblem(await put({ revision: 2, name: "b" }), 409, "revision_conflict");
});

test("key and revision are judged together", async () => {
  const { put, saved } = await byField();
  const send = (number, revision, name = "a") => put({ revision, name }, {}, { key: key(number) });
  await send(1, 5);
  assert.equal((await seen(await send(1, 5))).replayed, "true");
  await isProblem(await send(1, 6), 422, "conflict");
  await isProblem(await send(2, 4), 409, "stale");
  await isProblem(await send(3, 5, "b"), 409, "revision_conflict");
  await isProblem(await send(4, 5), 410, "omitted");
  // What was refused has used up neither key nor revision.
  assert.equal((await send(2, 6)).status, 200);
  assert.equal(saved.length, 2);
});

test("a key can stand for one revision in If-Match only", async () => {
  const { put } = await byMatch();
  await put({ name: "a" }, based('"7"'), { key: key(1) });
  await isProblem(await put({ name: "a" }, based('"8"'), { key: key(1) }), 422, "conflict");
});

test("an update that failed takes no revision", async () => {
  const { gate } = await open();
  const statuses = [503, 200];
  const fetch = revised(() => new Response(null, { status: statuses.shift() }), {
    gate,
    scope: () => SCOPE,
    entity: () => "e",
    revision: (_, body) => body.revision,
  });
  const put = (json) => fetch(request({ method: "PUT", json }));
  assert.equal((await put({ revision: 5 })).status, 503);
  assert.equal((await put({ revision: 4 })).status, 200);
});

test("a deletion cannot be overtaken by an update that is older", async () => {
  const { put, saved } = await byField();
  await put({ revision: 1 });
  await put({ revision: 3 }, {}, { method: "DELETE" });
  await isProblem(await put({ revision: 2 }), 409, "stale");
  await isProblem(await put({ revision: 2 }, {}, { method: "PATCH" }), 409, "stale");
  assert.equal(saved.length, 2);
});

test("after its key is forgotten an update is still not applied again", async () => {
  const { put, saved, clock } = await byField({
    gateOptions: { retention: "1d", maxClockJump: "7d" },
  });
  await put({ revision: 5 });
  clock.now += 2 * DAY;
  await isProblem(await put({ revision: 5 }), 410, "omitted");
  await isProblem(await put({ revision: 4 }), 409, "stale");
  assert.equal(saved.length, 1);
});

test("entities, tenants and operations are told apart, methods and routes are not", async () => {
  const { gate } = await open();
  const fetch = revised(() => new Response("ok"), {
    gate,
    scope: (given) => ({ ...SCOPE, tenant: given.headers.get("x-tenant") ?? "t" }),
    entity: (_, name) => name,
    revision: () => 5,
  });
  const put = (name, headers, path = "/a", json = 1) =>
    fetch(request({ method: "PUT", path, json, headers }), name);
  assert.equal((await put("a")).status, 200);
  assert.equal((await put("b")).status, 200);
  assert.equal((await put("a", { "x-tenant": "u" })).status, 200);
  await isProblem(await put("a", {}, "/elsewhere"), 409, "revision_conflict");
  await assert.rejects(put(""), { code: "invalid_option" });
  await assert.rejects(put("\ud800"), { code: "invalid_event" });
});

test("a revision that is further ahead than maxJump is refused", async () => {
  const { put } = await byField({ gateOptions: { maxJump: 100 } });
  await put({ revision: 1 });
  await isProblem(await put({ revision: 102 }), 422, "jump");
  assert.equal((await put({ revision: 101 })).status, 200);
});

test("updateEvent names the event that an update is", async () => {
  const { put, gate } = await byField();
  await put({ revision: 5 });
  assert.equal(gate.inspect(updateEvent(SCOPE, "/profiles/7", 5)).verdict, "duplicate");
  const { id: _, ...older } = updateEvent(SCOPE, "/profiles/7", 4n);
  assert.equal(gate.inspect(older).current, 5n);
  await put({ revision: 6 }, {}, { key: '"k"' });
  assert.equal(gate.inspect(updateEvent(SCOPE, "/profiles/7", 6, "k")).verdict, "duplicate");
});

test("what revised is given is checked at once", async () => {
  const { gate } = await open();
  const whole = { gate, scope: () => SCOPE, entity: () => "e", revision: "if-match" };
  revised(never, whole);
  for (const wrong of [
    { entity: undefined },
    { entity: "e" },
    { revision: undefined },
    { revision: "etag" },
    { first: -1 },
    { first: "one" },
    { scope: undefined },
    { unknown: 1 },
  ]) {
    assert.throws(() => revised(never, { ...whole, ...wrong }), { code: "invalid_option" });
  }
});
