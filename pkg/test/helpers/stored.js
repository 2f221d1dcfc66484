/**
 * The client of the objects in store-worker.js: asks an object, and throws what its store has thrown.
 * @module
 */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { workerd } from "./workerd.js";

/** The status that store-worker.js gives to errors that were thrown. */
const THROWN = 422;

/** An object that nobody could ask: it, or its process, was ended meanwhile. */
export class Gone extends Error {}

/** Starts the objects; `t.after` says when they end. */
export function startStored(t) {
  return workerd(t, new URL("store-worker.js", import.meta.url), {
    STORED: { className: "Stored", useSQLite: true },
    LEGACY: { className: "Legacy", useSQLite: false },
  });
}

/** What an object of that name can be asked. */
export function storedIn(worker, name, binding = "STORED") {
  const ask = async (path, query = {}, body = undefined) => {
    const given = new URLSearchParams({ name: "state", ...query });
    const init = body === undefined ? {} : { method: "POST", body };
    let answer;
    let text;
    try {
      answer = await worker.fetch(binding, name, `${path}?${given}`, init);
      text = await answer.text();
    } catch (cause) {
      throw new Gone("the process did not answer", { cause });
    }
    if (answer.status === THROWN) {
      const { code, message, cause, stack } = JSON.parse(text);
      throw Object.assign(new Error(message), { code, because: cause, stack });
    }
    if (answer.status !== 200) {
      throw new Gone(`the object did not answer: ${text}\n${worker.log}`);
    }
    return text;
  };
  const write = (how) => (bytes, expect, query) => ask("write", { how, expect, ...query }, bytes);
  return {
    ask,
    load: async (query) => JSON.parse(await ask("load", query)),
    append: write("append"),
    replace: write("replace"),
    sql: async (query, ...bindings) =>
      JSON.parse(await ask("sql", {}, JSON.stringify({ query, bindings }))),
  };
}

/** How bytes are named in what an object has loaded. */
export function digest(bytes) {
  return `${bytes.length} ${createHash("sha256").update(bytes).digest("hex")}`;
}

/** So many bytes that tell which number they have. */
export function filled(length, number) {
  const bytes = Buffer.alloc(length, number % 251);
  bytes.write(`${number}`.slice(0, length));
  return bytes;
}

/**
 * Returns what a write has returned, or `undefined` when it is not known whether it happened:
 * nobody answered, or the store could not go on because the object was ended.
 */
export async function confirmed(write) {
  try {
    return await write;
  } catch (error) {
    assert.ok(error instanceof Gone || error.code === "store", error);
    return undefined;
  }
}
