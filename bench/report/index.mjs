/**
 * Writes the report: a document, its charts, and the same tables for the console.
 * @module
 */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { aimTable, lossTable } from "./aims.mjs";
import { makeCharts } from "./charts.mjs";
import { writeDocument } from "./document.mjs";
import { Summary } from "./summary.mjs";
import { makeTables, toText } from "./tables.mjs";

const TITLES = {
  keys: "KEYS",
  worst: "WORST SINGLE CALL",
  revisions: "REVISIONS",
  window: "SLIDING WINDOW",
  state: "STATE",
  order: "ORDER",
};

/** Writes README.md and the charts into the folder; returns what is to be printed. */
export async function writeReport(results, folder) {
  const summary = new Summary(results);
  const tables = makeTables(summary);
  const charts = makeCharts(summary);
  const aims = aimTable(summary);
  const losses = lossTable(summary);
  for (const [name, svg] of Object.entries(charts)) {
    await writeFile(join(folder, name), `${svg}\n`);
  }
  const parts = { results, summary, tables, charts: Object.keys(charts), aims, losses };
  await writeFile(join(folder, "README.md"), writeDocument(parts));
  const measured = Object.entries(tables).flatMap(([scenario, own]) =>
    own.map((table) => toText({ ...table, title: `${TITLES[scenario]}: ${table.title}` })),
  );
  const texts = [
    ...measured,
    toText({ ...aims, title: "AIMS" }),
    [
      "WHERE OTHERS ARE AHEAD",
      ...losses.rows.map(([what, ranking]) => `  ${what}\n    ${ranking}`),
    ].join("\n"),
  ];
  return `\n${texts.join("\n\n").replaceAll("**", "")}\n`;
}
