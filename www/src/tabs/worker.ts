/**
 * The gate of one tab. It shares its memory with those of all others.
 * @module
 */

import type { Claim, Gate, Json } from "onceward";
import { indexedDb } from "onceward/indexeddb";
import { openGate } from "../shared/onceward.js";
import type { Answer, ItemState, Kind, Receipt, Request } from "./protocol.js";

const LEASE = "5s";

/** For how long a tab waits for another one's job. */
const WAIT = "15m";

/** How often it is looked at how things are: leases run out without anyone telling. */
const LOOK_EVERY_MS = 250;

const WORK_STEP_MS = 100;

let tab = "";
let messages: readonly string[] = [];
let jobs: readonly string[] = [];
let gate: Promise<Gate> | undefined;

/** The jobs that this tab works on, and how far it has come; and those that it waits for. */
const working = new Map<string, number>();
const waiting = new Set<string>();

/** What is known of a message or a job: its scope and its id. */
const eventOf = (kind: Kind, id: string) => ({ scope: `page/${kind}`, id });

function tell(answer: Answer): void {
  postMessage(answer);
}

function isReceipt(result: unknown): result is Receipt & { readonly [key: string]: Json } {
  return typeof result === "object" && result !== null && "by" in result && "attempt" in result;
}

function stateOf(opened: Gate, kind: Kind, id: string): ItemState {
  const { verdict, retryAfter, result } = opened.inspect(eventOf(kind, id));
  const share = working.get(id);
  return {
    kind,
    id,
    verdict,
    isWaiting: waiting.has(id),
    ...(retryAfter === undefined ? {} : { retryAfter }),
    ...(isReceipt(result) ? { receipt: result } : {}),
    ...(share === undefined ? {} : { share }),
  };
}

/** Opens the gate once, and tells from then on how things are. */
function open(): Promise<Gate> {
  gate ??= (async () => {
    const store = indexedDb({ database: "onceward-tabs" });
    const opened = await openGate({ store, name: "shared", lease: LEASE });
    setInterval(() => look(opened), LOOK_EVERY_MS);
    return opened;
  })();
  return gate;
}

function look(opened: Gate): void {
  const states = [
    ...messages.map((id) => stateOf(opened, "message", id)),
    ...jobs.map((id) => stateOf(opened, "job", id)),
  ];
  tell({ is: "states", states });
}

async function check(opened: Gate, id: string): Promise<void> {
  const verdict = opened.check(eventOf("message", id));
  await opened.flush();
  const text = verdict === "fresh" ? `${id} is accepted here` : `${id} was accepted before`;
  tell({ is: "note", text, verdict });
}

/** Pretends to work, in steps, as long as there is a tab. */
async function pretend(id: string, ms: number, claim: Claim): Promise<Receipt> {
  const { attempt, takeover } = claim;
  const what = takeover ? "taken over: the tab that had it is gone" : "begun";
  tell({ is: "note", text: `${id} is ${what}`, verdict: "fresh" });
  waiting.delete(id);
  for (let done = 0; done < ms; done += WORK_STEP_MS) {
    working.set(id, done / ms);
    await new Promise((resolve) => {
      setTimeout(resolve, WORK_STEP_MS);
    });
  }
  return { by: tab, attempt, takeover };
}

async function work(opened: Gate, id: string, ms: number): Promise<void> {
  const event = eventOf("job", id);
  if (opened.inspect(event).verdict === "pending") {
    waiting.add(id);
    tell({
      is: "note",
      text: `${id} is in another tab's hands; waiting for it`,
      verdict: "pending",
    });
  } else {
    // From here on the claim that others see is this tab's, though its work has not begun.
    working.set(id, 0);
  }
  try {
    const outcome = await opened.once<Receipt>(event, (claim) => pretend(id, ms, claim), {
      maxWait: WAIT,
    });
    if (outcome.status === "refused") {
      tell({ is: "note", text: `${id} is refused`, verdict: outcome.verdict });
    } else {
      const { by, attempt } = outcome.value ?? { by: "another tab", attempt: 1 };
      const replay = outcome.status === "replayed" ? "was done before" : "is done";
      const text = `${id} ${replay}, by ${by}, at attempt ${attempt}`;
      const verdict = outcome.status === "replayed" ? "duplicate" : "fresh";
      tell({ is: "note", text, verdict });
    }
  } finally {
    waiting.delete(id);
    working.delete(id);
  }
}

async function handle(request: Request): Promise<void> {
  if (request.does === "watch") {
    ({ tab, messages, jobs } = request);
  }
  const opened = await open();
  if (request.does === "check") {
    await check(opened, request.id);
  } else if (request.does === "work") {
    await work(opened, request.id, request.ms);
  }
  look(opened);
}

addEventListener("message", ({ data }: MessageEvent<Request>) => {
  handle(data).catch((error: unknown) => {
    tell({ is: "failure", message: error instanceof Error ? error.message : String(error) });
  });
});
