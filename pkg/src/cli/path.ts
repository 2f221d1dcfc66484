/**
 * Dotted paths into a JSON value: `payload.order.id`, `Records.0.eventID`.
 * @module
 */

/** The names along the way; none means the value itself. */
export type Path = readonly string[];

/** Reads a path. A backslash keeps a dot as part of a name; a lone dot is the whole value. */
export function parsePath(text: string): Path {
  if (text === ".") {
    return [];
  }
  const names = text.match(/(?:\\.|[^.\\])+|(?<=^|\.)(?=\.|$)/gs) ?? [];
  return names.map((name) => name.replace(/\\(.)/gs, "$1"));
}

const isEnumerable = Object.prototype.propertyIsEnumerable;

/** Returns what is at a path, by what JSON itself has there; undefined when there is nothing. */
export function pick(value: unknown, path: Path): unknown {
  let here = value;
  for (const name of path) {
    if (typeof here !== "object" || here === null || !isEnumerable.call(here, name)) {
      return undefined;
    }
    here = Reflect.get(here, name);
  }
  return here;
}
