/**
 * The medians of what was measured, and how they are written.
 * @module
 */

/** Whether two tasks are the same case: the same scenario, size and kind of revisions. */
const isSameCase = (a, b) => a.scenario === b.scenario && a.size === b.size && a.kind === b.kind;

function medianOf(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  return Number.isInteger(middle)
    ? (sorted[middle - 1] + sorted[middle]) / 2
    : sorted[Math.floor(middle)];
}

/** Medians over the repetitions. One with an error has none. */
export class Summary {
  #measurements;

  constructor({ measurements }) {
    this.#measurements = measurements;
  }

  /** The cases of a scenario, in the order in which they were measured. */
  cases(scenario) {
    const found = [];
    for (const measurement of this.#measurements) {
      if (measurement.scenario === scenario && !found.some((one) => isSameCase(one, measurement))) {
        const { size, kind } = measurement;
        found.push({ scenario, size, kind });
      }
    }
    return found;
  }

  /** The names of those who took part in a case. */
  contenders(task) {
    const own = this.#measurements.filter((measurement) => isSameCase(measurement, task));
    return [...new Set(own.map(({ contender }) => contender))];
  }

  #values(task, name, figure) {
    return this.#measurements
      .filter((measurement) => isSameCase(measurement, task) && measurement.contender === name)
      .map((measurement) => measurement[figure])
      .filter((value) => typeof value === "number");
  }

  hasError(task, name) {
    return this.#measurements.some(
      ({ contender, error, ...other }) =>
        isSameCase(other, task) && contender === name && error !== undefined,
    );
  }

  /** The median of a figure, or undefined. */
  median(task, name, figure) {
    const values = this.#values(task, name, figure);
    return values.length === 0 || this.hasError(task, name) ? undefined : medianOf(values);
  }

  /** How often one's figure goes into another's, such as "as fast as" for times. */
  ratio(task, name, other, figure) {
    const [own, others] = [this.median(task, name, figure), this.median(task, other, figure)];
    return own === undefined || others === undefined ? undefined : others / own;
  }

  /** How far the repetitions of a figure lie apart in the middle of a case's contenders. */
  spread(task, figure) {
    const spreads = this.contenders(task).flatMap((name) => {
      const values = this.#values(task, name, figure);
      return values.length < 2 ? [] : [Math.max(...values) / Math.min(...values)];
    });
    return spreads.length === 0 ? undefined : medianOf(spreads);
  }
}

/** 1000 as 1k, a million as 1M. */
export function sizeText(size) {
  if (size >= 1_000_000 && size % 100_000 === 0) {
    return `${size / 1_000_000}M`;
  }
  return size >= 1000 && size % 100 === 0 ? `${size / 1000}k` : String(size);
}

/** A figure with as many digits as it deserves. */
export function figureText(value) {
  if (value === undefined) {
    return "–";
  }
  return Math.abs(value) < 10 ? value.toFixed(1) : Math.round(value).toLocaleString("en-US");
}

/** A ratio: 2.31x. */
export const ratioText = (value) => (value === undefined ? "–" : `${value.toFixed(2)}x`);
