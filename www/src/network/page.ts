/**
 * The page of the lossy network: it has the worker run, and shows how it goes.
 * @module
 */

import { byId, onColours, prefersStillness, setText } from "../shared/dom.js";
import { money, seconds } from "../shared/format.js";
import { readShared, STEP_MS, writeShared } from "../sim/index.js";
import { VerdictChart } from "./chart.js";
import { Controls } from "./controls.js";
import { Engine } from "./engine.js";
import { Painter } from "./painter.js";
import { Panels } from "./panels.js";
import type { Frame } from "./protocol.js";

/** How much has happened when the page is first shown, so that there is something to see. */
const WARM_UP_MS = 10_000;
const STILL_MS = 20_000;

/** By how much the worker is ahead of what is shown, and the most that it catches up at once. */
const AHEAD_MS = 60;
const CATCH_UP_MS = 100;

/** How often numbers change. */
const NUMBERS_EVERY_MS = 100;

const STEP_BUTTON_MS = 10 * STEP_MS;

const SEED_DEFAULT = 7;

/** One visit. */
class Visit {
  readonly #painter = new Painter(byId("sky", HTMLCanvasElement));
  readonly #chart = new VerdictChart(byId("chart", HTMLElement));
  readonly #panels = new Panels();
  readonly #controls = new Controls(() => this.#settingsChanged());
  readonly #engine = new Engine(
    (frame) => this.#receive(frame),
    (message) => this.#say(`The simulation stopped: ${message}`),
  );
  readonly #seedField = byId("seed", HTMLInputElement);
  readonly #status = byId("status", HTMLElement);
  readonly #play = byId("play", HTMLButtonElement);

  #frame: Frame | undefined;
  #seed = SEED_DEFAULT;
  #isRunning = false;
  /** Whether nothing was changed by hand, so that a link can lead to this very moment. */
  #isPure = true;
  #isFirst = true;
  #isEnding = false;
  /** What is shown, in simulated time, and when it was last moved on. */
  #shown = 0;
  #last = 0;
  #numbersAt = 0;

  start(): void {
    const { seed, settings, at } = readShared(location.search, SEED_DEFAULT);
    this.#seed = seed;
    this.#controls.show(settings);
    this.#listen();
    const isStill = at !== undefined || prefersStillness();
    this.#restart(at ?? (isStill ? STILL_MS : WARM_UP_MS));
    this.#run(!isStill);
    requestAnimationFrame((time) => this.#tick(time));
  }

  #listen(): void {
    const on = (id: string, action: () => void): void =>
      byId(id, HTMLButtonElement).addEventListener("click", action);
    this.#play.addEventListener("click", () => this.#run(!this.#isRunning));
    on("step", () => this.#step());
    on("crash", () => this.#crash());
    on("end", () => this.#end());
    on("restart", () => this.#restart(0));
    on("dice", () => {
      this.#seedField.valueAsNumber = Math.floor(Math.random() * 1_000_000);
      this.#reseed();
    });
    on("share", () => this.#share().catch(() => this.#say("The link is in the address bar.")));
    this.#seedField.addEventListener("change", () => this.#reseed());
    onColours(() => {
      this.#painter.resize();
    });
  }

  #restart(until: number): void {
    this.#isPure = true;
    this.#isEnding = false;
    this.#isFirst = true;
    this.#frame = undefined;
    this.#seedField.valueAsNumber = this.#seed;
    byId("end", HTMLButtonElement).disabled = false;
    const { settings } = this.#controls;
    this.#engine.ask({ does: "start", seed: this.#seed, settings, until });
  }

  #run(isRunning: boolean): void {
    this.#isRunning = isRunning;
    setText(this.#play, isRunning ? "Pause" : "Play");
    if (!isRunning && this.#frame !== undefined) {
      this.#settle(this.#frame);
    }
  }

  #step(): void {
    this.#run(false);
    this.#engine.ask({ does: "step", by: STEP_BUTTON_MS });
  }

  #crash(): void {
    this.#isPure = false;
    this.#engine.ask({ does: "crash" });
    this.#say("The consumer crashed. It starts again at its last commit, and gets events anew.");
  }

  #end(): void {
    this.#isPure = false;
    this.#isEnding = true;
    byId("end", HTMLButtonElement).disabled = true;
    this.#engine.ask({ does: "end" });
    this.#say("Nothing more is issued. What is on its way still arrives.");
    this.#run(true);
  }

  #reseed(): void {
    const { valueAsNumber, validity } = this.#seedField;
    if (validity.valid && Number.isInteger(valueAsNumber)) {
      this.#seed = valueAsNumber;
      this.#restart(0);
      this.#writeAddress(undefined);
    }
  }

  async #share(): Promise<void> {
    this.#writeAddress(this.#isPure ? this.#frame?.now : undefined);
    await navigator.clipboard.writeText(location.href);
    this.#say("The link is copied. Whoever opens it sees the same.");
  }

  #writeAddress(at: number | undefined): void {
    const { settings } = this.#controls;
    history.replaceState(null, "", writeShared({ seed: this.#seed, settings, at }));
  }

  #settingsChanged(): void {
    this.#isPure = false;
    this.#engine.ask({ does: "set", settings: this.#controls.settings });
    this.#writeAddress(undefined);
  }

  #receive(frame: Frame): void {
    this.#frame = frame;
    if (this.#isFirst) {
      this.#isFirst = false;
      this.#painter.flights.clear();
      this.#painter.landings.clear();
      this.#chart.clear();
      this.#settle(frame);
    }
    this.#painter.flights.add(frame.flights);
    this.#painter.landings.add(frame.landings);
    this.#chart.add(frame.points);
    if (!this.#isRunning) {
      this.#settle(frame);
    }
    if (frame.isOver && this.#isEnding) {
      this.#isEnding = false;
      this.#panels.show(frame);
      this.#say(
        `Everything has arrived, after ${seconds(frame.now)}. The naive consumer is off by ` +
          `${money(frame.naive.cents)}, the one behind the gate by ${money(frame.gated.cents)}.`,
      );
    }
  }

  /** Shows a frame as it is, and not on the way to it. */
  #settle(frame: Frame): void {
    this.#shown = frame.now;
    this.#panels.show(frame);
  }

  #tick(time: number): void {
    const passed = Math.min(CATCH_UP_MS, Math.max(0, time - this.#last));
    this.#last = time;
    const frame = this.#frame;
    if (frame !== undefined) {
      if (this.#isRunning) {
        this.#goOn(frame, passed, time);
      }
      this.#painter.draw(this.#shown, frame.isDown);
    }
    requestAnimationFrame((next) => this.#tick(next));
  }

  #goOn(frame: Frame, passed: number, time: number): void {
    this.#shown = Math.min(frame.now + CATCH_UP_MS, this.#shown + passed);
    const until = this.#shown + AHEAD_MS;
    if (!this.#engine.isBusy && until - frame.now >= STEP_MS && !frame.isOver) {
      this.#engine.ask({ does: "advance", until });
    }
    if (time - this.#numbersAt >= NUMBERS_EVERY_MS) {
      this.#numbersAt = time;
      this.#panels.show(frame);
    }
  }

  #say(text: string): void {
    setText(this.#status, text);
  }
}

new Visit().start();
