/**
 * The page of which several are to be open.
 * @module
 */

import { byId, make, setText } from "../shared/dom.js";
import { makeVerdict } from "../shared/verdicts.js";
import { Item } from "./items.js";
import { tabName, watchTabs } from "./presence.js";
import type { Answer, Kind, Request } from "./protocol.js";

const MESSAGES = 6;
const JOBS = 3;
const LOG_MAX = 40;

/** Under this the tabs agree on which messages and jobs they show. */
const BATCH_KEY = "onceward-tabs-batch";

/** One tab. */
class Tab {
  readonly #worker = new Worker(new URL("tabs-worker.js", import.meta.url), { type: "module" });
  readonly #name = tabName();
  readonly #log = byId("log", HTMLOListElement);
  readonly #items = new Map<string, Item>();

  start(): void {
    setText(byId("self", HTMLElement), this.#name);
    this.#worker.addEventListener("message", ({ data }: MessageEvent<Answer>) => this.#hear(data));
    this.#worker.addEventListener("error", ({ message }) => this.#note(message));
    byId("fresh-batch", HTMLButtonElement).addEventListener("click", () => {
      writeBatch(readBatch() + 1);
      this.#showBatch();
    });
    addEventListener("storage", ({ key }) => {
      if (key === BATCH_KEY) {
        this.#showBatch();
      }
    });
    watchTabs(this.#name, (others) => {
      const text =
        others.length === 0
          ? ""
          : `; ${others.join(", ")} ${others.length === 1 ? "is" : "are"} open as well`;
      setText(byId("others", HTMLElement), text);
    });
    this.#showBatch();
  }

  #showBatch(): void {
    const first = readBatch() * 10 + 1;
    const names = (what: string, count: number): string[] =>
      Array.from({ length: count }, (_, index) => `${what} ${first + index}`);
    const [messages, jobs] = [names("Message", MESSAGES), names("Job", JOBS)];
    this.#items.clear();
    this.#place("messages", "message", messages);
    this.#place("jobs", "job", jobs);
    this.#ask({ does: "watch", tab: this.#name, messages, jobs });
  }

  #place(list: string, kind: Kind, ids: readonly string[]): void {
    const items = ids.map((id) => {
      const item = new Item(kind, id, () => this.#act(kind, id));
      this.#items.set(id, item);
      return item.element;
    });
    byId(list, HTMLUListElement).replaceChildren(...items);
  }

  #act(kind: Kind, id: string): void {
    const ms = Number(byId("takes", HTMLSelectElement).value);
    this.#ask(kind === "message" ? { does: "check", id } : { does: "work", id, ms });
  }

  #ask(request: Request): void {
    this.#worker.postMessage(request);
  }

  #hear(answer: Answer): void {
    if (answer.is === "states") {
      for (const state of answer.states) {
        this.#items.get(state.id)?.show(state);
      }
    } else if (answer.is === "note") {
      this.#note(answer.text, answer.verdict);
    } else {
      this.#note(`It failed: ${answer.message}`);
    }
  }

  #note(text: string, verdict?: string): void {
    const time = make("time", { text: new Date().toLocaleTimeString("en-GB") });
    const said = verdict === undefined ? [] : [makeVerdict(verdict)];
    this.#log.prepend(make("li", { children: [time, ...said, make("span", { text })] }));
    this.#log.children[LOG_MAX]?.remove();
  }
}

function readBatch(): number {
  try {
    const batch = Number(localStorage.getItem(BATCH_KEY) ?? "0");
    return Number.isSafeInteger(batch) && batch >= 0 ? batch : 0;
  } catch {
    return 0;
  }
}

function writeBatch(batch: number): void {
  try {
    localStorage.setItem(BATCH_KEY, String(batch));
  } catch {
    // Without storage there is nothing to share, either.
  }
}

new Tab().start();
