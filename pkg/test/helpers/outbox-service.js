/**
 * A service worker that serves its pages without a network, and sends what waits in the outbox when
 * the browser wakes it.
 * @module
 */
import { sendOnSync } from "onceward/outbox";
import { indexedDbStorage } from "onceward/outbox/indexeddb";

const PAGES = ["/lab", "/lab.js"];

globalThis.addEventListener("install", (event) => {
  globalThis.skipWaiting();
  event.waitUntil(caches.open("pages").then((cache) => cache.addAll(PAGES)));
});

globalThis.addEventListener("activate", (event) => {
  event.waitUntil(globalThis.clients.claim());
});

globalThis.addEventListener("fetch", (event) => {
  const { origin, pathname } = new URL(event.request.url);
  if (origin === globalThis.location.origin && PAGES.includes(pathname)) {
    event.respondWith(caches.match(event.request));
  }
});

globalThis.addEventListener("sync", (event) => {
  sendOnSync(event, {
    name: "orders",
    storage: indexedDbStorage(),
    backoff: 50,
    prepare(request) {
      request.headers.set("x-sent-by", "service worker");
      return request;
    },
  });
});
