/**
 * The gate in the simulation: the package, and nothing else, says what may be acted on.
 * @module
 */

import type { Gate, GateEvent, GateOptions, Verdict } from "onceward";
import { type Issued, SYMBOLS } from "./world.js";

/** Opens a gate: as a page does, or as a test in Node does. */
export type Opener = (options: GateOptions) => Promise<Gate>;

/** When simulated time begins. */
const EPOCH_MS = 1_790_000_000_000;

/** The secret is fixed, so that a seed gives the same bytes each time. */
const OPTIONS: GateOptions = { secret: "a lossy network", maxBytes: 256 * 1024 * 1024 };

/** Says what an event is known by: a transfer by its key, a price by the revision of its symbol. */
export function identify({ index, kind, which, revision, stamp }: Issued): GateEvent {
  return kind === "transfer"
    ? { scope: "bank", id: `tx-${index}`, time: EPOCH_MS + stamp }
    : { scope: "prices", entity: SYMBOLS[which], revision };
}

/** A gate that lives through crashes, on simulated time. */
export class Guard {
  readonly #open: Opener;
  #gate: Gate;
  #now = EPOCH_MS;

  private constructor(open: Opener, gate: Gate) {
    this.#open = open;
    this.#gate = gate;
  }

  /** Opens it, empty. */
  static async open(open: Opener): Promise<Guard> {
    const guard: { current?: Guard } = {};
    const clock = (): number => guard.current?.now ?? EPOCH_MS;
    const gate = await open({ ...OPTIONS, clock });
    guard.current = new Guard(open, gate);
    return guard.current;
  }

  /** What time it is, by the clock of the machine that it runs on. */
  get now(): number {
    return this.#now;
  }

  /** How many bytes it remembers everything in. */
  get bytes(): number {
    return this.#gate.stats().bytes;
  }

  /** Judges what has arrived, as one batch. The clock may go back: machines differ. */
  judge(events: readonly Issued[], now: number): Verdict[] {
    this.#now = EPOCH_MS + now;
    return this.#gate.checkAll(events.map(identify));
  }

  /** Ends the gate as a crash does, and opens another one from what was written down. */
  async crash(): Promise<void> {
    const snapshot = this.#gate.snapshot();
    const before = this.#gate;
    this.#gate = await this.#open({ ...OPTIONS, snapshot, clock: () => this.#now });
    await before.close();
  }

  /** Gives the memory back. */
  async close(): Promise<void> {
    await this.#gate.close();
  }
}
