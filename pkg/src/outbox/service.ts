/**
 * What a service worker does when the browser wakes it for an outbox.
 * @module
 */

import { OncewardError } from "../errors.js";
import { type Duration, readDuration } from "../options.js";
import type { OutboxOptions } from "./options.js";
import { Outbox } from "./outbox.js";
import { type SyncEventLike, syncTag } from "./sync.js";

/** Browsers end a worker that takes longer than about five minutes. */
const PATIENCE_MS = 4 * 60_000;

/**
 * Sends what waits in an outbox, if the event is for it: the handler of a service worker's `sync`.
 *
 * It opens the outbox, waits until all is sent or the patience is over, by itself or by the tab
 * whose turn it is, and closes it. Where something is left the event fails, and the browser comes
 * again later.
 *
 * @param options as for `Outbox.open`, and `patience`: for how long to wait. @default "4m"
 *
 * @example
 * ```ts
 * addEventListener("sync", (event) => {
 *   sendOnSync(event, { name: "orders", storage: indexedDbStorage(), prepare });
 * });
 * ```
 */
export function sendOnSync(
  event: SyncEventLike,
  { patience, ...options }: OutboxOptions & { patience?: Duration | undefined },
): void {
  const ms = readDuration(patience, "patience", PATIENCE_MS);
  if (event.tag === syncTag(options.name ?? "default")) {
    event.waitUntil(sendAll(options, ms));
  }
}

async function sendAll(options: OutboxOptions, ms: number): Promise<void> {
  const outbox = await Outbox.open(options);
  let timer: ReturnType<typeof setTimeout> | undefined;
  try {
    const isLate = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        const { pending } = outbox.counts;
        reject(new OncewardError("store", `${pending} items are left to be sent`));
      }, ms);
    });
    await Promise.race([outbox.settled(), isLate]);
  } finally {
    clearTimeout(timer);
    await outbox.close();
  }
}
