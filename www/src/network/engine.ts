/**
 * The worker, as the page sees it: asked for one thing at a time, it answers with frames.
 * @module
 */

import type { Answer, Frame, Request } from "./protocol.js";

/** Runs the simulation elsewhere. */
export class Engine {
  readonly #worker = new Worker(new URL("network-worker.js", import.meta.url), { type: "module" });
  readonly #show: (frame: Frame) => void;
  #waiting = 0;

  constructor(show: (frame: Frame) => void, fail: (message: string) => void) {
    this.#show = show;
    this.#worker.addEventListener("message", ({ data }: MessageEvent<Answer>) => {
      this.#waiting -= 1;
      if (data.is === "frame") {
        this.#show(data.frame);
      } else {
        fail(data.message);
      }
    });
    this.#worker.addEventListener("error", ({ message }) => {
      fail(message || "the worker could not be started");
    });
  }

  /** Whether something was asked that is not answered yet. */
  get isBusy(): boolean {
    return this.#waiting > 0;
  }

  ask(request: Request): void {
    this.#waiting += 1;
    this.#worker.postMessage(request);
  }
}
