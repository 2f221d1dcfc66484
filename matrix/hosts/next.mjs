/**
 * An application in Next.js, built and started: a route of the edge runtime, one of Node.js, and a
 * page in the browser.
 * @module
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { command, matrixFolder, PATIENCE_MS, toolFile, toolVersion } from "../lib/command.mjs";
import { makeFolder } from "../lib/folder.mjs";

const route = (runtime) => `
import { answer } from "../../smoke.mjs";
import * as onceward from "onceward";

export const runtime = "${runtime}";
export const dynamic = "force-dynamic";
export const GET = async () => Response.json(await answer(onceward));
`;

const PAGE = (give) => `
"use client";
import { useEffect } from "react";
import { answer } from "../smoke.mjs";
import * as onceward from "onceward";

const give = ${give};
let asked = false;

export default function Page() {
  useEffect(() => {
    if (!asked) {
      asked = true;
      answer(onceward).then(give);
    }
  }, []);
  return <p>matrix</p>;
}
`;

const LAYOUT = `
export default function Layout({ children }) {
  return <html lang="en"><body>{children}</body></html>;
}
`;

/** Next looks for its own packages above the application, and for nothing above its root. */
const CONFIG = (root) => `
const root = ${JSON.stringify(root)};
export default { turbopack: { root }, outputFileTracingRoot: root };
`;

async function write(folder, root, give) {
  await folder.write("next.config.mjs", CONFIG(root));
  await folder.write("app/layout.jsx", LAYOUT);
  await folder.write("app/page.jsx", PAGE(give));
  await folder.write("app/edge/route.js", route("edge"));
  await folder.write("app/node/route.js", route("nodejs"));
}

async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  await once(server, "close");
  return port;
}

/** Starts the built application; resolves when it answers. */
async function serve(folder, program, env) {
  const port = await freePort();
  const args = [program, "start", "--hostname", "127.0.0.1", "--port", String(port)];
  const server = spawn(process.execPath, args, {
    cwd: folder,
    env: { ...process.env, ...env },
    stdio: ["ignore", "ignore", "inherit"],
  });
  const url = `http://127.0.0.1:${port}`;
  try {
    await untilUp(server, url);
  } catch (error) {
    server.kill();
    throw error;
  }
  return { server, url };
}

async function untilUp(server, url) {
  for (const end = Date.now() + PATIENCE_MS; Date.now() < end; await delay(100)) {
    if (server.exitCode !== null) {
      throw new Error(`next start ended with ${server.exitCode}`);
    }
    const isUp = await fetch(url, { method: "HEAD" }).then(
      ({ ok }) => ok,
      () => false,
    );
    if (isUp) {
      return;
    }
  }
  throw new Error("next start does not answer");
}

async function readAnswer(url) {
  const response = await fetch(url);
  if (!response.ok) {
    throw new Error(`${url} answers ${response.status}: ${await response.text()}`);
  }
  return await response.json();
}

export async function start({ name, site, browsers, tarball }) {
  const program = toolFile("next", "dist/bin/next", "long");
  const root = join(matrixFolder, "long");
  const parent = join(root, ".consumers");
  await rm(parent, { recursive: true, force: true });
  await mkdir(parent);
  const folder = await makeFolder(parent, name, tarball);
  await write(folder, root, site.send(name));
  const env = { NEXT_TELEMETRY_DISABLED: "1", NODE_ENV: "production" };
  await command(folder.path, process.execPath, [program, "build"], { env });
  const { server, url } = await serve(folder.path, program, env);
  return {
    version: await toolVersion("next", "long"),
    async ask({ path }) {
      if (path === "/") {
        return await browsers.visit("chromium", url, site.expect(name));
      }
      return await readAnswer(url + path);
    },
    async stop() {
      server.kill();
      await once(server, "exit");
      await rm(parent, { recursive: true, force: true });
    },
  };
}
