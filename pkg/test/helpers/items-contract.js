/**
 * What every storage of an outbox has to do, as cases that run in Node.js and in browsers alike.
 * @module
 */

const NOW = 1_790_000_000_000;

function sorted(value) {
  if (Array.isArray(value)) {
    return value.map(sorted);
  }
  if (typeof value === "object" && value !== null) {
    return Object.fromEntries(
      Object.keys(value)
        .sort()
        .map((name) => [name, sorted(value[name])]),
    );
  }
  return value;
}

function equal(actual, expected, what) {
  const [one, other] = [actual, expected].map(
    (value) => JSON.stringify(sorted(value)) ?? "nothing",
  );
  if (one !== other) {
    throw new Error(`${what}: ${one} instead of ${other}`);
  }
}

async function rejects(promise, what) {
  const [outcome] = await Promise.allSettled([promise]);
  equal(outcome.status, "rejected", what);
  return outcome.reason;
}

const draft = (key, given) => ({
  key,
  scope: "s",
  note: { of: key },
  request: { method: "POST", url: "https://a.example/", headers: [["x-a", "1"]], bodyBytes: 3 },
  state: "waiting",
  revision: 0,
  enqueuedAt: NOW,
  changedAt: NOW,
  notBefore: NOW,
  attempts: 0,
  failures: 0,
  ...given,
});

const bytes = (...values) => Uint8Array.from(values);
const all = Uint8Array.from({ length: 300_000 }, (_, index) => (index * 7) % 256);
const answer = { status: 200, statusText: "", headers: [], bodyBytes: 2, omitted: false };
const shown = (body) => body && [...body];
const keysOf = (items) => items.map(({ key }) => key);
const counted = (item) => ({
  put: { ...item, attempts: item.attempts + 1, revision: item.revision + 1 },
});

async function keepsOrder(storage) {
  const items = await storage.items("a");
  equal(await items.read(), [], "nothing is there");
  const added = [];
  for (const key of ["c", "a", "b"]) {
    added.push(await items.add(draft(key), bytes(1, 2, 3)));
  }
  equal(
    added.map(({ isNew }) => isNew),
    [true, true, true],
    "they are new",
  );
  const numbers = added.map(({ item }) => item.number);
  equal(
    numbers,
    [...numbers].sort((a, b) => a - b),
    "numbers rise",
  );
  equal(keysOf(await items.read()), ["c", "a", "b"], "in the order of adding");
  const { number, ...item } = (await items.read())[1];
  equal([number, item], [numbers[1], draft("a")], "it is what was added");
  const some = await items.read([numbers[2], numbers[2] + 1000, numbers[0]]);
  equal(new Set(keysOf(some)).size, 2, "those that are there are read");
}

async function addsInOrderAtOnce(storage) {
  const items = await storage.items("a");
  const keys = Array.from({ length: 50 }, (_, index) => `key ${index}`);
  await Promise.all(keys.map((key) => items.add(draft(key), undefined)));
  equal(keysOf(await items.read()), keys, "in the order of the calls");
}

async function findsKeys(storage) {
  const items = await storage.items("a");
  const { item } = await items.add(draft("one"), bytes(1, 2, 3));
  const again = await items.add(draft("one", { scope: "other" }), bytes(9));
  equal(again, { item, isNew: false }, "the first is returned");
  equal(keysOf(await items.read()), ["one"], "and nothing added");
  equal(shown(await items.body(item.number, "request")), [1, 2, 3], "nor changed");
  const [first, second] = await Promise.all([1, 2].map(() => items.add(draft("two"), undefined)));
  equal([first.isNew, second.isNew], [true, false], "also at once");
  await items.change(item.number, () => ({ remove: "taken" }));
  equal((await items.add(draft("one"), undefined)).isNew, true, "it is free again");
}

async function changes(storage) {
  const items = await storage.items("a");
  const { item } = await items.add(draft("one"), all);
  const { number } = item;
  equal(shown(await items.body(number, "request")), shown(all), "the body is what it was");
  equal(await items.body(number, "answer"), undefined, "there is no answer");
  const put = { ...item, state: "answered", revision: 1, answer };
  const seen = [];
  const returned = await items.change(number, (found) => {
    seen.push(found);
    return { put, answerBody: bytes(0, 255), dropRequestBody: true };
  });
  equal([seen.at(-1), returned], [item, put], "the step sees what was there, and it is replaced");
  equal(await items.read(), [put], "it is kept");
  equal(shown(await items.body(number, "answer")), [0, 255], "so is the answer");
  equal(await items.body(number, "request"), undefined, "the request is gone");
  equal(await items.change(number, counted), counted(put).put, "bodies stay if nobody says more");
  equal(shown(await items.body(number, "answer")), [0, 255], "the answer is there still");
  equal(await items.change(number, () => undefined), undefined, "it may be left as it is");
  equal(await items.change(number, () => ({ remove: "taken" })), undefined, "or be removed");
  equal(await items.read(), [], "with all");
  equal(await items.body(number, "answer"), undefined, "that belongs to it");
  let isAsked = false;
  const step = () => {
    isAsked = true;
    return undefined;
  };
  equal([await items.change(number, step), isAsked], [undefined, false], "none is asked about");
}

async function undoesWhatThrows(storage) {
  const items = await storage.items("a");
  const { item } = await items.add(draft("one"), undefined);
  const thrown = new Error("thrown by the step");
  const failing = items.change(item.number, () => {
    throw thrown;
  });
  const beside = items.change(item.number, counted);
  const error = await rejects(failing, "it throws");
  equal(error === thrown || error.cause === thrown, true, "what the step has thrown");
  equal((await beside).attempts, 1, "what is asked for beside it happens");
  equal((await items.read()).length, 1, "and nothing is lost");
}

