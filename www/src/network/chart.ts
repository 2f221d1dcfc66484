/**
 * The chart of verdicts over time.
 * @module
 */

import uPlot from "uplot";
import { styleOf } from "../shared/dom.js";
import type { Point } from "./protocol.js";

/** How much of the past is shown. */
const SHOWN_MS = 60_000;

const SERIES = [
  { name: "fresh", dash: [] },
  { name: "duplicate", dash: [6, 3] },
  { name: "stale", dash: [2, 3] },
] as const;

/** Shows the last minute. */
export class VerdictChart {
  readonly #place: HTMLElement;
  #points: Point[] = [];
  #plot: uPlot | undefined;

  constructor(place: HTMLElement) {
    this.#place = place;
    new ResizeObserver(() => this.#plot?.setSize(this.#size())).observe(place);
    this.redraw();
  }

  /** Starts anew. */
  clear(): void {
    this.#points = [];
  }

  /** Adds what has happened since. */
  add(points: readonly Point[]): void {
    if (points.length === 0) {
      return;
    }
    this.#points.push(...points);
    const since = (this.#points.at(-1)?.at ?? 0) - SHOWN_MS;
    this.#points = this.#points.filter(({ at }) => at >= since);
    this.#plot?.setData(this.#data());
    this.#place.setAttribute("aria-label", this.#description());
  }

  /** Draws it in the colours of now. */
  redraw(): void {
    this.#plot?.destroy();
    this.#plot = new uPlot(this.#options(), this.#data(), this.#place);
  }

  #description(): string {
    const last = this.#points.at(-1);
    return last === undefined
      ? "Verdicts a second over the last minute"
      : `Verdicts a second over the last minute; now ${SERIES.map(({ name }) => `${last[name]} ${name}`).join(", ")}`;
  }

  #size(): { width: number; height: number } {
    const { clientWidth: width, clientHeight: height } = this.#place;
    return { width: Math.max(120, width), height: Math.max(80, height) };
  }

  #data(): uPlot.AlignedData {
    const points = this.#points;
    return [
      points.map(({ at }) => at / 1000),
      ...SERIES.map(({ name }) => points.map((point) => point[name])),
    ];
  }

  #options(): uPlot.Options {
    const ink = styleOf("--ink-soft");
    const line = styleOf("--line");
    const axis = { stroke: ink, font: `12px ${styleOf("--sans")}`, ticks: { show: false } };
    return {
      ...this.#size(),
      legend: { show: false },
      cursor: { show: false },
      padding: [8, 8, 0, 0],
      scales: {
        x: { time: false },
        y: { range: (_plot, _min, max) => [0, Math.max(4, max * 1.1)] },
      },
      axes: [
        {
          ...axis,
          size: 24,
          space: 60,
          grid: { show: false },
          values: (_plot, splits) => splits.map((split) => `${split} s`),
        },
        { ...axis, size: 44, space: 32, grid: { stroke: line, width: 1 } },
      ],
      series: [
        {},
        ...SERIES.map(({ name, dash }) => ({
          stroke: styleOf(`--${name}`),
          width: 2,
          dash: [...dash],
          points: { show: false },
          ...(name === "fresh" ? { fill: styleOf("--fresh-soft") } : {}),
        })),
      ],
    };
  }
}
