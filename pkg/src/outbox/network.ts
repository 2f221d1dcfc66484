/**
 * What the runtime says of the network and of the page, as far as it is to be believed.
 * @module
 */

/** How often something is sent although the network is said to be away, in milliseconds. */
const PROBE_MS = 15 * 60_000;

/** What a runtime tells. */
export interface Surroundings {
  /** False when it believes that there is no network; undefined where it does not know. */
  isOnline(): boolean | undefined;
  /** Calls back when there may be a network again. Returns what stops that. */
  onOnline(listener: () => void): () => void;
  /** Calls back when the page is put aside, and when it is shown again. Returns what stops that. */
  onAside(hidden: () => void, shown: () => void): () => void;
}

function listen(names: readonly string[], listener: (event: Event) => void): () => void {
  for (const name of names) {
    globalThis.addEventListener(name, listener);
  }
  return () => {
    for (const name of names) {
      globalThis.removeEventListener(name, listener);
    }
  };
}

/** What this runtime tells. */
export function surroundings(): Surroundings {
  const onLine = (): unknown => Reflect.get(Object(globalThis.navigator), "onLine");
  const hasEvents = "addEventListener" in globalThis && typeof onLine() === "boolean";
  const isPage = hasEvents && "document" in globalThis;
  return {
    isOnline: () => (hasEvents ? onLine() === true : undefined),
    onOnline: (listener) => (hasEvents ? listen(["online"], listener) : () => {}),
    onAside: (hidden, shown) => {
      if (!isPage) {
        return () => {};
      }
      const stopHiding = listen(["pagehide"], (event) => {
        if ((event as PageTransitionEvent).persisted) {
          hidden();
        }
      });
      const stopShowing = listen(["pageshow"], shown);
      // These two are told to the document.
      document.addEventListener("freeze", hidden);
      document.addEventListener("resume", shown);
      return () => {
        stopHiding();
        stopShowing();
        document.removeEventListener("freeze", hidden);
        document.removeEventListener("resume", shown);
      };
    },
  };
}

/**
 * Whether it makes sense to send.
 *
 * `navigator.onLine` is a hint. Where it says that there is no network nothing is sent, so that
 * what never left the device does not grow old; but where that goes on for long, one item is sent
 * nevertheless, and if any server answers, the hint is not believed again.
 */
export class Network {
  readonly #isOnline: () => boolean | undefined;
  #isWrong = false;
  #since: number | undefined;

  constructor(isOnline: () => boolean | undefined) {
    this.#isOnline = isOnline;
  }

  /** Whether to send; else for how many milliseconds not to. */
  check(now: number): { readonly away: number } | undefined {
    if (this.#isWrong || this.#isOnline() !== false) {
      this.#since = undefined;
      return undefined;
    }
    // A clock that was set back begins anew.
    this.#since = Math.min(this.#since ?? now, now);
    const away = this.#since + PROBE_MS - now;
    return away > 0 ? { away } : { away: 0 };
  }

  /** Notes that one item is sent although there should be no network. */
  probed(now: number): void {
    this.#since = now;
  }

  /** Notes that a server has answered. */
  heard(): void {
    this.#isWrong ||= this.#isOnline() === false;
  }
}
