/**
 * One event at a time. Most carry a key alone, or a revision alone, and take a short way into the
 * core; all others, and whatever the short way cannot decide, take the general one.
 * @module
 */

import { type CoreGate, UNDECIDED } from "./core.js";
import { readEvent } from "./event.js";
import { type Fields, frameRoom, NO_FIELDS, U64_END } from "./frame.js";
import { readNow } from "./options.js";

/** Whether a key, with or without a scope, is all that the event carries. */
export function isKeyAlone(fields: Fields): boolean {
  return fields.entity === undefined && fields.revision === undefined && hasNoMore(fields);
}

function hasNoMore({ source, position, epoch, content, time }: Fields): boolean {
  return (
    source === undefined &&
    position === undefined &&
    epoch === undefined &&
    content === undefined &&
    time === undefined
  );
}

function glance(core: CoreGate, fields: Fields, now: number): number {
  const { scope, id, entity, revision } = fields;
  if (!hasNoMore(fields)) {
    return UNDECIDED;
  }
  if (entity === undefined && revision === undefined) {
    return id === undefined ? UNDECIDED : core.checkKey(scope ?? "", id, now);
  }
  if (id !== undefined || entity === undefined || revision === undefined) {
    return UNDECIDED;
  }
  return typeof revision === "number" || (typeof revision === "bigint" && revision < U64_END)
    ? core.checkRevision(scope ?? "", entity, revision, now)
    : UNDECIDED;
}

/** Judges one event, whose fields were read before the clock; returns the verdict's code. */
export function judgeOne(core: CoreGate, fields: Fields, now: number): number {
  const code = glance(core, fields, now);
  if (code !== UNDECIDED) {
    return code;
  }
  const sheet = core.scratch(frameRoom(fields));
  sheet.event(fields);
  return core.check(sheet.length, now);
}

/** Judges one key; returns the verdict's code. */
export function judgeKey(core: CoreGate, clock: () => number, id: unknown, scope: unknown): number {
  if (typeof id === "string" && (scope === undefined || typeof scope === "string")) {
    const now = readNow(clock);
    const code = core.checkKey(scope ?? "", id, now);
    return code === UNDECIDED ? judgeOne(core, { ...NO_FIELDS, scope, id }, now) : code;
  }
  return judgeOne(core, readEvent({ scope, id }), readNow(clock));
}
