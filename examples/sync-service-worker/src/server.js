/**
 * Serves the page, its scripts as they were built, and the feed.
 * @module
 */
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { fileURLToPath } from "node:url";
import { Feed } from "./feed.js";

const FILES = {
  "/": ["index.html", "text/html; charset=utf-8"],
  "/page.js": ["../built/page.js", "text/javascript; charset=utf-8"],
  "/worker.js": ["../built/worker.js", "text/javascript; charset=utf-8"],
};

/** A server that answers by that feed. */
export function serve(feed) {
  return createServer(async (request, response) => {
    const { pathname, searchParams } = new URL(request.url, "http://localhost");
    if (pathname === "/feed") {
      response.setHeader("content-type", "application/json");
      response.end(JSON.stringify(feed.since(Number(searchParams.get("since")))));
    } else if (pathname in FILES) {
      const [file, type] = FILES[pathname];
      response.setHeader("content-type", type);
      response.end(await readFile(new URL(file, import.meta.url)));
    } else {
      response.writeHead(404).end();
    }
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const feed = new Feed();
  let written = 0;
  setInterval(() => {
    written += 1;
    feed.write(`note ${written % 7}`, written % 11 === 0 ? undefined : `written at ${written}`);
  }, 500);
  serve(feed).listen(8080, () => console.log("http://localhost:8080"));
}
