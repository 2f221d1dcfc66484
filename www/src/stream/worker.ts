/**
 * Judges a stream beside the page: piece by piece, so that it can be watched, and stopped.
 * @module
 */

import type { Ordinal } from "onceward";
import { openGate, ordinal } from "../shared/onceward.js";
import type { Notation, Plan } from "./fields.js";
import { judgeLines, LineReader } from "./judge.js";
import { readLines } from "./lines.js";
import type { Answer, Progress, Request } from "./protocol.js";
import { Tally } from "./tally.js";

/** How often the page is told. */
const TELL_EVERY_MS = 150;

/** How much of what is fresh is gathered before it is handed to the browser. */
const PART_LENGTH = 4_000_000;

const GATE_BYTES_MAX = 1024 * 1024 * 1024;

/** The run that is wanted; every other one stops at its next turn. */
let wanted = 0;

function readOrdinal(notation: Notation, value: unknown): Ordinal {
  if (notation === "integer") {
    if (typeof value === "string" || (typeof value === "number" && Number.isSafeInteger(value))) {
      return value;
    }
    throw new TypeError("the revision or position is no whole number, or not an exact one");
  }
  if (typeof value !== "string") {
    throw new TypeError("the revision or position is not a text");
  }
  return ordinal[notation](value);
}

/** Gathers the lines that are fresh. */
class Collector {
  readonly #parts: Blob[] = [];
  #texts: string[] = [];
  #length = 0;

  add(text: string): void {
    this.#texts.push(text, "\n");
    this.#length += text.length + 1;
    if (this.#length > PART_LENGTH) {
      this.#flush();
    }
  }

  finish(): Blob {
    this.#flush();
    return new Blob(this.#parts, { type: "application/x-ndjson" });
  }

  #flush(): void {
    this.#parts.push(new Blob(this.#texts));
    this.#texts = [];
    this.#length = 0;
  }
}

function tell(answer: Answer): void {
  postMessage(answer);
}

/** Lets messages come in: without it a cancel would wait until the end. */
function breathe(): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve);
  });
}

async function judge(run: number, file: Blob, plan: Plan): Promise<void> {
  const gate = await openGate({ maxBytes: GATE_BYTES_MAX });
  const reader = new LineReader(plan, readOrdinal);
  const tally = new Tally();
  const fresh = new Collector();
  const started = performance.now();
  let told = started;
  const progress = (bytes: number): Progress => ({
    run,
    bytes,
    total: file.size,
    summary: tally.summary,
    gateBytes: gate.stats().bytes,
    ms: performance.now() - started,
  });
  try {
    for await (const { first, lines, bytes } of readLines(file)) {
      judgeLines(gate, reader, lines).forEach((judged, index) => {
        const text = lines[index] ?? "";
        tally.add(first + index, text, judged);
        if (judged.is === "verdict" && judged.verdict === "fresh") {
          fresh.add(text);
        }
      });
      if (performance.now() - told >= TELL_EVERY_MS) {
        tell({ is: "progress", ...progress(bytes) });
        await breathe();
        told = performance.now();
      }
      if (wanted !== run) {
        tell({ is: "cancelled", ...progress(bytes) });
        return;
      }
    }
    tell({ is: "done", fresh: fresh.finish(), ...progress(file.size) });
  } finally {
    await gate.close();
  }
}

addEventListener("message", ({ data }: MessageEvent<Request>) => {
  if (data.does === "cancel") {
    wanted = 0;
    return;
  }
  const { run, file, plan } = data;
  wanted = run;
  judge(run, file, plan).catch((error: unknown) => {
    tell({ is: "failure", run, message: error instanceof Error ? error.message : String(error) });
  });
});
