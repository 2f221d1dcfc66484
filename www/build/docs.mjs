/**
 * The documentation: from docs/*.md to pages, with code coloured once and for all.
 * @module
 */
import { existsSync } from "node:fs";
import { cp, mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join, posix } from "node:path";
import hljs from "highlight.js/lib/core";
import bash from "highlight.js/lib/languages/bash";
import json from "highlight.js/lib/languages/json";
import rust from "highlight.js/lib/languages/rust";
import sql from "highlight.js/lib/languages/sql";
import typescript from "highlight.js/lib/languages/typescript";
import { Marked } from "marked";
import { escapeHtml, layout } from "./layout.mjs";
import { dist, root } from "./places.mjs";

const REPOSITORY = "https://github.com/onceward/onceward/blob/main/";

/** In this order, and by these names; what else lies in docs/ comes after them, by its title. */
const KNOWN = [
  ["docs/guide.md", "Guide"],
  ["docs/recipes.md", "Recipes"],
  ["docs/recipes/webhooks.md", "Webhooks"],
  ["docs/http.md", "HTTP requests"],
  ["docs/problems.md", "HTTP problems"],
  ["docs/http-conformance.md", "HTTP conformance"],
  ["docs/outbox.md", "Outbox"],
  ["docs/semantics.md", "Semantics"],
  ["docs/state-format.md", "State format"],
  ["docs/bench/README.md", "Benchmarks"],
  ["docs/architecture.md", "Architecture"],
];

/** The folders of which all texts become pages. */
const FOLDERS = ["docs", "docs/recipes"];

/** Where the reference is, if it was made. */
const API = join(root, "docs/api");

hljs.registerLanguage("bash", bash);
hljs.registerLanguage("json", json);
hljs.registerLanguage("rust", rust);
hljs.registerLanguage("sql", sql);
hljs.registerLanguage("ts", typescript);
hljs.registerAliases(["js", "javascript", "typescript", "tsx"], { languageName: "ts" });
hljs.registerAliases(["sh", "shell"], { languageName: "bash" });

/** Colours code; returns HTML. */
export function highlight(code, language) {
  return hljs.getLanguage(language) === undefined
    ? escapeHtml(code)
    : hljs.highlight(code, { language }).value;
}

