/**
 * The shapes that move. Shape and colour say the same.
 * @module
 */

import { styleOf } from "../shared/dom.js";
import { makeStencil, type Stencil } from "./pixels.js";

/** Where they are: first a transfer and a price, then the same as copies, and so on. */
export const SHAPES = { copies: 2, lost: 4, verdicts: 5 } as const;

/** How wide and high the place of each is. */
const SIZE = 15;
const MIDDLE = SIZE / 2;

type Draw = (context: OffscreenCanvasRenderingContext2D) => void;

const circle =
  (radius: number): Draw =>
  (context) =>
    context.arc(MIDDLE, MIDDLE, radius, 0, 2 * Math.PI);

const square =
  (half: number): Draw =>
  (context) =>
    context.roundRect(MIDDLE - half, MIDDLE - half, 2 * half, 2 * half, 1.5);

const polygon =
  (...points: readonly (readonly [number, number])[]): Draw =>
  (context) => {
    for (const [x, y] of points) {
      context.lineTo(MIDDLE + x, MIDDLE + y);
    }
    context.closePath();
  };

const diamond = (half: number): Draw => polygon([0, -half], [half, 0], [0, half], [-half, 0]);
const triangle = polygon([0, -5], [5, 4], [-5, 4]);

const cross: Draw = (context) => {
  context.moveTo(MIDDLE - 3.5, MIDDLE - 3.5);
  context.lineTo(MIDDLE + 3.5, MIDDLE + 3.5);
  context.moveTo(MIDDLE + 3.5, MIDDLE - 3.5);
  context.lineTo(MIDDLE - 3.5, MIDDLE + 3.5);
};

/** In the order of `SHAPES`: how it is drawn, its colour, and whether it is only outlined. */
const DRAWN: readonly (readonly [Draw, string, boolean])[] = [
  [circle(3.5), "--ink-soft", false],
  [diamond(4.5), "--ink-soft", false],
  [circle(3.5), "--ink-soft", true],
  [diamond(4.5), "--ink-soft", true],
  [cross, "--wrong", true],
  [circle(4.2), "--fresh", false],
  [square(4), "--duplicate", false],
  [triangle, "--stale", false],
  [diamond(5), "--conflict", false],
];

/** Draws all shapes in the colours of now, at a scale. */
export function makeShapes(scale: number): Stencil[] {
  // An odd number of pixels has one in the middle.
  const size = 2 * Math.floor((SIZE * scale) / 2) + 1;
  return DRAWN.map(([draw, colour, isOutlined]) =>
    makeStencil(size, (context) => {
      context.scale(size / SIZE, size / SIZE);
      context.beginPath();
      draw(context);
      if (isOutlined) {
        context.lineWidth = 1.6;
        context.strokeStyle = styleOf(colour);
        context.stroke();
      } else {
        context.fillStyle = styleOf(colour);
        context.fill();
      }
    }),
  );
}
