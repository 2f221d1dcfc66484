/**
 * Numbers and tables for people.
 * @module
 */

/** Writes a number without its fraction, with commas. */
export function grouped(number) {
  return Math.round(number).toLocaleString("en-US");
}

/** Writes cents as money. */
export function money(cents) {
  return (cents / 100).toLocaleString("en-US", { minimumFractionDigits: 2 });
}

/** Prints rows below a heading, all but the first column aligned to the right. */
export function printTable(heading, rows) {
  const widths = heading.map((_, column) =>
    Math.max(...[heading, ...rows].map((row) => row[column].length)),
  );
  const line = (row) =>
    row
      .map((text, column) =>
        column === 0 ? text.padEnd(widths[0]) : text.padStart(widths[column]),
      )
      .join("   ");
  const rule = "─".repeat(widths.reduce((sum, width) => sum + width + 3, -3));
  console.log(
    [`  ${line(heading)}`, `  ${rule}`, ...rows.map((row) => `  ${line(row)}`), ""].join("\n"),
  );
}
