/**
 * Serves a folder to browsers under the strictest policy with which WebAssembly runs at all, and
 * takes the answers that pages send back.
 * @module
 */
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { extname, join, normalize } from "node:path";
import { Failure } from "../../scripts/steps.mjs";
import { PATIENCE_MS } from "./command.mjs";

/** Scripts of the site itself, and compiled WebAssembly: nothing inline, and no eval. */
export const POLICY = [
  "default-src 'none'",
  "script-src 'self' 'wasm-unsafe-eval'",
  "worker-src 'self'",
  "connect-src 'self'",
  // Firefox asks for an icon, and calls it an error of the page when that is not allowed.
  "img-src 'self'",
].join("; ");

const TYPES = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".json": "application/json",
  ".mjs": "text/javascript; charset=utf-8",
  ".wasm": "application/wasm",
};

/** A site, and the answers to it. */
class Site {
  #folders = new Map();
  #waiting = new Map();
  #server = createServer((request, response) => {
    this.#serve(request, response).catch((error) => {
      response.writeHead(error.code === "ENOENT" ? 404 : 500, { "content-type": "text/plain" });
      response.end(String(error));
    });
  });

  async start() {
    this.#server.listen(0, "127.0.0.1");
    await once(this.#server, "listening");
    this.origin = `http://127.0.0.1:${this.#server.address().port}`;
  }

  async stop() {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, "close");
  }

  /** Serves a folder under `/name/`. */
  mount(name, folder) {
    this.#folders.set(name, folder);
  }

  /** The source of a function that sends an answer here, from wherever a page is. */
  send(id) {
    const url = JSON.stringify(`${this.origin}/answer/${id}`);
    return `(answer) =>
      fetch(${url}, { method: "POST", mode: "no-cors", body: JSON.stringify(answer) })`;
  }

  /** Resolves with the answer that is sent under that id. */
  expect(id) {
    return new Promise((resolve, reject) => {
      const late = () => reject(new Failure(`no answer after ${PATIENCE_MS / 1000} s`));
      const timer = setTimeout(late, PATIENCE_MS);
      this.#waiting.set(id, (answer) => {
        clearTimeout(timer);
        this.#waiting.delete(id);
        resolve(answer);
      });
      // Whoever else ends the waiting does not have to wait for the timer.
      timer.unref();
    });
  }

  async #serve(request, response) {
    const { pathname } = new URL(request.url, this.origin);
    const [, first, ...rest] = decodeURIComponent(pathname).split("/");
    if (first === "answer") {
      const parts = [];
      for await (const part of request) {
        parts.push(part);
      }
      this.#waiting.get(rest.join("/"))?.(JSON.parse(Buffer.concat(parts).toString()));
      response.writeHead(204).end();
      return;
    }
    const folder = this.#folders.get(first);
    const path = normalize(rest.join("/")) || "index.html";
    if (folder === undefined || path.startsWith("..")) {
      response.writeHead(404).end();
      return;
    }
    const bytes = await readFile(join(folder, path));
    response.writeHead(200, {
      "content-security-policy": POLICY,
      "content-type": TYPES[extname(path)] ?? "application/octet-stream",
      "cache-control": "no-store",
    });
    response.end(bytes);
  }
}

/** Starts an empty site. */
export async function startSite() {
  const site = new Site();
  await site.start();
  return site;
}
