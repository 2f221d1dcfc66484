/**
 * The sliders, and the choice of the naive way.
 * @module
 */

import { byId, make, setText } from "../shared/dom.js";
import { grouped } from "../shared/format.js";
import { DEFAULTS, KNOBS, type Knob, type Settings } from "../sim/index.js";

function say({ unit }: Knob, value: number): string {
  return unit === "%" || unit.startsWith("/")
    ? `${grouped(value)}${unit === "%" ? " %" : ` ${unit}`}`
    : `${grouped(value)} ${unit}`;
}

/** Makes the slider of one setting. */
function makeSlider(knob: Knob, settings: Settings, changed: () => void): HTMLElement {
  const { name, label, values } = knob;
  const id = `knob-${name}`;
  const input = make("input", {
    attributes: { type: "range", id, min: "0", max: String(values.length - 1), step: "1" },
  });
  const output = make("output", { attributes: { for: id } });
  const show = (): void => {
    const value = say(knob, settings[name]);
    setText(output, value);
    input.setAttribute("aria-valuetext", value);
    input.style.setProperty("--share", `${(100 * input.valueAsNumber) / (values.length - 1)}%`);
  };
  input.valueAsNumber = Math.max(0, values.indexOf(settings[name]));
  input.addEventListener("input", () => {
    settings[name] = values[input.valueAsNumber] ?? settings[name];
    show();
    changed();
  });
  show();
  return make("div", {
    class: "knob",
    children: [make("label", { text: label, attributes: { for: id } }), output, input],
  });
}

/** Shows settings, and changes them. */
export class Controls {
  readonly #place = byId("knobs", HTMLElement);
  readonly #changed: () => void;
  #settings: Settings = { ...DEFAULTS };

  constructor(changed: () => void) {
    this.#changed = changed;
    for (const input of this.#ways()) {
      input.addEventListener("change", () => {
        this.#settings.naive = input.value === "usual" ? "usual" : "all";
        this.#nameSide();
        changed();
      });
    }
    byId("calm", HTMLButtonElement).addEventListener("click", () => this.#set(CALM));
    byId("usual-day", HTMLButtonElement).addEventListener("click", () => this.#set(DEFAULTS));
    byId("storm", HTMLButtonElement).addEventListener("click", () => this.#set(STORM));
  }

  get settings(): Settings {
    return { ...this.#settings };
  }

  /** Shows settings that come from elsewhere. */
  show(settings: Settings): void {
    this.#settings = { ...settings };
    const sliders = KNOBS.map((knob) => makeSlider(knob, this.#settings, this.#changed));
    this.#place.replaceChildren(...sliders);
    for (const input of this.#ways()) {
      input.checked = input.value === settings.naive;
    }
    this.#nameSide();
  }

  #nameSide(): void {
    const name = this.#settings.naive === "usual" ? "With the usual fixes" : "Without a gate";
    setText(byId("naive-title", HTMLElement), name);
  }

  #set(settings: Readonly<Settings>): void {
    this.show({ ...settings, naive: this.#settings.naive });
    this.#changed();
  }

  #ways(): NodeListOf<HTMLInputElement> {
    return document.querySelectorAll<HTMLInputElement>("input[name=naive]");
  }
}

/** A network as one would wish it. */
const CALM: Readonly<Settings> = {
  ...DEFAULTS,
  duplicates: 0,
  loss: 0,
  reorder: 0,
  crashes: 0,
  skew: 0,
};

/** A network at its worst, and much to do. */
const STORM: Readonly<Settings> = {
  ...DEFAULTS,
  rate: 300,
  duplicates: 25,
  loss: 30,
  reorder: 35,
  crashes: 15,
  skew: 60,
};
