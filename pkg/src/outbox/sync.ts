/**
 * Background Sync: the browser wakes the service worker when there is a network, also without a
 * page.
 * @module
 */

/** The part of `ServiceWorkerRegistration` that is needed; only some browsers have it. */
interface SyncRegistration {
  readonly sync?: { register(tag: string): Promise<void> } | undefined;
}

/** What a service worker is called with. */
export interface SyncEventLike {
  /** What was registered. */
  readonly tag: string;
  /** Keeps the service worker alive until the work is done. */
  waitUntil(work: Promise<unknown>): void;
}

/**
 * The tag under which an outbox asks for Background Sync.
 *
 * @example
 * ```ts
 * addEventListener("sync", (event) => {
 *   if (event.tag === syncTag("orders")) event.waitUntil(sendWhatWaits());
 * });
 * ```
 */
export function syncTag(name: string): string {
  return `onceward-outbox:${name}`;
}

async function registration(): Promise<SyncRegistration | undefined> {
  if ("ServiceWorkerGlobalScope" in globalThis) {
    return Reflect.get(globalThis, "registration") as SyncRegistration;
  }
  const { serviceWorker } = Object(globalThis.navigator) as {
    serviceWorker?: { getRegistration?(): Promise<SyncRegistration | undefined> };
  };
  return await serviceWorker?.getRegistration?.();
}

/** Asks to be woken. Returns whether the browser will: some cannot, and users may refuse. */
export async function requestSync(name: string): Promise<boolean> {
  try {
    const { sync } = (await registration()) ?? {};
    await sync?.register(syncTag(name));
    return sync !== undefined;
  } catch {
    // There is no worker that is active yet, or it is not allowed: pages send all the same.
    return false;
  }
}
