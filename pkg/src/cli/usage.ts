/**
 * The command line: its options, their meaning, and what is printed for `--help`.
 * @module
 */

import { parseArgs } from "node:util";
import type { Duration, GateOptions } from "../options.js";
import { messageOf, UsageError } from "./failure.js";
import type { FieldPaths, OrdinalKind, TimeKind } from "./identify.js";
import { STDIN } from "./lines.js";
import { type Path, parsePath } from "./path.js";

/** What is to be done. */
export type Command =
  | { readonly do: "help" }
  | { readonly do: "version" }
  | { readonly do: "filter"; readonly plan: Plan };

/** One run of `onceward filter`. */
export interface Plan {
  readonly files: readonly string[];
  readonly paths: FieldPaths;
  readonly gate: GateOptions;
  readonly verdicts: boolean;
  readonly strict: boolean;
  readonly quiet: boolean;
}

export const HELP = `Usage: onceward filter [OPTION]... [FILE]...

Reads lines of JSON and writes those that are fresh, unchanged and in their order.
Without FILE, or where FILE is -, it reads standard input. Gzipped input is unpacked.

What a line is known by, at least one of the three; each takes the path of a field,
such as payload.order.id or Records.0.eventID, and a lone dot for the whole line:
  --id PATH                          a key
  --entity PATH --revision PATH      a revision of an entity
  --source PATH --position PATH      a position in a log
  --epoch PATH                       which life of the source this is
  --scope PATH                       the tenant and operation it belongs to
  --content PATH                     what the key or revision must always stand for
  --time PATH                        when the event was issued
--id, --scope, --entity, --source and --content may be given several times; the parts
together are then the name, written as a JSON array of texts. A backslash before a dot
keeps it part of a field's name.

How fields are written:
  --revision-as KIND, --position-as KIND
                     hlc, lsn, redis, time, ulid, uuid7, or number (the default: an
                     integer, or its decimal digits as a string)
  --time-as KIND     ms, s or iso (default: numbers are milliseconds, strings ISO-8601)

How lines are judged:
  --retention TIME   how long a key is remembered, such as 90s, 24h or 7d (default 7d)
  --max-bytes SIZE   the most memory for it, such as 512MiB (default 32MiB)
  --revisions RULE   newer (the default) or next
  --positions RULE   newer (the default), next, or window:N
  --max-jump N       how far above the last one a revision may be
  --max-skew TIME    how far ahead of now a time may be (default 5m)
  --time-from-id     a UUIDv7 or ULID id tells its time

What is written:
  --verdicts         every line, with its verdict and a tab before it
  --strict           end at the first broken line instead of skipping it
  --quiet            nothing on standard error but what ends the run
  --help, --version

Names that are numbers count as their digits, exactly as written; arrays and objects as
their canonical JSON (RFC 8785). A field that is null, true or false counts as absent.
Integers beyond 2^53 inside --content count as strings of their digits, so that no two
different ones are taken for the same. Without --time, a key is remembered from the moment
it is read. Blank lines are no events: they are dropped, or get the verdict blank.

A broken line is reported as FILE:LINE: reason and skipped: not JSON, not UTF-8, without an
identity, with a field that is not what it should be, above --max-jump, or over 64 MiB.
With --verdicts its verdict is broken.

Exit status:
  0  every line was judged, or the reader of standard output had enough
  1  a file could not be read, memory was full, or a line was broken under --strict
  2  the command was called wrongly
  3  finished, but broken lines were skipped
`;

const ORDINAL_KINDS = ["number", "hlc", "lsn", "redis", "time", "ulid", "uuid7"] as const;
const TIME_KINDS = ["auto", "ms", "s", "iso"] as const;
const RULES = ["newer", "next"] as const;
const SIZE_UNITS: Readonly<Record<string, number>> = { KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30 };

const OPTIONS = {
  id: { type: "string", multiple: true },
  scope: { type: "string", multiple: true },
  entity: { type: "string", multiple: true },
  source: { type: "string", multiple: true },
  content: { type: "string", multiple: true },
  revision: { type: "string", multiple: true },
  position: { type: "string", multiple: true },
  epoch: { type: "string", multiple: true },
  time: { type: "string", multiple: true },
  "revision-as": { type: "string" },
  "position-as": { type: "string" },
  "time-as": { type: "string" },
  retention: { type: "string" },
  "max-bytes": { type: "string" },
  revisions: { type: "string" },
  positions: { type: "string" },
  "max-jump": { type: "string" },
  "max-skew": { type: "string" },
  "time-from-id": { type: "boolean" },
  verdicts: { type: "boolean" },
  strict: { type: "boolean" },
  quiet: { type: "boolean" },
  help: { type: "boolean" },
  version: { type: "boolean" },
} as const;

