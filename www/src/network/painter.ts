/**
 * Draws what is on its way. It knows nothing of verdicts but how they look.
 * @module
 */

import { drawGround } from "./ground.js";
import { Pixels, type Stencil } from "./pixels.js";
import { COPY, FLIGHT_FIELDS, LANDING_FIELDS, LOST } from "./protocol.js";
import { Ring } from "./ring.js";
import { LANDING_MS, type Place, placeFlight, placeGated, placeNaive } from "./routes.js";
import { makeShapes, SHAPES } from "./shapes.js";

/** How many messages may be on their way at once; beyond that the oldest are not drawn. */
const RECORDS_MAX = 1 << 15;

/** For how long the mark of a lost message is seen. */
const LOST_MS = 600;

/** From how many moving things on they are drawn smaller, and by how much. */
const CROWD = 500;
const CROWD_SCALE = 0.62;

/** Screens may be finer than this, but nobody sees it. */
const RATIO_MAX = 2;

/** The canvas between the sources and the consumers. */
export class Painter {
  readonly flights = new Ring(FLIGHT_FIELDS, RECORDS_MAX);
  readonly landings = new Ring(LANDING_FIELDS, RECORDS_MAX);
  readonly #canvas: HTMLCanvasElement;
  readonly #pixels: Pixels;
  readonly #place: Place = { u: 0, v: 0, opacity: 1 };
  /** The shapes, and the same for a crowd. */
  #shapes: Stencil[] = [];
  #smallShapes: Stencil[] = [];
  #used: Stencil[] = [];
  #isUpright = false;
  #isDown = false;
  #moving = 0;

  constructor(canvas: HTMLCanvasElement) {
    const context = canvas.getContext("2d", { alpha: false });
    if (context === null) {
      throw new TypeError("the browser has no canvas");
    }
    this.#canvas = canvas;
    this.#pixels = new Pixels(context);
    new ResizeObserver(() => this.resize()).observe(canvas);
    this.resize();
  }

  /** Fits the canvas to its place, and takes the colours as they are now. */
  resize(): void {
    const canvas = this.#canvas;
    const { width, height } = canvas.getBoundingClientRect();
    const ratio = Math.min(RATIO_MAX, devicePixelRatio);
    // Where there is little room, everything goes down instead of to the right.
    const isUpright = getComputedStyle(canvas).getPropertyValue("--upright").trim() === "1";
    this.#isUpright = isUpright;
    canvas.width = Math.max(1, Math.round(width * ratio));
    canvas.height = Math.max(1, Math.round(height * ratio));
    this.#pixels.setGround(canvas.width, canvas.height, (context) => {
      context.scale(ratio, ratio);
      drawGround(context, { width, height, isUpright, isDown: this.#isDown });
    });
    this.#shapes = makeShapes(ratio);
    this.#smallShapes = makeShapes(ratio * CROWD_SCALE);
  }

  /** Draws how it is at a moment. */
  draw(now: number, isDown: boolean): void {
    if (isDown !== this.#isDown) {
      this.#isDown = isDown;
      this.resize();
    }
    this.#pixels.clear();
    this.#used = this.#moving > CROWD ? this.#smallShapes : this.#shapes;
    this.#moving = 0;
    this.flights.visit((values, at) => this.#drawFlight(values, at, now));
    this.landings.visit((values, at) => this.#drawLanding(values, at, now));
    this.#pixels.show();
  }

  #drawFlight(values: Float64Array, at: number, now: number): boolean {
    const from = values[at] ?? 0;
    const until = values[at + 1] ?? 0;
    const flags = values[at + 4] ?? 0;
    const isLost = (flags & LOST) !== 0;
    if (now < from || now >= until + (isLost ? LOST_MS : 0)) {
      return now < from;
    }
    const kind = values[at + 2] ?? 0;
    const share = Math.min(1, (now - from) / Math.max(1, until - from));
    const place = this.#place;
    placeFlight(place, share, kind, values[at + 3] ?? 0, isLost);
    if (share === 1 && isLost) {
      place.opacity = 1 - (now - until) / LOST_MS;
      this.#stamp(SHAPES.lost, place);
    } else {
      this.#stamp((flags & COPY) !== 0 ? SHAPES.copies + kind : kind, place);
    }
    return true;
  }

  #drawLanding(values: Float64Array, at: number, now: number): boolean {
    const share = (now - (values[at] ?? 0)) / LANDING_MS;
    if (share < 0 || share >= 1) {
      return share < 0;
    }
    const verdict = values[at + 2] ?? 0;
    const place = this.#place;
    placeNaive(place, share, values[at + 3] === 1);
    this.#stamp(SHAPES.verdicts + verdict, place);
    placeGated(place, share, verdict === 0);
    this.#stamp(SHAPES.verdicts + verdict, place);
    return true;
  }

  #stamp(shape: number, { u, v, opacity }: Place): void {
    const { width, height } = this.#canvas;
    const x = Math.round((this.#isUpright ? v : u) * width);
    const y = Math.round((this.#isUpright ? u : v) * height);
    const stencil = this.#used[shape];
    this.#moving += 1;
    if (stencil !== undefined) {
      this.#pixels.stamp(stencil, x, y, opacity);
    }
  }
}
