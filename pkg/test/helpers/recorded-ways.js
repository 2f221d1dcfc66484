/**
 * The ways to ask a gate for what a history recorded: whichever fit an event or a batch, one after
 * the other.
 * @module
 */

const U64_END = 2n ** 64n;

/** The ways by the kind of what is asked; each takes the gate and an event, or events. */
const ONE = {
  key: {
    checkId: (gate, { scope, id }) => gate.checkId(id, scope),
    check: (gate, event) => gate.check(event),
    checkIds: (gate, { scope, id }) => gate.checkIds([id], { scope }).at(0),
    checkAll: (gate, event) => gate.checkAll([event])[0],
  },
  timed: {
    check: (gate, event) => gate.check(event),
    checkIds: (gate, { scope, id, time }) => gate.checkIds([id], { scope, times: [time] }).at(0),
    checkAll: (gate, event) => gate.checkAll([event])[0],
  },
  revision: {
    "check, a number": (gate, event) => gate.check({ ...event, revision: short(event.revision) }),
    "check, a text": (gate, event) => gate.check(event),
    checkRevisions: (gate, { scope, entity, revision }) =>
      gate.checkRevisions([entity], [short(revision)], { scope }).at(0),
    checkAll: (gate, event) => gate.checkAll([{ ...event, revision: short(event.revision) }])[0],
  },
  position: {
    check: (gate, event) => gate.check({ ...event, position: short(event.position) }),
    checkPositions: (gate, { scope, source, epoch, position }) =>
      gate.checkPositions(source, [short(position)], { scope, epoch }).at(0),
    checkAll: (gate, event) => gate.checkAll([event])[0],
  },
  other: {
    check: (gate, event) => gate.check(event),
    checkAll: (gate, event) => gate.checkAll([event])[0],
  },
};

const MANY_ANYHOW = {
  checkAll: (gate, events) => gate.checkAll(events),
  filter: (gate, events, expected) => filtered(gate, events, expected),
};

const MANY = {
  key: {
    checkIds: (gate, events) => gate.checkIds(idsOf(events), { scope: events[0].scope }),
    ...MANY_ANYHOW,
  },
  timed: {
    checkIds: (gate, events) =>
      gate.checkIds(idsOf(events), {
        scope: events[0].scope,
        times: events.map(({ time }) => time),
      }),
    ...MANY_ANYHOW,
  },
  revision: {
    "checkRevisions, numbers": (gate, events) => byRevisions(gate, events, (all) => all.map(short)),
    "checkRevisions, texts": (gate, events) => byRevisions(gate, events, (all) => all),
    "checkRevisions, u64": (gate, events) => byRevisions(gate, events, packed),
    ...MANY_ANYHOW,
  },
  position: {
    "checkPositions, numbers": (gate, events) => byPositions(gate, events, (all) => all.map(short)),
    "checkPositions, texts": (gate, events) => byPositions(gate, events, (all) => all),
    "checkPositions, u64": (gate, events) => byPositions(gate, events, packed),
    ...MANY_ANYHOW,
  },
  other: MANY_ANYHOW,
};

/** Chooses the ways, and counts them. */
export class Ways {
  /** How often each way was taken. */
  taken = new Map(
    Object.entries({ one: ONE, many: MANY }).flatMap(([number, kinds]) =>
      Object.entries(kinds).flatMap(([kind, ways]) =>
        Object.keys(ways).map((way) => [`${number} ${kind}: ${way}`, 0]),
      ),
    ),
  );
  #turn = 0;

  /** Starts a history, whose seed alone tells which ways it goes. */
  start(seed) {
    this.#turn = seed;
  }

  /** Judges one event. */
  check(gate, event) {
    const kind = kindOf(event);
    return this.#next(`one ${kind}`, ONE[kind])(gate, event);
  }

  /** Judges a batch; `expected` is what its verdicts should be. */
  checkAll(gate, events, expected) {
    const kind = commonKind(events);
    return [...this.#next(`many ${kind}`, MANY[kind])(gate, events, expected)];
  }

  #next(what, ways) {
    const names = Object.keys(ways);
    const name = names[this.#turn % names.length];
    this.#turn += 1;
    this.taken.set(`${what}: ${name}`, this.taken.get(`${what}: ${name}`) + 1);
    return ways[name];
  }
}

function kindOf(event) {
  const fields = Object.keys(event).filter((field) => field !== "scope");
  switch (fields.sort().join()) {
    case "id":
      return "key";
    case "id,time":
      return "timed";
    case "entity,revision":
      return "revision";
    case "position,source":
    case "epoch,position,source":
      return "position";
    default:
      return "other";
  }
}

/** The kind of a column that all events fit in. */
function commonKind(events) {
  const [first, ...others] = events;
  const kind = first === undefined ? "other" : kindOf(first);
  const isAlike = (event) =>
    kindOf(event) === kind &&
    event.scope === first.scope &&
    event.source === first.source &&
    event.epoch === first.epoch;
  return others.every(isAlike) ? kind : "other";
}

/** The shortest form of an ordinal; what is none stays as it is. */
function short(text) {
  if (!/^(?:0|[1-9]\d{0,128})$/.test(text)) {
    return text;
  }
  return Number.isSafeInteger(Number(text)) ? Number(text) : BigInt(text);
}

/** A column of 64 bits each, where all fit. */
function packed(texts) {
  const ordinals = texts.map(short);
  const fits = (ordinal) => typeof ordinal !== "string" && ordinal < U64_END;
  return ordinals.every(fits) ? BigUint64Array.from(ordinals, BigInt) : ordinals;
}

function idsOf(events) {
  return events.map(({ id }) => id);
}

function byRevisions(gate, events, form) {
  const entities = events.map(({ entity }) => entity);
  const revisions = form(events.map(({ revision }) => revision));
  return gate.checkRevisions(entities, revisions, { scope: events[0].scope });
}

function byPositions(gate, events, form) {
  const [{ scope, source, epoch }] = events;
  const positions = form(events.map(({ position }) => position));
  return gate.checkPositions(source, positions, { scope, epoch });
}

/** Which are fresh is what `filter` tells; of the others it is counted elsewhere what they are. */
function filtered(gate, events, expected) {
  const indices = events.map((_, index) => index);
  const fresh = new Set(gate.filter(indices, (index) => events[index]));
  const otherwise = (verdict) => (verdict === "fresh" ? "not fresh" : verdict);
  return indices.map((index) => (fresh.has(index) ? "fresh" : otherwise(expected?.[index])));
}
