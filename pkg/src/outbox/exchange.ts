/**
 * One request and its answer, in time.
 * @module
 */

import type { Timers } from "./options.js";

/** What became of a request. */
export type Exchanged =
  | { readonly response: Response; readonly bytes: Uint8Array }
  /** Nobody knows whether it arrived. */
  | { readonly trouble: "network" | "timeout" }
  /** It was broken off from here, likewise. */
  | { readonly trouble: "aborted" };

/** What ends a request before its answer. */
export class Cut {
  readonly #controller = new AbortController();
  readonly #outer: AbortSignal;
  readonly #timers: Timers;
  readonly #timer: unknown;
  /** Rejects when it is cut off. */
  readonly happened: Promise<never>;
  #reason: "timeout" | "aborted" | undefined;
  #reject: (error: unknown) => void = () => {};

  constructor(outer: AbortSignal, timers: Timers, ms: number) {
    this.#outer = outer;
    this.#timers = timers;
    this.happened = new Promise((_, reject) => {
      this.#reject = reject;
    });
    // It may happen when nobody waits any more.
    this.happened.catch(() => {});
    this.#timer = timers.set(() => this.#cut("timeout"), ms);
    outer.addEventListener("abort", this.#aborted);
    if (outer.aborted) {
      this.#cut("aborted");
    }
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  get reason(): "timeout" | "aborted" | undefined {
    return this.#reason;
  }

  end(): void {
    this.#timers.clear(this.#timer);
    this.#outer.removeEventListener("abort", this.#aborted);
  }

  readonly #aborted = (): void => this.#cut("aborted");

  #cut(reason: "timeout" | "aborted"): void {
    this.#reason ??= reason;
    this.#controller.abort();
    this.#reject(new Error(reason));
  }
}

/** Sends a request, and reads the whole answer. It never rejects. */
export async function exchange(
  send: (request: Request) => Promise<Response>,
  request: Request,
  cut: Cut,
): Promise<Exchanged> {
  const answering = (async () => {
    const response = await send(request);
    return { response, bytes: new Uint8Array(await response.arrayBuffer()) };
  })();
  try {
    // Not every fetch heeds the signal.
    return await Promise.race([answering, cut.happened]);
  } catch {
    answering.catch(() => {});
    return { trouble: cut.reason ?? "network" };
  }
}