async function changesOneAfterTheOther(storage) {
  const [one, other] = [await storage.items("a"), await storage.items("a")];
  const { item } = await one.add(draft("one"), undefined);
  const steps = Array.from({ length: 40 }, (_, at) =>
    (at % 2 ? one : other).change(item.number, counted),
  );
  await Promise.all(steps);
  equal((await other.read())[0].attempts, 40, "none is lost");
}

async function givesNoNumberTwice(storage) {
  const items = await storage.items("a");
  const { item } = await items.add(draft("one"), undefined);
  await items.change(item.number, () => ({ remove: "cancelled" }));
  const { item: next } = await items.add(draft("two"), undefined);
  equal(next.number > item.number, true, "the number is another one");
}

async function keepsNamesApart(storage) {
  const [a, b] = [await storage.items("a"), await storage.items("b")];
  const { item } = await a.add(draft("one"), bytes(1));
  await b.add(draft("one"), bytes(2));
  await b.add(draft("two"), bytes(3));
  equal([keysOf(await a.read()), keysOf(await b.read())], [["one"], ["one", "two"]], "apart");
  await a.change(item.number, () => ({ remove: "taken" }));
  equal([(await a.read()).length, (await b.read()).length], [0, 2], "also when one is removed");
}

async function tellsBodiesFromNone(storage) {
  const items = await storage.items("a");
  const { item: empty } = await items.add(draft("empty"), bytes());
  const { item: none } = await items.add(draft("none"), undefined);
  equal(shown(await items.body(empty.number, "request")), [], "an empty body is one");
  equal(await items.body(none.number, "request"), undefined, "and none is none");
}

async function tellsOthers(storage, { wait }) {
  const [one, other] = [await storage.items("a"), await storage.items("a")];
  const [heard, own] = [[], []];
  one.subscribe((news) => own.push(...news));
  other.subscribe((news) => heard.push(...news));
  const { item } = await one.add(draft("one"), undefined);
  await one.change(item.number, counted);
  await one.change(item.number, () => undefined);
  await one.change(item.number, () => ({ remove: "cancelled" }));
  await wait(() => heard.length >= 3);
  const { number } = item;
  equal(heard, [{ number }, { number }, { number, removal: "cancelled" }], "others are told");
  equal(own, [], "whoever has done it is not");
}

async function letsOneLead(storage, { wait }) {
  const [one, other, third] = await Promise.all([1, 2, 3].map(() => storage.items("a")));
  const order = [];
  const lead = (items, name, signal = new AbortController().signal) =>
    items
      .lead(signal, () => order.push(`${name} lost`))
      .then((giveBack) => {
        order.push(name);
        return giveBack;
      });
  const giveBack = await lead(one, "one");
  const given = lead(other, "other");
  const waiting = new AbortController();
  const aborted = lead(third, "aborted", waiting.signal);
  const last = lead(third, "third");
  waiting.abort();
  await rejects(aborted, "whoever does not want to wait any more, does not");
  equal(order, ["one"], "one at a time");
  await giveBack();
  const giveBackOther = await given;
  equal(order, ["one", "other"], "then the next");
  await giveBackOther();
  await (await last)();
  await wait(() => order.length === 3);
  equal(order, ["one", "other", "third"], "then the next");
}

async function survives(storage, { reopen }) {
  const items = await storage.items("a");
  const { item } = await items.add(draft("one"), all);
  const { item: gone } = await items.add(draft("two"), undefined);
  const put = { ...item, state: "parked", reason: "refused", revision: 1, answer };
  await items.change(item.number, () => ({ put, answerBody: bytes(4, 5) }));
  await items.change(gone.number, () => ({ remove: "taken" }));
  await items.close();
  const later = await (await reopen()).items("a");
  equal(await later.read(), [put], "it is what it was");
  equal(shown(await later.body(item.number, "request")), shown(all), "with its request");
  equal(shown(await later.body(item.number, "answer")), [4, 5], "and its answer");
  const { item: next } = await later.add(draft("three"), undefined);
  equal(next.number > gone.number, true, "no number is given twice");
}

async function keepsMany(storage, { reopen }) {
  const items = await storage.items("a");
  const keys = Array.from({ length: 300 }, (_, index) => `key ${index}`);
  const body = new Uint8Array(1000).fill(7);
  const added = await Promise.all(keys.map((key) => items.add(draft(key), body)));
  for (const { item } of added.filter((_, index) => index % 3 !== 0)) {
    await items.change(item.number, counted);
    await items.change(item.number, () => ({ remove: "taken" }));
  }
  await items.close();
  const later = await (await reopen()).items("a");
  equal(
    keysOf(await later.read()),
    keys.filter((_, index) => index % 3 === 0),
    "those that were not removed",
  );
}

/** The rules, each with what tries it on an empty storage. */
export const CASES = [
  ["items are kept in the order of adding", keepsOrder],
  ["items that are added at once are in the order of the calls", addsInOrderAtOnce],
  ["a key is there once", findsKeys],
  ["a step replaces or removes an item", changes],
  ["a step that throws changes nothing", undoesWhatThrows],
  ["steps run one after the other, from all copies", changesOneAfterTheOther],
  ["no number is given twice", givesNoNumberTwice],
  ["names are kept apart", keepsNamesApart],
  ["an empty body is not none", tellsBodiesFromNone],
  ["other copies are told", tellsOthers],
  ["one copy leads at a time", letsOneLead],
  ["what was kept is there when it is opened again", survives],
  ["many items come and go", keepsMany],
];
