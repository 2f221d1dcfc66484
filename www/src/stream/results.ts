/**
 * What was said of a stream: counts, lines, and a line of time for each entity.
 * @module
 */

import { byId, make, setText } from "../shared/dom.js";
import { grouped } from "../shared/format.js";
import { lookOf, makeSvg, makeVerdict } from "../shared/verdicts.js";
import type { Row, Strand, Summary } from "./tally.js";

/** In this order verdicts are shown. */
const ORDER = [
  "fresh",
  "duplicate",
  "stale",
  "conflict",
  "early",
  "expired",
  "pending",
  "in-doubt",
] as const;

const ROWS_SHOWN = 100;

const DETAILS_EVERY_MS = 1500;

/** Shows summaries. */
export class Results {
  readonly #verdicts = byId("verdicts", HTMLElement);
  readonly #strands = byId("strands", HTMLElement);
  readonly #rows = byId("rows", HTMLTableSectionElement);
  readonly #filters = byId("filters", HTMLElement);
  #summary: Summary | undefined;
  /** What the table shows, so that the same is not made again. */
  #shownRows = "";
  #shownAt = Number.NEGATIVE_INFINITY;
  /** Which lines are shown. */
  #filter = "refused";

  /** Shows a summary; while more is to come, what takes long is shown only now and then. */
  show(summary: Summary, isFinal: boolean): void {
    this.#summary = summary;
    this.#shownRows = isFinal ? "" : this.#shownRows;
    this.#showVerdicts(summary);
    const now = performance.now();
    if (isFinal || now - this.#shownAt > DETAILS_EVERY_MS) {
      this.#shownAt = now;
      this.#showStrands(summary);
      this.#showFilters(summary);
      this.#showRows(summary);
    }
  }

  #showVerdicts({ verdicts, unreadable, lines }: Summary): void {
    const counts: (readonly [string, number])[] = ORDER.map((name) => [name, verdicts[name] ?? 0]);
    counts.push(["unreadable", unreadable]);
    const shown = counts.filter(([name, count]) => count > 0 || ALWAYS_SHOWN.has(name));
    this.#verdicts.replaceChildren(
      ...shown.map(([name, count]) => {
        const share = lines === 0 ? 0 : (100 * count) / lines;
        const bar = make("span", { class: "share", attributes: { "aria-hidden": "true" } });
        bar.style.setProperty("--share", `${share}%`);
        const figure = make("b", { text: grouped(count) });
        figure.dataset.verdict = name;
        const percent = make("span", { class: "percent", text: `${share.toFixed(1)} %` });
        const item = make("li", { children: [makeVerdict(name), figure, percent, bar] });
        item.classList.add(lookOf(name));
        return item;
      }),
    );
  }

  #showStrands({ strands, entities, isCut, lines }: Summary): void {
    const what = `${isCut ? "more than " : ""}${grouped(entities)}`;
    setText(
      byId("strands-note", HTMLElement),
      strands.length === 0
        ? `None, in ${what} ${entities === 1 ? "strand" : "strands"}.`
        : `Those ${strands.length} of ${what} of which most was refused. ` +
            "Above the line: twice; below: late.",
    );
    this.#strands.replaceChildren(...strands.map((strand) => makeStrand(strand, lines)));
  }

  #showFilters(summary: Summary): void {
    const names = new Set<string>(summary.rows.map(({ verdict }) => verdict));
    const choices = ["refused", ...[...ORDER, "unreadable"].filter((name) => names.has(name))];
    if (!choices.includes(this.#filter)) {
      this.#filter = "refused";
    }
    if (
      choices.join() === [...this.#filters.children].map(({ textContent }) => textContent).join()
    ) {
      return;
    }
    this.#filters.replaceChildren(
      ...choices.map((name) => {
        const pressed = String(name === this.#filter);
        const button = make("button", {
          text: name,
          attributes: { type: "button", "aria-pressed": pressed },
        });
        button.addEventListener("click", () => this.#choose(name));
        return button;
      }),
    );
  }

  #choose(name: string): void {
    this.#filter = name;
    for (const button of this.#filters.children) {
      button.setAttribute("aria-pressed", String(button.textContent === name));
    }
    if (this.#summary !== undefined) {
      this.#showRows(this.#summary);
    }
  }

  #showRows({ rows }: Summary): void {
    const shown = `${this.#filter} ${rows.length} ${rows.at(-1)?.line}`;
    if (shown === this.#shownRows) {
      return;
    }
    this.#shownRows = shown;
    const wanted = rows.filter(({ verdict }) =>
      this.#filter === "refused" ? verdict !== "fresh" : verdict === this.#filter,
    );
    this.#rows.replaceChildren(...wanted.slice(0, ROWS_SHOWN).map(makeRow));
    setText(
      byId("rows-note", HTMLElement),
      wanted.length === 0 ? "There are none." : "The first hundred of each verdict are kept here.",
    );
  }
}

/** What is shown even where there is none. */
const ALWAYS_SHOWN = new Set(["fresh", "duplicate", "stale"]);

function makeRow({ line, verdict, about, text }: Row): HTMLElement {
  return make("tr", {
    children: [
      make("td", { class: "line", text: grouped(line) }),
      make("td", { children: [makeVerdict(verdict)] }),
      make("td", { text: about }),
      make("td", { class: "text", text }),
    ],
  });
}

/** How wide a line of time is, in units of its own, and how high. */
const WIDTH = 1000;
const HEIGHT = 30;

/** Makes the line of time of an entity: from its first event to its last, with what was refused. */
function makeStrand(
  { name, first, last, events, refused, marks }: Strand,
  lines: number,
): HTMLElement {
  const place = (line: number): number => (WIDTH * (line - 1)) / Math.max(1, lines - 1);
  const picture = makeSvg("svg", {
    viewBox: `0 0 ${WIDTH} ${HEIGHT}`,
    preserveAspectRatio: "none",
    role: "img",
    "aria-label": `${name}: ${refused} of ${events} events refused, in lines ${first} to ${last}`,
  });
  const middle = HEIGHT / 2;
  const span = `M${place(first).toFixed(1)} ${middle}H${place(last).toFixed(1)}`;
  picture.append(makeSvg("path", { class: "span", d: span }));
  for (const verdict of new Set(marks.map((mark) => mark.verdict))) {
    // What came twice is above the line, and what came late, or is otherwise refused, below.
    const way = verdict === "duplicate" ? -11 : 11;
    const strokes = marks
      .filter((mark) => mark.verdict === verdict)
      .map(({ line }) => `M${place(line).toFixed(1)} ${middle}v${way}`);
    picture.append(makeSvg("path", { class: `tick ${lookOf(verdict)}`, d: strokes.join("") }));
  }
  return make("div", {
    class: "strand",
    children: [
      make("span", { class: "who", text: name }),
      make("span", { class: "much", text: `${grouped(refused)} of ${grouped(events)}` }),
      picture,
    ],
  });
}
