/**
 * What can be set, within which limits, and how a link says it.
 * @module
 */

/** How the naive consumer goes about it. */
export type NaiveWay = "all" | "usual";

/** How bad the network is, and how much goes through it. */
export interface Settings {
  /** How many events are issued in a second. */
  rate: number;
  /** Of a hundred messages, how many the network delivers twice. */
  duplicates: number;
  /** Of a hundred messages, how many are lost, or their receipts; either is sent again. */
  loss: number;
  /** Of a hundred messages, how many take a detour. */
  reorder: number;
  /** How many milliseconds a message takes. */
  delay: number;
  /** How often in a minute the consumer crashes. */
  crashes: number;
  /** By how many seconds clocks differ. */
  skew: number;
  naive: NaiveWay;
}

/** The settings that are numbers. */
export type KnobName = Exclude<keyof Settings, "naive">;

/** One of them, as a slider shows it: the values that it can have, in order. */
export interface Knob {
  readonly name: KnobName;
  readonly label: string;
  readonly unit: string;
  readonly values: readonly number[];
}

const steps = (to: number, by: number): readonly number[] =>
  Array.from({ length: to / by + 1 }, (_, index) => index * by);

/** All sliders, in the order in which they are shown. */
export const KNOBS: readonly Knob[] = [
  {
    name: "rate",
    label: "Events",
    unit: "/s",
    values: [2, 5, 10, 20, 40, 80, 150, 300, 500, 1000, 2000],
  },
  { name: "duplicates", label: "Duplicates", unit: "%", values: steps(50, 1) },
  { name: "loss", label: "Loss and retry", unit: "%", values: steps(50, 1) },
  { name: "reorder", label: "Reordering", unit: "%", values: steps(50, 1) },
  { name: "delay", label: "Delay", unit: "ms", values: steps(1500, 50).slice(1) },
  { name: "crashes", label: "Consumer crashes", unit: "/min", values: steps(30, 1) },
  { name: "skew", label: "Clock skew", unit: "s", values: steps(60, 1) },
];

/** An ordinary bad day. */
export const DEFAULTS: Readonly<Settings> = {
  rate: 40,
  duplicates: 8,
  loss: 8,
  reorder: 12,
  delay: 600,
  crashes: 3,
  skew: 5,
  naive: "all",
};

/** What a link says: the seed, the settings, and up to where to run before anything is shown. */
export interface Shared {
  readonly seed: number;
  readonly settings: Settings;
  /** In milliseconds of simulated time; undefined when the link does not say. */
  readonly at: number | undefined;
}

/** The latest moment that a link can name: what comes before has to be run through first. */
export const AT_MAX = 600_000;

const SEED_MAX = 999_999;

function wholeNumber(text: string | null, max: number): number | undefined {
  const value = text !== null && /^\d{1,9}$/.test(text) ? Number(text) : undefined;
  return value !== undefined && value <= max ? value : undefined;
}

/** Reads a link's query. What it does not say, or says wrongly, is as by default. */
export function readShared(query: string, seedOtherwise: number): Shared {
  const given = new URLSearchParams(query);
  const settings: Settings = { ...DEFAULTS };
  for (const { name, values } of KNOBS) {
    const value = wholeNumber(given.get(name), values.at(-1) ?? 0);
    if (value !== undefined && values.includes(value)) {
      settings[name] = value;
    }
  }
  settings.naive = given.get("naive") === "usual" ? "usual" : "all";
  const at = wholeNumber(given.get("at"), AT_MAX);
  return {
    seed: wholeNumber(given.get("seed"), SEED_MAX) ?? seedOtherwise,
    settings,
    at: at === undefined ? undefined : at - (at % 10),
  };
}

/** Writes a link's query: the seed, and what differs from the defaults. */
export function writeShared({ seed, settings, at }: Shared): string {
  const query = new URLSearchParams({ seed: String(seed) });
  for (const { name } of KNOBS) {
    if (settings[name] !== DEFAULTS[name]) {
      query.set(name, String(settings[name]));
    }
  }
  if (settings.naive !== DEFAULTS.naive) {
    query.set("naive", settings.naive);
  }
  if (at !== undefined && at <= AT_MAX) {
    query.set("at", String(at));
  }
  return `?${query}`;
}