function parse(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: OPTIONS, allowPositionals: true });
  } catch (error) {
    throw new UsageError(messageOf(error));
  }
}

type Values = ReturnType<typeof parse>["values"];

/**
 * Reads the arguments of the command.
 *
 * @throws {UsageError} When they make no sense.
 */
export function readArguments(args: readonly string[]): Command {
  const { values, positionals } = parse(args);
  if (values.help === true) {
    return { do: "help" };
  }
  if (values.version === true) {
    return { do: "version" };
  }
  const [command, ...files] = positionals;
  if (command !== "filter") {
    throw new UsageError(command === undefined ? "no command" : `there is no command "${command}"`);
  }
  return {
    do: "filter",
    plan: {
      files: files.length === 0 ? [STDIN] : files,
      paths: readPaths(values),
      gate: readGateOptions(values),
      verdicts: values.verdicts ?? false,
      strict: values.strict ?? false,
      quiet: values.quiet ?? false,
    },
  };
}

function readPaths(values: Values): FieldPaths {
  const paths: FieldPaths = {
    scope: many(values.scope),
    id: many(values.id),
    entity: many(values.entity),
    source: many(values.source),
    content: many(values.content),
    revision: one(values.revision, "revision"),
    position: one(values.position, "position"),
    epoch: one(values.epoch, "epoch"),
    time: one(values.time, "time"),
    revisionAs: choice<OrdinalKind>(values["revision-as"], "revision-as", ORDINAL_KINDS),
    positionAs: choice<OrdinalKind>(values["position-as"], "position-as", ORDINAL_KINDS),
    timeAs: choice<TimeKind>(values["time-as"], "time-as", TIME_KINDS),
  };
  const { id, entity, source, revision, position, epoch } = paths;
  if (entity.length > 0 !== (revision !== undefined)) {
    throw new UsageError("--entity and --revision belong together");
  }
  if (source.length > 0 !== (position !== undefined)) {
    throw new UsageError("--source and --position belong together");
  }
  if (epoch !== undefined && position === undefined) {
    throw new UsageError("--epoch belongs to --source and --position");
  }
  if (id.length === 0 && entity.length === 0 && source.length === 0) {
    throw new UsageError(
      "what is a line known by? Give --id, or --entity and --revision, or --source and --position",
    );
  }
  return paths;
}

function many(texts: readonly string[] | undefined): readonly Path[] {
  return (texts ?? []).map(parsePath);
}

function one(texts: readonly string[] | undefined, name: string): Path | undefined {
  const [first, ...others] = texts ?? [];
  if (others.length > 0) {
    throw new UsageError(`--${name} takes one path only`);
  }
  return first === undefined ? undefined : parsePath(first);
}

function choice<Choice extends string>(
  text: string | undefined,
  name: string,
  choices: readonly [Choice, ...Choice[]],
): Choice {
  const found = text === undefined ? choices[0] : choices.find((known) => known === text);
  if (found === undefined) {
    throw new UsageError(`--${name} must be one of ${choices.join(", ")}`);
  }
  return found;
}

function readGateOptions(values: Values): GateOptions {
  return {
    retention: duration(values.retention),
    maxSkew: duration(values["max-skew"]),
    maxBytes: size(values["max-bytes"]),
    maxJump: values["max-jump"],
    revisions: choice(values.revisions, "revisions", RULES),
    positions: positions(values.positions),
    timeFromId: values["time-from-id"],
  };
}

/** The gate itself judges what is not digits alone. */
function duration(text: string | undefined): Duration | undefined {
  return text !== undefined && /^\d+$/.test(text) ? Number(text) : (text as Duration | undefined);
}

function size(text: string | undefined): number | undefined {
  if (text === undefined) {
    return undefined;
  }
  const [, digits, unit = ""] = /^(\d+)(KiB|MiB|GiB)?$/.exec(text) ?? [];
  if (digits === undefined) {
    throw new UsageError("--max-bytes must be a number of bytes, or such as 64MiB");
  }
  return Number(digits) * (SIZE_UNITS[unit] ?? 1);
}

function positions(text: string | undefined): GateOptions["positions"] {
  const [, window] = /^window:(\d+)$/.exec(text ?? "") ?? [];
  if (window !== undefined) {
    return { window: Number(window) };
  }
  const rule = RULES.find((known) => known === (text ?? "newer"));
  if (rule === undefined) {
    throw new UsageError("--positions must be one of newer, next, window:N");
  }
  return rule;
}
