/**
 * Whatever is wrong with an event, in whatever field and verb, it is `invalid_event` and changes
 * nothing.
 * @module
 */
import assert from "node:assert/strict";
import test from "node:test";
import { DAY, judges, MINUTE, open, refusesAndChangesNothing, START } from "./helpers/gate.js";

const LONG = "a text that is too long for the loop over its characters ";

const NOT_TEXTS = [
  null,
  5,
  0n,
  true,
  false,
  {},
  [],
  ["a"],
  Symbol("a"),
  () => "a",
  new String("a"),
];
const LONE_SURROGATES = ["\ud800", "a\udfffb", "é\ud800", `${LONG}\udc00`, `${LONG}\ud800é`];

const NOT_ORDINALS = [
  ...[null, true, false, {}, [], [1], Symbol("1"), () => 1, new Number(1), Object(1n)],
  ...[-1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, -0.5, 2 ** 53, 1e300, -(2 ** 53)],
  ...[-1n, 10n ** 129n, -(2n ** 200n), 10n ** 5000n],
  ...[
    "",
    "007",
    "00",
    "1e3",
    " 7 ",
    "7 ",
    "+7",
    "-0",
    "-1",
    "1.0",
    "0x10",
    "1_000",
    "٣",
    "７",
    "\ud800",
    "a",
  ],
  ...["1".repeat(130), `1${"0".repeat(129)}`],
];

const cyclic = { a: [] };
cyclic.a.push(cyclic);

/** Arrays within arrays, that many deep. */
function nested(depth) {
  return Array.from({ length: depth - 1 }).reduce((inner) => [inner], []);
}

/** Bytes whose memory was handed to somebody else: they look empty, but are not known. */
function detachedBytes() {
  const bytes = new Uint8Array(4);
  structuredClone(bytes.buffer, { transfer: [bytes.buffer] });
  return bytes;
}

const NOT_CONTENT = [
  ...[1n, Symbol("a"), () => 1, Number.NaN, Number.POSITIVE_INFINITY, "\ud800", { "\ud800": 1 }],
  ...[{ a: undefined }, [undefined], new Array(2), { a: { b: [1n] } }, cyclic, nested(501)],
  ...[
    new Date(),
    new Map(),
    new Set(),
    new (class A {})(),
    new Float64Array(1),
    new ArrayBuffer(1),
  ],
  detachedBytes(),
];

const NOT_TIMES = [
  ...[null, true, {}, [], 5n, Symbol("now"), () => START, { getTime: () => START }],
  ...[Number.NaN, Number.POSITIVE_INFINITY, -1, 0.5, START + 5 * MINUTE + 1, 2 ** 53],
  ...[new Date(Number.NaN), new Date(-1), new Date(START + 5 * MINUTE + 1)],
  ...[
    "",
    "now",
    "2026",
    "2026-09-21",
    "2026-09-21T10:00:00",
    "2026-13-01T00:00:00Z",
    "1969-12-31T23:59:59Z",
  ],
  ...[String(START), "2026-09-21T10:00:00Z ", "\ud800"],
];

const KEY = { id: "a" };
const REVISION = { entity: "e", revision: 2 };
const POSITION = { source: "s", position: 2 };

const FIELDS = [
  { field: "scope", valid: KEY, values: [...NOT_TEXTS, ...LONE_SURROGATES] },
  { field: "id", valid: KEY, values: [...NOT_TEXTS, ...LONE_SURROGATES, ""] },
  { field: "entity", valid: REVISION, values: [...NOT_TEXTS, ...LONE_SURROGATES, ""] },
  { field: "source", valid: POSITION, values: [...NOT_TEXTS, ...LONE_SURROGATES, ""] },
  { field: "revision", valid: REVISION, values: NOT_ORDINALS },
  { field: "position", valid: POSITION, values: NOT_ORDINALS },
  { field: "epoch", valid: POSITION, values: NOT_ORDINALS },
  { field: "content", valid: KEY, values: NOT_CONTENT },
  { field: "time", valid: KEY, values: NOT_TIMES },
];

