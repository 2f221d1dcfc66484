/**
 * A picture that is written pixel by pixel: a ground that stays, and many small shapes on it.
 *
 * To copy thousands of shapes with the canvas's own means takes several times a frame where no
 * graphics card helps. Written into memory they take a millisecond or two on any machine.
 * @module
 */

/** A shape: where its pixels are, from its middle, and how much each is covered, from 0 to 256. */
export interface Stencil {
  readonly dx: Int16Array;
  readonly dy: Int16Array;
  readonly cover: Uint16Array;
  readonly red: number;
  readonly green: number;
  readonly blue: number;
}

/** Draws a shape as the canvas does, and takes its pixels. */
export function makeStencil(
  size: number,
  draw: (context: OffscreenCanvasRenderingContext2D) => void,
): Stencil {
  const canvas = new OffscreenCanvas(size, size);
  const context = canvas.getContext("2d", { willReadFrequently: true });
  if (context === null) {
    throw new TypeError("the browser has no canvas");
  }
  draw(context);
  const { data } = context.getImageData(0, 0, size, size);
  const alphas = Array.from({ length: size * size }, (_, pixel) => data[4 * pixel + 3] ?? 0);
  const covered = alphas.flatMap((alpha, pixel) => (alpha > 0 ? [pixel] : []));
  // The pixel that is covered most has the colour that was meant.
  const fullest = 4 * alphas.indexOf(Math.max(...alphas));
  const middle = Math.floor(size / 2);
  return {
    dx: Int16Array.from(covered, (pixel) => (pixel % size) - middle),
    dy: Int16Array.from(covered, (pixel) => Math.floor(pixel / size) - middle),
    cover: Uint16Array.from(covered, (pixel) => Math.round(((alphas[pixel] ?? 0) * 256) / 255)),
    red: data[fullest] ?? 0,
    green: data[fullest + 1] ?? 0,
    blue: data[fullest + 2] ?? 0,
  };
}

/** The pixels of one canvas. */
export class Pixels {
  readonly #context: CanvasRenderingContext2D;
  #image = new ImageData(1, 1);
  #ground = new Uint8ClampedArray(4);

  constructor(context: CanvasRenderingContext2D) {
    this.#context = context;
  }

  /** Draws the ground; all of it must be covered. */
  setGround(
    width: number,
    height: number,
    draw: (context: OffscreenCanvasRenderingContext2D) => void,
  ): void {
    const context = new OffscreenCanvas(width, height).getContext("2d", {
      willReadFrequently: true,
    });
    if (context !== null) {
      draw(context);
      this.#image = context.getImageData(0, 0, width, height);
      this.#ground = new Uint8ClampedArray(this.#image.data);
    }
  }

  /** Starts from the ground. */
  clear(): void {
    this.#image.data.set(this.#ground);
  }

  /** Puts a shape where its middle is to be; what lies outside is cut off. */
  stamp(stencil: Stencil, x: number, y: number, opacity: number): void {
    const { width, height, data } = this.#image;
    const { dx, dy, cover, red, green, blue } = stencil;
    const strength = Math.round(opacity * 256);
    for (let pixel = 0; pixel < cover.length; pixel += 1) {
      const column = x + (dx[pixel] ?? 0);
      const row = y + (dy[pixel] ?? 0);
      if (column < 0 || column >= width || row < 0 || row >= height) {
        continue;
      }
      const at = 4 * (row * width + column);
      const share = ((cover[pixel] ?? 0) * strength) >> 8;
      const rest = 256 - share;
      data[at] = (red * share + (data[at] ?? 0) * rest) >> 8;
      data[at + 1] = (green * share + (data[at + 1] ?? 0) * rest) >> 8;
      data[at + 2] = (blue * share + (data[at + 2] ?? 0) * rest) >> 8;
    }
  }

  /** Shows it. */
  show(): void {
    this.#context.putImageData(this.#image, 0, 0);
  }
}
