/**
 * The Service Worker: it answers /sync and /notes from the database of this device.
 * @module
 */
import { Notes } from "./notes.js";

let opening;
let syncing;

/** The notes, which are opened when they are first needed; nothing runs while the worker starts. */
async function openNotes() {
  opening ??= Notes.open();
  try {
    return await opening;
  } catch (error) {
    opening = undefined;
    throw error;
  }
}

async function sync() {
  const notes = await openNotes();
  const response = await fetch(`/feed?since=${await notes.cursor()}`);
  if (!response.ok) {
    throw new Error(`the feed answers ${response.status}`);
  }
  const { changes, cursor } = await response.json();
  try {
    const news = await notes.apply(changes, cursor);
    return { received: changes.length, news: news.length };
  } catch (error) {
    // Perhaps another worker took over, or the browser closed the database: begin anew next time.
    opening = undefined;
    await notes.close().catch(() => {});
    throw error;
  }
}

/** Syncs once for all who ask meanwhile. */
function syncTogether() {
  syncing ??= sync().finally(() => {
    syncing = undefined;
  });
  return syncing;
}

async function answer(call) {
  try {
    return Response.json(await call());
  } catch (error) {
    return Response.json({ error: String(error) }, { status: 503 });
  }
}

const ANSWERS = {
  "/sync": syncTogether,
  "/notes": async () => (await openNotes()).all(),
};

addEventListener("install", () => skipWaiting());
addEventListener("activate", (event) => event.waitUntil(clients.claim()));
addEventListener("fetch", (event) => {
  const call = ANSWERS[new URL(event.request.url).pathname];
  if (call !== undefined) {
    event.respondWith(answer(call));
  }
});
