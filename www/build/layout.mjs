/**
 * What all pages have around them.
 * @module
 */

/** The only exception that the pages need: to compile the module. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self' 'wasm-unsafe-eval'",
  "style-src 'self'",
  "img-src 'self'",
  "font-src 'self'",
  "connect-src 'self'",
  "worker-src 'self'",
  "manifest-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
].join("; ");

const LINKS = [
  ["index.html", "Network"],
  ["stream.html", "Your stream"],
  ["tabs.html", "Two tabs"],
  ["docs/guide.html", "Docs"],
];

/** The mark: two ways come in, and one goes on. */
const MARK = `<svg class="mark" viewBox="0 0 24 24" aria-hidden="true"><path d="M3 6h6l3 6 3-6M3 18h6l3-6h9"/></svg>`;

const SUN = `<svg viewBox="0 0 20 20" aria-hidden="true"><circle cx="10" cy="10" r="6"/><path d="M10 4a6 6 0 0 1 0 12z" class="half"/></svg>`;

/** Makes text safe to stand in HTML. */
export function escapeHtml(text) {
  const named = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };
  return text.replace(/[&<>"']/g, (character) => named[character]);
}

function header(active, up) {
  const items = LINKS.map(([path, name]) => {
    const isHere = path === active || (path.startsWith("docs/") && active.startsWith("docs/"));
    const current = isHere ? ` aria-current="${path === active ? "page" : "true"}"` : "";
    return `<a href="${up}${path}"${current}>${name}</a>`;
  });
  return `<header class="top"><a class="skip" href="#main">Skip to the content</a>
<a class="brand" href="${up}index.html">${MARK}<span>onceward</span></a>
<nav aria-label="Pages">${items.join("")}</nav>
<button type="button" id="theme" class="icon" aria-label="Dark colours" aria-pressed="false">${SUN}</button></header>`;
}

const footer = (up) => `<footer class="bottom"><p>Nothing you open here leaves this page.
<a href="${up}licences.txt">Licences</a></p><p id="offline" role="status"></p></footer>`;

/**
 * Writes a whole page. `path` is its place in dist, from which all other addresses are told.
 */
export function layout({ path, title, description, style, script, body }) {
  const up = "../".repeat(path.split("/").length - 1);
  const scripts = ["shell", ...(script === undefined ? [] : [script])];
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)}</title>
<meta name="description" content="${escapeHtml(description)}">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<script src="${up}theme.js"></script>
<link rel="preload" href="${up}geist.woff2" as="font" type="font/woff2" crossorigin>
<link rel="stylesheet" href="${up}page.css">
${style === undefined ? "" : `<link rel="stylesheet" href="${up}${style}.css">\n`}<link rel="icon" href="${up}icon.svg" type="image/svg+xml">
${scripts.map((name) => `<script type="module" src="${up}${name}.js"></script>`).join("\n")}
</head>
<body>
${header(path, up)}
<main id="main" tabindex="-1">
${body}
</main>
${footer(up)}
</body>
</html>
`;
}
