/**
 * The worker, as the page sees it: asked for one thing at a time, it answers with frames.
 * @module
 */

import type { Answer, Frame, Request } from "./protocol.js";

/** Runs the simulation elsewhere. */
export class Engine {
  readonly #worker = new Worker(new URL("network-worker.js", import.meta.url), { type: "module" });
  readonly #show: (frame: Frame) => void;
  /** What was asked and is not answered yet. Answers come in the order of the questions. */
  readonly #asked: Request["does"][] = [];

  constructor(show: (frame: Frame) => void, fail: (message: string) => void) {
    this.#show = show;
    this.#worker.addEventListener("message", ({ data }: MessageEvent<Answer>) => {
      this.#asked.shift();
      if (data.is === "failure") {
        fail(data.message);
      } else if (!this.#asked.includes("start")) {
        // Else it is of a run that has been given up.
        this.#show(data.frame);
      }
    });
    this.#worker.addEventListener("error", ({ message }) => {
      fail(message || "the worker could not be started");
    });
  }

  /** Whether something was asked that is not answered yet. */
  get isBusy(): boolean {
    return this.#asked.length > 0;
  }

  ask(request: Request): void {
    this.#asked.push(request.does);
    this.#worker.postMessage(request);
  }
}
