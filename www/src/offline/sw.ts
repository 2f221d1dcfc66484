/**
 * Keeps the pages for use without a network, one release at a time and never a mixture of two.
 *
 * Which release is newer is what a gate is asked: a release is a revision, its list of files the
 * content that the revision stands for. So an old list that some cache on the way still has is
 * `stale`, one that was seen is a `duplicate`, one that was changed without a new revision is a
 * `conflict`; only one that is `fresh`, and was fetched to its end, takes the place of the last.
 * @module
 */

import type { Gate } from "onceward";
import { indexedDb } from "onceward/indexeddb";
import { openGate } from "../shared/onceward.js";
import { type Release, readRelease } from "./release.js";

/** What TypeScript's library for pages does not know of service workers. */
interface Scope {
  readonly registration: { readonly scope: string };
  readonly clients: { claim(): Promise<void> };
  skipWaiting(): Promise<void>;
  addEventListener(type: "install" | "activate", listener: (event: Lasting) => void): void;
  addEventListener(type: "fetch", listener: (event: Fetching) => void): void;
  addEventListener(type: "message", listener: (event: Asking) => void): void;
}

interface Lasting {
  waitUntil(work: Promise<unknown>): void;
}

interface Fetching extends Lasting {
  readonly request: Request;
  respondWith(answer: Promise<Response>): void;
}

/** A page that asks which release it has, with a port for the answer. */
interface Asking extends Lasting {
  readonly ports: readonly MessagePort[];
}

const scope = globalThis as unknown as Scope;

/** Caches of this page begin with this, so that others of the same origin are left alone. */
const PREFIX = `onceward ${new URL(scope.registration.scope).pathname} `;

/** A list is looked at again at most this often. */
const LOOK_EVERY_MS = 60_000;

let gate: Promise<Gate> | undefined;
let lookedAt = Number.NEGATIVE_INFINITY;

/** The look that is under way, or the last one. */
let looking: Promise<void> = Promise.resolve();

function openOnce(): Promise<Gate> {
  const database = `onceward-offline ${new URL(scope.registration.scope).pathname}`;
  gate ??= openGate({ store: indexedDb({ database }), name: "releases" }).catch((error) => {
    // The next look tries again.
    gate = undefined;
    throw error;
  });
  return gate;
}

async function fetchRelease(): Promise<Release> {
  const answer = await fetch(new URL("release.json", scope.registration.scope), {
    cache: "no-store",
  });
  const release = answer.ok ? readRelease(await answer.json()) : undefined;
  if (release === undefined) {
    throw new TypeError("there is no list of files");
  }
  return release;
}

/** Looks whether there is a newer release; what went wrong is tried anew, with another gate. */
async function look(): Promise<void> {
  try {
    await update();
  } catch (error) {
    const failed = gate;
    gate = undefined;
    // Whatever it says to that, it is not used any more.
    await failed?.then((opened) => opened.close()).catch(() => {});
    throw error;
  }
}

/** Fetches all of a release that is newer. */
async function update(): Promise<void> {
  const release = await fetchRelease();
  const opened = await openOnce();
  const { revision, files } = release;
  const event = { scope: "page", entity: "release", revision, content: { ...files } };
  // Whoever cleared the caches but not the database would otherwise be left with nothing.
  if ((await currentName()) === undefined) {
    opened.forget({ scope: "page", entity: "release" });
  }
  const outcome = await opened.once(event, () => keep(release), { onPending: "refuse" });
  if (outcome.status === "applied") {
    await forgetOthers(nameOf(release));
  }
}

function nameOf({ revision }: Release): string {
  return `${PREFIX}${revision}`;
}

/** Fetches all files of a release. If one of them fails nothing is kept, and the last one stays. */
async function keep(release: Release): Promise<null> {
  const name = nameOf(release);
  const cache = await caches.open(name);
  try {
    await Promise.all(
      Object.entries(release.files).map(async ([path, digest]) => {
        const url = new URL(path, scope.registration.scope);
        const answer = await fetch(url, { cache: "no-cache" });
        if (!answer.ok || (await digestOf(answer.clone())) !== digest) {
          throw new TypeError("a file is not the one of the list");
        }
        await cache.put(url, answer);
      }),
    );
  } catch (error) {
    await caches.delete(name);
    throw error;
  }
  return null;
}

/** The beginning of the SHA-256 of an answer, in hexadecimal. */
async function digestOf(answer: Response): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", await answer.arrayBuffer());
  return [...new Uint8Array(digest).subarray(0, 8)]
    .map((byte) => byte.toString(16).padStart(2, "0"))
    .join("");
}

/** The caches of this page: one, or two for a moment. */
async function names(): Promise<string[]> {
  return (await caches.keys()).filter((name) => name.startsWith(PREFIX));
}

async function currentName(): Promise<string | undefined> {
  return (await names()).sort((one, other) => revisionOf(other) - revisionOf(one))[0];
}

function revisionOf(name: string): number {
  return Number(name.slice(PREFIX.length));
}

async function forgetOthers(current: string): Promise<void> {
  await Promise.all(
    (await names()).filter((name) => name !== current).map((name) => caches.delete(name)),
  );
}

/** Answers from the release that is kept, and from the network where it has nothing. */
async function answer(request: Request): Promise<Response> {
  const name = await currentName();
  const cache = name === undefined ? undefined : await caches.open(name);
  const url = new URL(request.url);
  const path = url.pathname.endsWith("/") ? new URL("index.html", url) : url;
  const kept = await cache?.match(path, { ignoreSearch: true });
  return kept ?? (await fetch(request));
}

scope.addEventListener("install", (event) => {
  event.waitUntil(look().then(() => scope.skipWaiting()));
});

scope.addEventListener("activate", (event) => {
  event.waitUntil(scope.clients.claim());
});

scope.addEventListener("fetch", (event) => {
  const { request } = event;
  if (request.method !== "GET" || !request.url.startsWith(scope.registration.scope)) {
    return;
  }
  event.respondWith(answer(request));
  if (request.mode === "navigate" && performance.now() - lookedAt > LOOK_EVERY_MS) {
    lookedAt = performance.now();
    // Without a network the release that is kept stays.
    looking = look().catch(() => {});
    event.waitUntil(looking);
  }
});

scope.addEventListener("message", (event) => {
  const tell = async (): Promise<void> => {
    await looking;
    const name = await currentName();
    event.ports[0]?.postMessage(name === undefined ? undefined : revisionOf(name));
  };
  event.waitUntil(tell());
});
