/**
 * The numbers around the picture: both consumers, the sources, and the counters.
 * @module
 */

import { byId, make, setText } from "../shared/dom.js";
import { bytes, grouped, money, seconds, signed } from "../shared/format.js";
import { ACCOUNTS, SYMBOLS } from "../sim/index.js";
import type { Frame, Side } from "./protocol.js";

/** One line of a consumer: a name, its value, and by how much it is off. */
interface Line {
  readonly row: HTMLElement;
  readonly value: HTMLElement;
  readonly off: HTMLElement;
}

function makeLine(name: string): Line {
  const value = make("td", { class: "value" });
  const off = make("td", { class: "off" });
  const heading = make("th", { text: name, attributes: { scope: "row" } });
  const row = make("tr", { children: [heading, value, off] });
  return { row, value, off };
}

/** What one consumer believes. */
class SidePanel {
  readonly #panel: HTMLElement;
  readonly #figure: HTMLElement;
  readonly #note: HTMLElement;
  readonly #balances = ACCOUNTS.map(makeLine);
  readonly #prices = SYMBOLS.map(makeLine);

  constructor(id: string) {
    this.#panel = byId(id, HTMLElement);
    this.#figure = byId(`${id}-off`, HTMLElement);
    this.#note = byId(`${id}-note`, HTMLElement);
    const body = byId(`${id}-lines`, HTMLTableSectionElement);
    body.append(...[...this.#balances, ...this.#prices].map(({ row }) => row));
  }

  show(side: Side, truth: Frame["truth"]): void {
    const isRight = side.wrong === 0;
    this.#panel.dataset.state = isRight ? "right" : "wrong";
    setText(this.#figure, money(side.cents));
    const total = ACCOUNTS.length + SYMBOLS.length;
    setText(this.#note, isRight ? `all ${total} values right` : `${side.wrong} of ${total} wrong`);
    this.#showLines(this.#balances, side.balances, truth.balances);
    this.#showLines(this.#prices, side.prices, truth.prices);
  }

  #showLines(lines: readonly Line[], values: readonly number[], truth: readonly number[]): void {
    lines.forEach(({ row, value, off }, index) => {
      const own = values[index] ?? 0;
      const difference = own - (truth[index] ?? 0);
      setText(value, money(own));
      setText(off, difference === 0 ? "right" : signed(difference));
      row.dataset.state = difference === 0 ? "right" : "wrong";
    });
  }
}

/** Shows frames as numbers. */
export class Panels {
  readonly #naive = new SidePanel("naive");
  readonly #gated = new SidePanel("gated");
  readonly #counters = new Map<string, Element>();
  readonly #stage = byId("stage", HTMLElement);

  constructor() {
    for (const element of document.querySelectorAll("[data-count]")) {
      this.#counters.set(element.getAttribute("data-count") ?? "", element);
    }
  }

  show(frame: Frame): void {
    this.#naive.show(frame.naive, frame.truth);
    this.#gated.show(frame.gated, frame.truth);
    this.#stage.dataset.down = String(frame.isDown);
    const { totals } = frame;
    const { verdicts } = totals;
    this.#set("clock", seconds(frame.now));
    this.#set("issued", grouped(totals.issued));
    this.#set("delivered", grouped(totals.delivered));
    this.#set("lost", grouped(totals.lost));
    this.#set("resent", grouped(totals.resent));
    this.#set("crashes", grouped(totals.crashes));
    this.#set("fresh", grouped(verdicts.fresh));
    this.#set("duplicate", grouped(verdicts.duplicate));
    this.#set("stale", grouped(verdicts.stale));
    this.#set("bytes", bytes(frame.bytes));
    this.#set("transfer", frame.lastTransfer);
    this.#set("price", frame.lastPrice);
  }

  #set(name: string, text: string): void {
    const element = this.#counters.get(name);
    if (element !== undefined) {
      setText(element, text);
    }
  }
}
