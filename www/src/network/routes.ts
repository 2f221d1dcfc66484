/**
 * Where things are on their way: `u` goes from the sources to the consumers, `v` across, both from
 * 0 to 1.
 * @module
 */

/** Where the log is, in which everything arrives, and where the gate. */
export const LOG_U = 0.6;
export const GATE_U = 0.82;

/** On which side the bank and the board are, and the naive consumer and the one behind the gate. */
export const SOURCE_V = [0.27, 0.73] as const;
export const NAIVE_V = 0.25;
export const GATED_V = 0.75;

/** How long it takes from the log to a consumer. */
export const LANDING_MS = 800;

/** How much of that it takes to the gate. */
const GATE_AFTER = 0.6;

/** How far a message comes that is lost. */
const LOST_AT = 0.5;

/** A place; one is made and used again for all. */
export interface Place {
  u: number;
  v: number;
  /** From 0, gone, to 1. */
  opacity: number;
}

function smooth(share: number): number {
  const within = Math.min(1, Math.max(0, share));
  return within * within * (3 - 2 * within);
}

/** Places a message between its source and the log. */
export function placeFlight(
  place: Place,
  share: number,
  kind: number,
  lane: number,
  isLost: boolean,
): void {
  const way = isLost ? share * LOST_AT : share;
  const source = SOURCE_V[kind === 0 ? 0 : 1];
  const middle = 0.5 + 0.45 * lane;
  const spread = source + (middle - source) * smooth(way / 0.45);
  place.u = LOG_U * way;
  place.v = spread + (0.5 - spread) * smooth((way - 0.55) / 0.45);
  place.opacity = 1;
}

/** Places an event on its way to the naive consumer, who takes everything, or drops some. */
export function placeNaive(place: Place, share: number, isApplied: boolean): void {
  place.u = LOG_U + (1 - LOG_U) * share;
  place.v = 0.5 + (NAIVE_V - 0.5) * smooth(share / 0.55);
  place.opacity = 1;
  if (!isApplied && share > GATE_AFTER) {
    fall(place, (share - GATE_AFTER) / (1 - GATE_AFTER));
    place.v = NAIVE_V + 0.16 * ((share - GATE_AFTER) / (1 - GATE_AFTER)) ** 2;
  }
}

/** Places an event on its way to the gate, and past it if it is fresh. */
export function placeGated(place: Place, share: number, isFresh: boolean): void {
  place.u = LOG_U + ((GATE_U - LOG_U) * share) / GATE_AFTER;
  place.v = 0.5 + (GATED_V - 0.5) * smooth(share / 0.55);
  place.opacity = 1;
  if (share <= GATE_AFTER) {
    return;
  }
  const after = (share - GATE_AFTER) / (1 - GATE_AFTER);
  if (isFresh) {
    place.u = GATE_U + (1 - GATE_U) * after;
  } else {
    fall(place, after);
    place.v = GATED_V + 0.2 * after * after;
  }
}

/** Bounces back, and fades. */
function fall(place: Place, after: number): void {
  place.u = GATE_U - 0.09 * after;
  place.opacity = 1 - after * after;
}
