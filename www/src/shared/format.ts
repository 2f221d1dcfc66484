/**
 * Numbers, as people read them.
 * @module
 */

const grouping = new Intl.NumberFormat("en-US");
const cents = new Intl.NumberFormat("en-US", {
  minimumFractionDigits: 2,
  maximumFractionDigits: 2,
});

/** Writes a whole number with commas. */
export function grouped(value: number): string {
  return grouping.format(Math.round(value));
}

/** Writes cents as money. */
export function money(value: number): string {
  return cents.format(value / 100).replace("-", "−");
}

/** Writes by how much something is off, with its sign. */
export function signed(value: number): string {
  return value > 0 ? `+${money(value)}` : money(value);
}

/** Writes bytes in the unit that fits. */
export function bytes(value: number): string {
  if (value < 1024) {
    return `${value} B`;
  }
  const inKilobytes = value / 1024;
  return inKilobytes < 1024
    ? `${inKilobytes.toFixed(inKilobytes < 10 ? 1 : 0)} KiB`
    : `${(inKilobytes / 1024).toFixed(1)} MiB`;
}

/** Writes milliseconds as seconds. */
export function seconds(ms: number, digits = 1): string {
  return `${(ms / 1000).toFixed(digits)} s`;
}
