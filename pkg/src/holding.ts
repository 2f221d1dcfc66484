/**
 * Holding a claim for an effect: confirmed by the store before it runs, and renewed while it does.
 * @module
 */

import type { Ticket } from "./claim.js";
import { isOncewardError } from "./errors.js";
import { timerMs } from "./waiting.js";

/** Has the store confirm a claim before its effect runs; tells whether it is still held. */
export async function isConfirmed(
  ticket: Ticket,
  lease: number,
  flush: () => Promise<void>,
): Promise<boolean> {
  try {
    await flush();
  } catch (error) {
    attempt(() => ticket.release());
    throw error;
  }
  try {
    // Another copy may have claimed it in the meantime, or the lease have run out.
    ticket.extend(lease);
    return true;
  } catch (error) {
    if (isOncewardError(error) && error.code === "lost_claim") {
      return false;
    }
    throw error;
  }
}

/**
 * Extends the lease at each third of it, and has the store know, where others may take over when it is
 * over; returns what ends that.
 */
export function renew(
  ticket: Ticket,
  lease: number,
  flush: (() => Promise<void>) | undefined,
): () => void {
  const timer: unknown = setInterval(
    () => {
      try {
        ticket.extend(lease);
        // What fails here is tried again with the next flush, which the commit waits for.
        flush?.().catch(() => {});
      } catch {
        // A claim that is lost stays lost: the commit will tell.
      }
    },
    timerMs(lease / 3),
  );
  // In Node, the effect keeps the process alive, and not the renewal of its lease.
  if (typeof timer === "object" && timer !== null && "unref" in timer) {
    Reflect.apply(timer.unref as () => void, timer, []);
  }
  return () => clearInterval(timer as ReturnType<typeof setInterval>);
}

/** Tries to end a claim, which someone else may have won. */
export function attempt(end: () => void): void {
  try {
    end();
  } catch {
    // The caller is told of the effect's error, which matters more.
  }
}
