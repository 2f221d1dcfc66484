/**
 * What does not move in the picture: the network, the ways behind the log, the log, and the gate.
 * @module
 */

import { styleOf } from "../shared/dom.js";
import {
  GATE_U,
  GATED_V,
  LOG_U,
  NAIVE_V,
  type Place,
  placeGated,
  placeNaive,
  SOURCE_V,
} from "./routes.js";

/** How large the picture is, and whether everything goes down instead of to the right. */
export interface Ground {
  readonly width: number;
  readonly height: number;
  readonly isUpright: boolean;
  /** Whether the consumers are not running. */
  readonly isDown: boolean;
}

/** Where the network begins and ends, how far from the sides it is, and how round. */
const CLOUD_U = [0.07, 0.52] as const;
const CLOUD_V = 0.025;
const CLOUD_RADIUS = 20;

type Context = OffscreenCanvasRenderingContext2D;

/** Draws all of it, in the colours of now. */
export function drawGround(context: Context, ground: Ground): void {
  const { width, height, isDown } = ground;
  context.fillStyle = styleOf("--card");
  // A size may end within a pixel, which has to be covered as well.
  context.fillRect(0, 0, width + 1, height + 1);
  context.fillStyle = styleOf("--sunken");
  const [start, end] = CLOUD_U;
  drawBlock(context, ground, start, end, CLOUD_V, 1 - CLOUD_V, CLOUD_RADIUS);
  context.lineWidth = 1;
  context.strokeStyle = styleOf("--line-strong");
  context.setLineDash(isDown ? [3, 5] : []);
  drawBranch(context, ground, placeNaive);
  drawBranch(context, ground, placeGated);
  for (const v of SOURCE_V) {
    drawBar(context, ground, 0.004, v, 0.08, "--line-strong", 3);
  }
  drawBar(context, ground, LOG_U, 0.5, 0.13, isDown ? "--wrong" : "--ink", 4);
  drawBar(context, ground, GATE_U, GATED_V, 0.17, "--accent", 5);
  // Where the naive way has nothing, a gap stands for what is missing.
  drawBar(context, ground, GATE_U, NAIVE_V - 0.07, 0.03, "--line-strong", 3);
  drawBar(context, ground, GATE_U, NAIVE_V + 0.07, 0.03, "--line-strong", 3);
}

function drawBlock(
  context: Context,
  { width, height, isUpright }: Ground,
  fromU: number,
  toU: number,
  fromV: number,
  toV: number,
  radius: number,
): void {
  context.beginPath();
  if (isUpright) {
    const [x, y] = [fromV * width, fromU * height];
    context.roundRect(x, y, (toV - fromV) * width, (toU - fromU) * height, radius);
  } else {
    const [x, y] = [fromU * width, fromV * height];
    context.roundRect(x, y, (toU - fromU) * width, (toV - fromV) * height, radius);
  }
  context.fill();
}

/** Draws a bar across the way. */
function drawBar(
  context: Context,
  ground: Ground,
  u: number,
  v: number,
  length: number,
  colour: string,
  thickness: number,
): void {
  const half = thickness / 2 / (ground.isUpright ? ground.height : ground.width);
  context.fillStyle = styleOf(colour);
  drawBlock(context, ground, u - half, u + half, v - length / 2, v + length / 2, thickness / 2);
}

function drawBranch(
  context: Context,
  { width, height, isUpright }: Ground,
  place: (place: Place, share: number, passes: boolean) => void,
): void {
  const at: Place = { u: 0, v: 0, opacity: 1 };
  context.beginPath();
  for (let point = 0; point <= 48; point += 1) {
    place(at, point / 48, true);
    const [x, y] = isUpright ? [at.v, at.u] : [at.u, at.v];
    context.lineTo(x * width, y * height);
  }
  context.stroke();
}