/** Asserts that no verb takes the event, and that none of them leaves a trace. */
function assertRefused(gate, event, message) {
  const fresh = { id: `unused ${message}` };
  const calls = {
    check: () => gate.check(event),
    inspect: () => gate.inspect(event),
    checkAll: () => gate.checkAll([fresh, event, fresh]),
    filter: () => gate.filter([fresh, event], (item) => item),
  };
  for (const [verb, call] of Object.entries(calls)) {
    refusesAndChangesNothing(gate, "invalid_event", call, `${verb} with ${message}`);
  }
  assert.equal(gate.inspect(fresh).verdict, "fresh", `after ${message}`);
}

for (const { field, valid, values } of FIELDS) {
  test(`${field}: ${values.length} bad values are refused and change nothing`, async () => {
    const { gate } = await open();
    judges(gate, [valid, "fresh"]);
    values.forEach((value, index) => {
      assertRefused(gate, { ...valid, [field]: value }, `${field} number ${index}`);
    });
    judges(gate, [valid, "duplicate"]);
  });
}

test("what is no object is no event", async () => {
  const { gate } = await open();
  for (const event of [undefined, null, 5, "id", "", true, 5n, Symbol("a"), () => ({ id: "a" })]) {
    assertRefused(gate, event, String(event));
  }
});

test("an event needs a whole identity, and no half beside it", async () => {
  const { gate } = await open();
  const identities = [KEY, REVISION, POSITION];
  const halves = [{ entity: "e" }, { revision: 1 }, { source: "s" }, { position: 1 }, { epoch: 1 }];
  const none = [
    {},
    [],
    { scope: "a" },
    { content: 1 },
    { time: START },
    { scope: "a", content: 1, time: START },
  ];
  for (const event of [...none, ...halves]) {
    assertRefused(gate, event, JSON.stringify(event));
  }
  for (const whole of identities) {
    for (const half of halves.filter((fields) => !(Object.keys(fields)[0] in whole))) {
      if (!("epoch" in half && "source" in whole)) {
        assertRefused(gate, { ...half, ...whole }, JSON.stringify({ ...half, ...whole }));
      }
    }
  }
});

test("what is nearest to a bad value is taken", async () => {
  const { gate } = await open();
  const good = {
    scope: ["", "😀", LONG],
    id: [" ", "\0", "😀", "\ufffd", `${LONG}é`, "x".repeat(100_000)],
    revision: [0, -0, 7n, "8", 2 ** 53 - 1, 2n ** 64n, "9".repeat(129)],
    content: [null, false, 0, "", [], {}, Object.create(null), new Uint8Array(), nested(500)],
    time: [
      0,
      START + 5 * MINUTE,
      new Date(0),
      "1970-01-01T00:00:00Z",
      "2026-09-21T10:00:00.123456+02:00",
    ],
  };
  judges(
    gate,
    ...good.scope.map((scope) => [{ scope, id: "scoped" }, "fresh"]),
    ...good.id.map((id) => [{ id }, "fresh"]),
    ...good.revision.map((revision, index) => [{ entity: `e${index}`, revision }, "fresh"]),
    ...good.content.map((content, index) => [{ id: `c${index}`, content }, "fresh"]),
    ...good.time.map((time, index) => [{ id: `t${index}`, time }, "fresh"]),
  );
});

test("maxSkew moves how far ahead a time may be", async () => {
  const { gate } = await open({ maxSkew: "1d" });
  judges(gate, [{ id: "a", time: START + DAY }, "fresh"]);
  refusesAndChangesNothing(gate, "invalid_event", () =>
    gate.check({ id: "b", time: START + DAY + 1 }),
  );
});

test("messages name the field and never repeat its value", async () => {
  const { gate } = await open();
  const secret = "card-4111111111111111";
  const events = {
    id: { id: { [secret]: secret } },
    entity: { entity: `${secret}\ud800`, revision: 1 },
    revision: { entity: "e", revision: `${secret}` },
    position: { source: "s", position: -4111111111111111 },
    content: { id: "a", content: { [secret]: undefined } },
    time: { id: "a", time: secret },
  };
  for (const [field, event] of Object.entries(events)) {
    const { message } = refusesAndChangesNothing(
      gate,
      "invalid_event",
      () => gate.check(event),
      field,
    );
    assert.ok(message.includes(field) || message.includes("ordinal"), `${field}: ${message}`);
    assert.ok(!message.includes("4111111111111111"), message);
  }
});
