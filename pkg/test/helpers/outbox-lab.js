/**
 * What runs in the browser for the tests of the outbox: outboxes over IndexedDB, driven through
 * `globalThis.lab`.
 * @module
 */
import { Outbox } from "onceward/outbox";
import { indexedDbStorage } from "onceward/outbox/indexeddb";
import { CASES } from "./items-contract.js";

let outbox;
let worker;
const events = [];

/** Opens the outbox of this page or worker. */
async function open({ database, locks = true, ...options } = {}) {
  if (!locks) {
    Object.defineProperty(navigator, "locks", { value: undefined });
  }
  const storage = indexedDbStorage(database === undefined ? {} : { database });
  outbox = await Outbox.open({ storage, backoff: 50, maxBackoff: 200, ...options });
  outbox.subscribe(({ type, submission, error }) => {
    events.push(
      submission === undefined ? { type, code: error.code } : { type, note: submission.note },
    );
  });
}

async function enqueue(url, body, options) {
  const request = new Request(url, { method: "POST", body });
  const submission = await outbox.enqueue(request, { note: body, ...options });
  return submission.key;
}

/** What became of an item, whoever has enqueued it. */
async function answerOf(key) {
  const answer = await outbox.get(key)?.answer;
  return answer && { state: answer.state, text: await answer.response?.text() };
}

const takeAll = async () => {
  const taken = [];
  for (const submission of outbox.list()) {
    taken.push((await submission.take()).state);
  }
  return taken;
};

/** Runs the rules of a storage, each on a database of its own. */
async function contract() {
  const results = [];
  for (const [index, [rule, check]] of CASES.entries()) {
    const database = `contract ${index}`;
    const wait = async (isThere) => {
      while (!isThere()) {
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    };
    try {
      const open = () => indexedDbStorage({ database, durability: "relaxed" });
      await check(open(), { wait, reopen: async () => open() });
      results.push({ rule });
    } catch (error) {
      results.push({ rule, error: `${error?.stack ?? error}` });
    }
  }
  return results;
}

/** Registers the service worker, and waits until it can be woken. */
async function register(url) {
  await navigator.serviceWorker.register(url);
  const { scope } = await navigator.serviceWorker.ready;
  return scope;
}

const tags = async () => (await navigator.serviceWorker.ready).sync.getTags();

/** Asks the same of a worker of this page. */
async function inWorker(method, ...args) {
  worker ??= new Worker("/lab.js");
  const { port1, port2 } = new MessageChannel();
  const answered = new Promise((resolve) => {
    port1.onmessage = ({ data }) => resolve(data);
  });
  worker.postMessage({ method, args }, [port2]);
  const { value, error } = await answered;
  if (error !== undefined) {
    throw Object.assign(new Error(error.message), error);
  }
  return value;
}

const methods = {
  open,
  inWorker,
  enqueue,
  answerOf,
  takeAll,
  contract,
  register,
  tags,
  counts: () => outbox.counts,
  leads: () => outbox.leads,
  settled: () => outbox.settled(),
  notes: () => outbox.list().map(({ note, state }) => [note, state]),
  keys: () => outbox.list().map(({ key }) => key),
  cancel: (key) => outbox.get(key).cancel(),
  events: () => events,
  close: () => outbox.close(),
};

globalThis.lab = {
  async call(method, ...args) {
    try {
      return { value: await methods[method](...args) };
    } catch (error) {
      const { name, code, message, stack } = error;
      return { error: { name, code, message, stack } };
    }
  },
};

if (typeof document === "undefined") {
  globalThis.onmessage = async ({ data: { method, args }, ports: [port] }) => {
    port.postMessage(await globalThis.lab.call(method, ...args));
  };
}
