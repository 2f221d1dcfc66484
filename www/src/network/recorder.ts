/**
 * Writes down what happens in the simulation, for the page to show.
 * @module
 */

import type { Verdict } from "onceward";
import { money } from "../shared/format.js";
import { type Flight, type Issued, SYMBOLS, type Watcher } from "../sim/index.js";
import { COPY, codeOf, LOST, POINT_MS, type Point } from "./protocol.js";

/** How long something that is over may still be seen. */
const SEEN_MS = 1000;

/** Sums up verdicts for the chart, and keeps flights and landings until they are sent. */
export class Recorder implements Watcher {
  #flights: number[] = [];
  #landings: number[] = [];
  #points: Point[] = [];
  #pointAt = 0;
  #counts = { fresh: 0, duplicate: 0, stale: 0 };
  lastTransfer = "";
  lastPrice = "";

  fly({ from, until, event, isCopy, isLost, lane }: Flight): void {
    const flags = (isCopy ? COPY : 0) | (isLost ? LOST : 0);
    this.#flights.push(from, until, event.kind === "transfer" ? 0 : 1, lane, flags);
    this.#describe(event);
  }

  land(event: Issued, verdict: Verdict, isApplied: boolean, now: number): void {
    this.count(now);
    const kind = event.kind === "transfer" ? 0 : 1;
    this.#landings.push(now, kind, codeOf(verdict), isApplied ? 1 : 0);
    if (verdict === "fresh" || verdict === "duplicate" || verdict === "stale") {
      this.#counts[verdict] += 1;
    }
  }

  /** Ends the points of the chart that lie before a moment. */
  count(now: number): void {
    for (; this.#pointAt + POINT_MS <= now; this.#pointAt += POINT_MS) {
      const { fresh, duplicate, stale } = this.#counts;
      const each = 1000 / POINT_MS;
      this.#points.push({
        at: this.#pointAt + POINT_MS,
        fresh: fresh * each,
        duplicate: duplicate * each,
        stale: stale * each,
      });
      this.#counts = { fresh: 0, duplicate: 0, stale: 0 };
    }
  }

  /** Hands out what was kept, but for what can no longer be seen. */
  take(now: number): { flights: Float64Array; landings: Float64Array; points: Point[] } {
    this.count(now);
    const taken = {
      flights: recent(this.#flights, 5, 1, now - SEEN_MS),
      landings: recent(this.#landings, 4, 0, now - SEEN_MS),
      points: this.#points,
    };
    this.#flights = [];
    this.#landings = [];
    this.#points = [];
    return taken;
  }

  #describe({ kind, index, which, cents, revision }: Issued): void {
    if (kind === "transfer") {
      this.lastTransfer = `tx-${index} · ${cents > 0 ? "+" : ""}${money(cents)}`;
    } else {
      this.lastPrice = `${SYMBOLS[which]} · rev. ${revision} · ${money(cents)}`;
    }
  }
}

/** The records whose time, in one of their fields, is not before a moment. */
function recent(records: number[], fields: number, timeField: number, since: number): Float64Array {
  const kept: number[] = [];
  for (let start = 0; start < records.length; start += fields) {
    if ((records[start + timeField] ?? 0) >= since) {
      for (let field = 0; field < fields; field += 1) {
        kept.push(records[start + field] ?? 0);
      }
    }
  }
  return Float64Array.from(kept);
}
