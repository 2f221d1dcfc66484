/**
 * The chart of verdicts over time. Its colours are the style's, so that it follows them by itself.
 * @module
 */

import { ticks } from "d3-array";
import { line } from "d3-shape";
import { makeSvg } from "../shared/verdicts.js";
import type { Point } from "./protocol.js";

/** How much of the past is shown. */
const SHOWN_MS = 60_000;

const SERIES = ["fresh", "duplicate", "stale"] as const;

/** The room around the lines, in which the numbers are. */
const LEFT = 44;
const RIGHT = 16;
const TOP = 8;
const BOTTOM = 22;

/** How far apart numbers are, at least about. */
const TICK_WIDTH = 90;
const TICK_HEIGHT = 40;

/** The greatest number of the scale is at least this. */
const MOST_MIN = 4;

/** Shows the last minute. */
export class VerdictChart {
  readonly #place: HTMLElement;
  readonly #axes = makeSvg("g", { class: "axes" });
  readonly #fill = makeSvg("path", { class: "fill" });
  readonly #lines = SERIES.map((name) => makeSvg("path", { class: `line ${name}` }));
  readonly #picture = makeSvg("svg", { "aria-hidden": "true" });
  #points: Point[] = [];

  constructor(place: HTMLElement) {
    this.#place = place;
    this.#picture.append(this.#axes, this.#fill, ...this.#lines);
    place.append(this.#picture);
    new ResizeObserver(() => this.#draw()).observe(place);
  }

  /** Starts anew. */
  clear(): void {
    this.#points = [];
    this.#axes.replaceChildren();
    for (const path of [this.#fill, ...this.#lines]) {
      path.setAttribute("d", "");
    }
  }

  /** Adds what has happened since. */
  add(points: readonly Point[]): void {
    if (points.length > 0) {
      this.#points.push(...points);
      const since = (this.#points.at(-1)?.at ?? 0) - SHOWN_MS;
      this.#points = this.#points.filter(({ at }) => at >= since);
      this.#draw();
    }
  }

  #draw(): void {
    const { clientWidth: width, clientHeight: height } = this.#place;
    const points = this.#points;
    const [first, last] = [points[0], points.at(-1)];
    if (first === undefined || last === undefined || width === 0) {
      return;
    }
    const from = first.at;
    const until = Math.max(last.at, from + 1);
    const most = Math.max(
      MOST_MIN,
      ...points.flatMap((point) => SERIES.map((name) => point[name])),
    );
    const bottom = height - BOTTOM;
    const x = (at: number): number =>
      LEFT + ((width - LEFT - RIGHT) * (at - from)) / (until - from);
    const y = (count: number): number => bottom - ((bottom - TOP) * count) / most;
    this.#lines.forEach((path, index) => {
      const name = SERIES[index] ?? "fresh";
      const shape = line<Point>(
        ({ at }) => x(at),
        (point) => y(point[name]),
      )(points);
      path.setAttribute("d", shape ?? "");
      if (name === "fresh") {
        this.#fill.setAttribute("d", `${shape}L${x(until)} ${bottom}H${x(from)}Z`);
      }
    });
    const across = ticks(0, most, Math.max(2, bottom / TICK_HEIGHT));
    const along = ticks(from / 1000, until / 1000, Math.max(2, width / TICK_WIDTH));
    this.#axes.replaceChildren(
      ...across.flatMap((count) => makeRule(count, LEFT, width - RIGHT, y(count))),
      ...along.map((seconds) => makeLabel(`${seconds} s`, x(1000 * seconds), height - 4, "middle")),
    );
    const now = SERIES.map((name) => `${last[name]} ${name}`).join(", ");
    this.#place.setAttribute("aria-label", `Verdicts a second over the last minute; now ${now}`);
  }
}

function makeRule(count: number, x1: number, x2: number, y: number): SVGElement[] {
  const [from, until, at] = [x1, x2, y].map((place) => place.toFixed(1));
  const rule = makeSvg("path", { d: `M${from} ${at}H${until}` });
  return [rule, makeLabel(count.toLocaleString("en-US"), x1 - 8, y + 4, "end")];
}

function makeLabel(text: string, x: number, y: number, anchor: string): SVGElement {
  const label = makeSvg("text", { x: x.toFixed(1), y: y.toFixed(1), "text-anchor": anchor });
  label.textContent = text;
  return label;
}
