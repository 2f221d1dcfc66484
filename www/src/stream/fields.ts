/**
 * Which fields of a line say what the event is known by.
 * @module
 */

/** What a field can be chosen for. */
export const ROLES = ["id", "entity", "revision", "source", "position", "scope"] as const;

/** One of them. */
export type Role = (typeof ROLES)[number];

/** Where a field is, from the outside in. */
export type Path = readonly string[];

/** How revisions and positions are written. */
export const NOTATIONS = ["integer", "time", "hlc", "lsn", "redis", "ulid", "uuid7"] as const;

/** One of them. */
export type Notation = (typeof NOTATIONS)[number];

/** Which fields were chosen. */
export interface Plan {
  readonly paths: Readonly<Partial<Record<Role, Path>>>;
  readonly notation: Notation;
}

/** One field of a line, with what it holds there. */
export interface Leaf {
  readonly path: Path;
  readonly value: unknown;
}

/** Beyond this nobody could still choose. */
const LEAVES_MAX = 200;
const DEPTH_MAX = 8;

/** Returns the fields of a line that hold a text, a number or the like. */
export function leavesOf(value: unknown, path: Path = []): Leaf[] {
  if (typeof value !== "object" || value === null) {
    return path.length === 0 ? [] : [{ path, value }];
  }
  if (Array.isArray(value) || path.length >= DEPTH_MAX) {
    return [];
  }
  return Object.entries(value)
    .flatMap(([name, inner]) => leavesOf(inner, [...path, name]))
    .slice(0, LEAVES_MAX);
}

/** Returns what a line holds at a path. Only what is its own counts. */
export function valueAt(value: unknown, path: Path): unknown {
  let inner = value;
  for (const name of path) {
    if (typeof inner !== "object" || inner === null || !Object.hasOwn(inner, name)) {
      return undefined;
    }
    inner = Reflect.get(inner, name);
  }
  return inner;
}

/** Whether two paths are the same. */
export function isSamePath(one: Path | undefined, other: Path): boolean {
  return one?.length === other.length && one.every((name, index) => name === other[index]);
}

/** Writes a path as it is written in code. */
export function pathText(path: Path): string {
  return path.join(".");
}

/** What fields are usually called. Earlier names are better. */
const USUAL: Readonly<Record<Role, readonly string[]>> = {
  id: ["idempotencykey", "eventid", "messageid", "msgid", "txid", "id", "uuid", "key"],
  entity: [
    "entity",
    "aggregateid",
    "account",
    "symbol",
    "sensor",
    "device",
    "sku",
    "orderid",
    "userid",
    "subject",
  ],
  revision: ["revision", "rev", "version", "sequence", "seq", "hlc", "updatedat", "updated"],
  source: ["source", "partition", "topic", "shard", "log"],
  position: ["position", "offset", "lsn"],
  scope: ["scope", "tenant"],
};

/** Guesses the fields by their names. What needs another field beside it is not guessed alone. */
export function guessPlan(sample: unknown): Plan {
  const leaves = leavesOf(sample);
  const named = leaves.map(({ path, value }) => ({
    path,
    value,
    name: (path.at(-1) ?? "").toLowerCase().replace(/[^a-z0-9]/g, ""),
  }));
  const find = (role: Role): Path | undefined => {
    for (const usual of USUAL[role]) {
      const found = named.find(({ name }) => name === usual);
      if (found !== undefined) {
        return found.path;
      }
    }
    return undefined;
  };
  const paths: Partial<Record<Role, Path>> = {};
  const keep = (roles: readonly Role[]): void => {
    const found = roles.map(find);
    roles.forEach((role, index) => {
      const path = found[index];
      if (path !== undefined && !found.includes(undefined)) {
        paths[role] = path;
      }
    });
  };
  keep(["id"]);
  keep(["entity", "revision"]);
  keep(["source", "position"]);
  keep(["scope"]);
  const ordinal = paths.revision ?? paths.position;
  return { paths, notation: guessNotation(ordinal && valueAt(sample, ordinal)) };
}

/** Guesses a notation by what a revision looks like. */
export function guessNotation(value: unknown): Notation {
  const text = typeof value === "string" ? value : "";
  const looks: readonly (readonly [RegExp, Notation])[] = [
    [/^\d{4}-\d\d-\d\dT/, "time"],
    [/^\d+\.\d{10}$/, "hlc"],
    [/^[0-9A-F]+\/[0-9A-F]+$/i, "lsn"],
    [/^\d+-\d+$/, "redis"],
    [/^[0-9A-HJKMNP-TV-Z]{26}$/i, "ulid"],
    [/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-/i, "uuid7"],
  ];
  return looks.find(([look]) => look.test(text))?.[1] ?? "integer";
}

/** Says what is missing before a plan can be used; undefined if nothing is. */
export function missingFrom({ paths }: Plan): string | undefined {
  if ((paths.entity === undefined) !== (paths.revision === undefined)) {
    return paths.entity === undefined
      ? "A revision needs its entity: what it is the revision of."
      : "An entity needs its revision: the number that grows.";
  }
  if ((paths.source === undefined) !== (paths.position === undefined)) {
    return paths.source === undefined
      ? "A position needs its source: the log that it is a place in."
      : "A source needs its position: the place in that log.";
  }
  return paths.id === undefined && paths.entity === undefined && paths.source === undefined
    ? "Choose a key, or an entity with its revision, or a source with its position."
    : undefined;
}
