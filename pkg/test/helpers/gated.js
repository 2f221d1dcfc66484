/**
 * The client of the objects in gate-worker.js: sends them webhooks, and ends them in several ways.
 * @module
 */

import { storedIn } from "./stored.js";
import { workerd } from "./workerd.js";

/** Starts the objects; `t.after` says when they end. */
export function startGated(t) {
  const bindings = ["Retrying", "Holding", "Brief", "Twice", "Staging"].map((className) => [
    className.toUpperCase(),
    { className, useSQLite: true },
  ]);
  return workerd(t, new URL("gate-worker.js", import.meta.url), Object.fromEntries(bindings));
}

/** What an object of that name can be asked, each time for the gate `state` unless it is named. */
export function gatedIn(worker, name, binding) {
  const { ask, sql } = storedIn(worker, name, binding);
  const post = async (path, body, gate = "state") => {
    const text = await ask(path, { name: gate }, JSON.stringify(body));
    return text === "" ? undefined : JSON.parse(text);
  };
  return {
    ask,
    post,
    sql,
    /** Sends a webhook, and returns what came of it. */
    send: (event, given, gate) => post("event", { event, ...given }, gate),
    /** The attempts whose effects have appended a row, in that order. */
    attempts: async (id) => {
      const rows = await sql("SELECT attempt FROM effects WHERE id = ? ORDER BY number", id);
      return rows.map(({ attempt }) => attempt);
    },
  };
}

/** The ways in which objects end: one by one, all in the process, or the process. */
export const ENDS = {
  eviction: (worker) => worker.evict(),
  abort: (_, objects) => Promise.all(objects.map(({ ask }) => ask("abort").catch(() => {}))),
  restart: (worker) => worker.restart(),
  kill: async (worker) => {
    await worker.kill();
    await worker.start();
  },
};
