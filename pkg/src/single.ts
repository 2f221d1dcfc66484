/**
 * One event at a time. Most carry a key alone, or a revision alone, and take a short way into the
 * core; all others, and whatever the short way cannot decide, take the general one.
 * @module
 */

import { type CoreGate, UNDECIDED } from "./core.js";
import { isPlain, type RawFields, readEvent, toFields } from "./event.js";
import { type Fields, frameRoom, NO_FIELDS, U64_END } from "./frame.js";
import { readNow } from "./options.js";

const hasOwn = Object.hasOwn;

/** Whether a key, with or without a scope, is all that the event carries. */
export function isKeyAlone(fields: Fields): boolean {
  return (
    fields.id !== undefined &&
    fields.entity === undefined &&
    fields.revision === undefined &&
    fields.source === undefined &&
    fields.position === undefined &&
    fields.epoch === undefined &&
    fields.content === undefined &&
    fields.time === undefined
  );
}

function judgeFields(core: CoreGate, fields: Fields, now: number): number {
  const sheet = core.scratch(frameRoom(fields));
  sheet.event(fields);
  return core.check(sheet.length, now);
}

/** Judges one key; returns the verdict's code. */
export function judgeKey(core: CoreGate, clock: () => number, id: unknown, scope: unknown): number {
  if (typeof id !== "string" || (scope !== undefined && typeof scope !== "string")) {
    return judgeFields(core, readEvent({ scope, id }), readNow(clock));
  }
  const now = readNow(clock);
  const code = core.checkKey(scope ?? "", id, now);
  return code === UNDECIDED ? judgeFields(core, { ...NO_FIELDS, scope, id }, now) : code;
}

function judgeRevision(
  core: CoreGate,
  clock: () => number,
  entity: string,
  revision: number | bigint,
  scope: string | undefined,
): number {
  const now = readNow(clock);
  const code = core.checkRevision(scope ?? "", entity, revision, now);
  return code === UNDECIDED
    ? judgeFields(core, { ...NO_FIELDS, scope, entity, revision }, now)
    : code;
}

/** Whether a value is what the short way takes: as a safe integer, or as a bigint of 64 bits. */
function isShortRevision(value: unknown): value is number | bigint {
  return (
    (typeof value === "number" && Number.isSafeInteger(value) && value >= 0) ||
    (typeof value === "bigint" && value >= 0n && value < U64_END)
  );
}

/** Judges one event; returns the verdict's code. */
export function judgeEvent(core: CoreGate, clock: () => number, event: unknown): number {
  if (typeof event !== "object" || event === null || !isPlain(event)) {
    return judgeFields(core, readEvent(event), readNow(clock));
  }
  // Every field is read here and only once, and no object is made where a few values will do.
  const raw: RawFields = event;
  const { scope, id, entity, revision, source, position, epoch, content, time } = raw;
  const isShort =
    source === undefined &&
    position === undefined &&
    epoch === undefined &&
    content === undefined &&
    time === undefined &&
    (scope === undefined || (typeof scope === "string" && hasOwn(event, "scope")));
  if (isShort && typeof id === "string" && entity === undefined && revision === undefined) {
    if (hasOwn(event, "id")) {
      return judgeKey(core, clock, id, scope);
    }
  } else if (isShort && id === undefined && typeof entity === "string") {
    if (isShortRevision(revision) && hasOwn(event, "entity") && hasOwn(event, "revision")) {
      return judgeRevision(core, clock, entity, revision, scope);
    }
  }
  const fields = toFields(raw, scope, id, entity, revision, source, position, epoch, content, time);
  return judgeFields(core, fields, readNow(clock));
}