/** Where a page of the documentation goes: all of them into one folder. */
function placeOf(source) {
  const name = source.replace(/^docs\//, "").replace(/\.md$/, "");
  return name === "bench/README"
    ? "docs/benchmarks.html"
    : `docs/${name.replaceAll("/", "-")}.html`;
}

function slug(text) {
  return text
    .toLowerCase()
    .replace(/<[^>]+>|&[a-z]+;/g, "")
    .replace(/[^\p{L}\p{N}]+/gu, "-")
    .replace(/^-|-$/g, "");
}

/** Rewrites a link of the text to where that is here, or else in the repository. */
function resolveLink(href, source, sources) {
  if (/^[a-z]+:|^#/.test(href)) {
    return href;
  }
  const [path, hash] = href.split("#");
  const target = posix.join(posix.dirname(source), path);
  const suffix = hash === undefined ? "" : `#${hash}`;
  return sources.includes(target)
    ? `${posix.basename(placeOf(target))}${suffix}`
    : `${REPOSITORY}${target}${suffix}`;
}

/** A chart for each of the two colours, of which the style shows one. */
function chart(href, text) {
  const file = posix.basename(href, ".svg");
  const image = (theme) =>
    `<img class="in-${theme}" src="charts/${file}-${theme}.svg" alt="${escapeHtml(text)}" loading="lazy">`;
  return `<span class="figure">${image("light")}${image("dark")}</span>`;
}

function makeMarked(source, sources, headings) {
  const seen = new Map();
  const renderer = {
    heading({ tokens, depth }) {
      const html = this.parser.parseInline(tokens);
      const base = slug(html);
      const count = seen.get(base) ?? 0;
      seen.set(base, count + 1);
      const id = count === 0 ? base : `${base}-${count}`;
      headings.push({ depth, id, html });
      return `<h${depth} id="${id}">${html}</h${depth}>\n`;
    },
    code({ text, lang = "" }) {
      const language = lang.split(/[ ,]/)[0];
      return `<pre tabindex="0"><code>${highlight(text, language)}</code></pre>\n`;
    },
    link({ href, tokens }) {
      const target = escapeHtml(resolveLink(href, source, sources));
      return `<a href="${target}">${this.parser.parseInline(tokens)}</a>`;
    },
    image({ href, text }) {
      return chart(href, text);
    },
    html({ text }) {
      // Comments are for those who write, and anything else is shown as it is written.
      return /^\s*<!--.*-->\s*$/s.test(text) ? "" : escapeHtml(text);
    },
  };
  return new Marked({ renderer });
}

/** Tables scroll by themselves where there is little room, and can be scrolled with keys. */
function wrapTables(html) {
  return html
    .replaceAll("<table>", '<div class="wide" tabindex="0" role="group" aria-label="Table"><table>')
    .replaceAll("</table>", "</table></div>")
    .replaceAll("<th></th>", '<td class="empty"></td>')
    .replace(/<th align="right"><\/th>/g, '<td class="empty"></td>');
}

function navigation(pages, active) {
  const links = pages.map(({ place, name }) => {
    const current = place === active ? ' aria-current="page"' : "";
    return `<li><a href="${posix.basename(place)}"${current}>${escapeHtml(name)}</a></li>`;
  });
  if (existsSync(API)) {
    links.push('<li><a href="../api/index.html">API reference</a></li>');
  }
  return `<nav class="contents" aria-label="Documentation"><ul>${links.join("")}</ul></nav>`;
}

function outline(headings) {
  const items = headings
    .filter(({ depth }) => depth === 2 || depth === 1)
    .slice(1)
    .map(({ id, html }) => `<li><a href="#${id}">${html.replace(/<[^>]+>/g, "")}</a></li>`);
  return items.length < 2
    ? ""
    : `<nav class="outline" aria-label="On this page"><h2>On this page</h2><ul>${items.join("")}</ul></nav>`;
}

function writePage(page, pages) {
  const headings = [];
  const sources = pages.map(({ source }) => source);
  const marked = makeMarked(page.source, sources, headings);
  const article = wrapTables(marked.parse(page.text));
  const body = `<div class="docs">${navigation(pages, page.place)}
<article>${article}</article>${outline(headings)}</div>`;
  return layout({
    path: page.place,
    title: `${page.name} · onceward`,
    description: `The documentation of onceward: ${page.name}.`,
    style: "docs",
    body,
  });
}

/** The charts are drawn on white; in the dark they need other colours. */
const INKS = [
  ["#ffffff", "none", "none"],
  ["#dbdee4", "#e6e3dc", "#292c32"],
  ["#54555a", "#5d5f66", "#a2a5ad"],
  ["#86878c", "#5d5f66", "#a2a5ad"],
  ["#3c3c41", "#1b1c1f", "#ececee"],
  ["#333", "#1b1c1f", "#ececee"],
  ["#2f6fb0", "#2f6fb0", "#6aa5e0"],
  ["#b3212e", "#b3212e", "#ff6b74"],
  ["#5b6b7b", "#5b6b7b", "#9aabbb"],
];

async function writeCharts() {
  const folder = join(root, "docs/bench");
  await mkdir(join(dist, "docs/charts"), { recursive: true });
  const files = (await readdir(folder)).filter((name) => name.endsWith(".svg"));
  for (const file of files) {
    const svg = await readFile(join(folder, file), "utf8");
    for (const [theme, column] of [
      ["light", 1],
      ["dark", 2],
    ]) {
      const inked = INKS.reduce(
        (text, inks) => text.replaceAll(`"${inks[0]}"`, `"${inks[column]}"`),
        svg,
      );
      await writeFile(join(dist, "docs/charts", file.replace(".svg", `-${theme}.svg`)), inked);
    }
  }
}

/** Finds the pages, in their order. */
async function findPages() {
  const listed = FOLDERS.filter((folder) => existsSync(join(root, folder))).map(async (folder) =>
    (await readdir(join(root, folder)))
      .filter((name) => name.endsWith(".md"))
      .map((name) => `${folder}/${name}`),
  );
  const found = new Set([...(await Promise.all(listed)).flat(), "docs/bench/README.md"]);
  const known = KNOWN.filter(([source]) => found.has(source));
  const others = [...found].filter((source) => !KNOWN.some(([name]) => name === source)).sort();
  return await Promise.all(
    [...known, ...others.map((source) => [source, undefined])].map(async ([source, name]) => {
      const text = await readFile(join(root, source), "utf8");
      const title = name ?? /^# (.+)$/m.exec(text)?.[1] ?? source;
      return { source, name: title, place: placeOf(source), text };
    }),
  );
}

/** Writes all pages of the documentation, with charts and, if it is there, the reference. */
export async function writeDocs() {
  await mkdir(join(dist, "docs"), { recursive: true });
  const pages = await findPages();
  await Promise.all(pages.map((page) => writeFile(join(dist, page.place), writePage(page, pages))));
  await writeCharts();
  if (existsSync(API)) {
    await cp(API, join(dist, "api"), { recursive: true });
  }
}
