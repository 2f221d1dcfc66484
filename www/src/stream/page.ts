/**
 * The page for a stream of one's own.
 * @module
 */

import { byId, make, setText } from "../shared/dom.js";
import { bytes, grouped, seconds } from "../shared/format.js";
import { Chooser } from "./chooser.js";
import type { Answer, Progress, Request } from "./protocol.js";
import { Results } from "./results.js";
import { makeSample } from "./sample.js";

/** Of how many bytes at the beginning a sample line is taken. */
const HEAD_BYTES = 256 * 1024;

/** Up to which size a stream is judged at once, and again when a field is chosen. */
const SMALL_BYTES = 8 * 1024 * 1024;

const SAMPLE_EVENTS = 20_000;

/** One visit. */
class Visit {
  readonly #chooser = new Chooser(() => this.#planChanged());
  readonly #results = new Results();
  readonly #worker = new Worker(new URL("stream-worker.js", import.meta.url), { type: "module" });
  readonly #judge = byId("judge", HTMLButtonElement);
  readonly #cancel = byId("cancel", HTMLButtonElement);
  readonly #download = byId("download", HTMLAnchorElement);
  #file: Blob | undefined;
  #name = "events";
  #run = 0;
  #isWatched = false;

  start(): void {
    this.#worker.addEventListener("message", ({ data }: MessageEvent<Answer>) => this.#hear(data));
    this.#worker.addEventListener("error", ({ message }) => this.#complain(message));
    const input = byId("file", HTMLInputElement);
    input.addEventListener("change", () => {
      const [file] = input.files ?? [];
      if (file !== undefined) {
        this.#take(file, file.name);
      }
    });
    byId("sample", HTMLButtonElement).addEventListener("click", () => {
      this.#take(new Blob([makeSample(SAMPLE_EVENTS)]), "sample.ndjson");
    });
    const box = byId("paste-box", HTMLElement);
    const pasted = byId("pasted", HTMLTextAreaElement);
    byId("paste", HTMLButtonElement).addEventListener("click", () => {
      box.hidden = false;
      pasted.focus();
    });
    byId("use-pasted", HTMLButtonElement).addEventListener("click", () => {
      this.#take(new Blob([pasted.value]), "pasted.ndjson");
    });
    this.#judge.addEventListener("click", () => this.#start());
    this.#cancel.addEventListener("click", () => this.#ask({ does: "cancel" }));
    this.#listenForDrops();
  }

  #listenForDrops(): void {
    const place = byId("drop", HTMLElement);
    addEventListener("dragover", (event) => {
      event.preventDefault();
      place.dataset.over = "true";
    });
    addEventListener("dragleave", () => {
      place.dataset.over = "false";
    });
    addEventListener("drop", (event) => {
      event.preventDefault();
      place.dataset.over = "false";
      const file = event.dataTransfer?.files[0];
      if (file !== undefined) {
        this.#take(file, file.name);
      }
    });
  }

  #take(file: Blob, name: string): void {
    this.#file = file;
    this.#name = name;
    setText(byId("name", HTMLElement), `${name}, ${bytes(file.size)}`);
    byId("outcome", HTMLElement).hidden = true;
    this.#readHead(file).catch((error: unknown) => this.#complain(String(error)));
  }

  async #readHead(file: Blob): Promise<void> {
    const head = await file.slice(0, HEAD_BYTES).text();
    const samples = head.split("\n").flatMap(parse);
    // The line with most fields shows most.
    const [sample] = samples.sort((one, other) => fieldsOf(other) - fieldsOf(one));
    byId("plan", HTMLElement).hidden = sample === undefined;
    if (sample === undefined) {
      setText(
        byId("name", HTMLElement),
        `${this.#name} does not begin with lines of JSON objects.`,
      );
      return;
    }
    this.#chooser.show(sample);
    this.#planChanged();
  }

  #planChanged(): void {
    const { missing } = this.#chooser;
    this.#complain(missing ?? "");
    this.#judge.disabled = missing !== undefined;
    const size = this.#file?.size ?? 0;
    setText(this.#judge, `Judge ${bytes(size)}`);
    if (missing === undefined && size <= SMALL_BYTES) {
      this.#start();
    }
  }

  #start(): void {
    if (this.#file === undefined) {
      return;
    }
    this.#run += 1;
    this.#isWatched = true;
    this.#complain("");
    this.#forgetDownload();
    byId("progress-box", HTMLElement).hidden = false;
    this.#cancel.hidden = false;
    const { plan } = this.#chooser;
    this.#ask({ does: "judge", run: this.#run, file: this.#file, plan });
  }

  #ask(request: Request): void {
    this.#worker.postMessage(request);
  }

  #hear(answer: Answer): void {
    if (answer.run !== this.#run || !this.#isWatched) {
      return;
    }
    if (answer.is === "failure") {
      this.#finish();
      this.#complain(`It stopped: ${answer.message}`);
      return;
    }
    this.#showProgress(answer, answer.is !== "progress");
    if (answer.is === "progress") {
      return;
    }
    this.#finish();
    if (answer.is === "cancelled") {
      this.#complain("Cancelled. What is below was judged before.");
    } else {
      this.#offer(answer.fresh, answer.summary.verdicts.fresh ?? 0);
    }
  }

  #finish(): void {
    this.#isWatched = false;
    this.#cancel.hidden = true;
  }

  #showProgress(progress: Progress, isFinal: boolean): void {
    const { bytes: read, total, summary, gateBytes, ms } = progress;
    const bar = byId("progress", HTMLProgressElement);
    bar.value = total === 0 ? 100 : (100 * read) / total;
    const speed = ms > 0 ? (1000 * summary.lines) / ms : 0;
    setText(
      byId("progress-text", HTMLElement),
      `${bytes(read)} of ${bytes(total)} · ${grouped(summary.lines)} lines in ${seconds(ms)} · ` +
        `${grouped(speed)} lines a second · the gate's memory: ${bytes(gateBytes)}`,
    );
    byId("outcome", HTMLElement).hidden = false;
    this.#results.show(summary, isFinal);
  }

  #offer(fresh: Blob, count: number): void {
    this.#download.href = URL.createObjectURL(fresh);
    this.#download.download = `fresh-${this.#name}`;
    this.#download.hidden = false;
    const size = make("span", { text: `${grouped(count)} fresh events` });
    this.#download.replaceChildren("Download ", size);
  }

  #forgetDownload(): void {
    if (this.#download.href !== "") {
      URL.revokeObjectURL(this.#download.href);
      this.#download.removeAttribute("href");
    }
    this.#download.hidden = true;
  }

  #complain(text: string): void {
    setText(byId("problem", HTMLElement), text);
  }
}

function parse(line: string): object[] {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === "object" && value !== null && !Array.isArray(value) ? [value] : [];
  } catch {
    return [];
  }
}

function fieldsOf(sample: object): number {
  return Object.keys(sample).length;
}

new Visit().start();
