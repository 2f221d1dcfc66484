/**
 * Messages and jobs, as a tab shows them.
 * @module
 */

import { make, setText } from "../shared/dom.js";
import { seconds } from "../shared/format.js";
import { makeVerdict } from "../shared/verdicts.js";
import type { ItemState, Kind } from "./protocol.js";

/** One of them: what it is called, how it is with it, and what can be done. */
export class Item {
  readonly element: HTMLElement;
  readonly #kind: Kind;
  readonly #state = make("p", { class: "state" });
  readonly #button: HTMLButtonElement;
  readonly #bar = make("span", { class: "share", attributes: { "aria-hidden": "true" } });
  #shown = "";

  constructor(kind: Kind, id: string, act: () => void) {
    this.#kind = kind;
    const text = kind === "message" ? "Deliver" : "Do it";
    this.#button = make("button", {
      text,
      attributes: { type: "button", "aria-label": `${text}: ${id}` },
    });
    this.#button.addEventListener("click", act);
    const name = make("h3", { text: id });
    this.element = make("li", { children: [name, this.#state, this.#button, this.#bar] });
    this.element.dataset.id = id;
  }

  show(state: ItemState): void {
    const [verdict, text] = describe(this.#kind, state);
    this.element.dataset.verdict = verdict;
    this.#bar.style.setProperty("--share", `${100 * (state.share ?? 0)}%`);
    this.#button.disabled = state.share !== undefined || state.isWaiting;
    const shown = `${verdict} ${text}`;
    if (shown !== this.#shown) {
      this.#shown = shown;
      const what = make("span");
      setText(what, text);
      this.#state.replaceChildren(makeVerdict(verdict), what);
    }
  }
}

function describe(kind: Kind, state: ItemState): [string, string] {
  const { verdict, retryAfter, receipt, share, isWaiting } = state;
  if (share !== undefined) {
    return ["pending", `this tab is at it: ${Math.round(100 * share)} %`];
  }
  if (verdict === "pending") {
    const left = retryAfter === undefined ? "" : `; its lease has ${seconds(retryAfter, 0)} left`;
    return ["pending", `another tab is at it${left}${isWaiting ? "; waiting" : ""}`];
  }
  if (verdict === "duplicate") {
    return [
      "duplicate",
      receipt === undefined ? "accepted" : doneText(receipt.by, receipt.attempt),
    ];
  }
  return [verdict, kind === "message" ? "not seen yet" : "to be done"];
}

function doneText(by: string, attempt: number): string {
  return `done by ${by}${attempt > 1 ? `, at attempt ${attempt}` : ""}`;
}
