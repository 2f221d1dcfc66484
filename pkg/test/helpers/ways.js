/**
 * Events judged in two ways: quickly, where one look may decide, and in full.
 *
 * Two gates share a secret and a clock. One is asked by whatever way a test likes. The other is
 * asked for the same events in company: each comes with something that decides nothing, but makes
 * the core look at everything.
 * @module
 */
import assert from "node:assert/strict";
import { isOncewardError } from "onceward";
import { handClock, open, stateOf } from "./gate.js";

/** A source whose every position is fresh. */
const COMPANION = "a source that keeps others company";

/** The ways to judge one key. Each returns the verdict. */
export const KEY_WAYS = {
  checkId: (gate, { scope, id }) => gate.checkId(id, scope),
  check: (gate, event) => gate.check(event),
  checkAll: (gate, event) => gate.checkAll([event])[0],
  checkIds: (gate, { scope, id }) => gate.checkIds([id], { scope }).at(0),
  filter: (gate, event) => counted(gate, () => gate.filter([event], itself)),
};

/** The ways to judge one revision. */
export const REVISION_WAYS = {
  check: (gate, event) => gate.check(event),
  checkAll: (gate, event) => gate.checkAll([event])[0],
  checkRevisions: (gate, { scope, entity, revision }) =>
    gate.checkRevisions([entity], [revision], { scope }).at(0),
  filter: (gate, event) => counted(gate, () => gate.filter([event], itself)),
};

/** The ways to judge one position. */
export const POSITION_WAYS = {
  check: (gate, event) => gate.check(event),
  checkAll: (gate, event) => gate.checkAll([event])[0],
  checkPositions: (gate, { scope, source, position, epoch }) =>
    gate.checkPositions(source, [position], { scope, epoch }).at(0),
};

/** For `filter`, where the items are the events. */
export function itself(event) {
  return event;
}

/** Says which verdict a call counted. */
function counted(gate, call) {
  const before = gate.stats().verdicts;
  call();
  const after = Object.entries(gate.stats().verdicts);
  return after.find(([verdict, count]) => count > before[verdict])?.[0];
}

/** What a call gives; for an error of the package its code, and which event of a batch is meant. */
export function outcome(call) {
  try {
    return { gives: call() };
  } catch (error) {
    if (!isOncewardError(error)) {
      throw error;
    }
    return { code: error.code, at: /^events\[\d+\]: /.exec(error.message)?.[0] };
  }
}

/** A gate that is asked for every event in company, so that it judges it in full. */
class Thorough {
  #gate;
  #slides;
  #count = 0;

  constructor(gate, positions) {
    this.#gate = gate;
    this.#slides = typeof positions === "object";
  }

  check(event) {
    return this.#gate.check(this.#accompanied(event));
  }

  checkAll(events) {
    return this.#gate.checkAll(events.map((event) => this.#accompanied(event)));
  }

  #accompanied(event) {
    if (typeof event !== "object" || event === null) {
      return event;
    }
    if (event.source !== undefined || event.position !== undefined || event.epoch !== undefined) {
      // Positions keep no content.
      const isAlone = event.id === undefined && event.entity === undefined;
      return isAlone ? { ...event, content: event.content ?? 0 } : event;
    }
    if (event.id === undefined && event.entity === undefined && event.revision === undefined) {
      return event;
    }
    this.#count += 1;
    const place = this.#slides ? { position: this.#count } : { position: 0, epoch: this.#count };
    return { ...event, source: COMPANION, ...place };
  }
}

/** Opens two gates that are to agree on everything, in these scopes. */
export async function twins(options = {}, scopes = [""]) {
  const clock = handClock();
  const { gate: quick } = await open({ clock, ...options });
  const { gate: other } = await open({ clock, ...options });
  const pair = new Twins(quick, other, options.clock ?? clock, options.positions);
  // What keeps company is known to both, so that they stay alike.
  for (const scope of scopes) {
    pair.both((gate) => gate.check({ scope, source: COMPANION, position: 0 }));
  }
  return pair;
}

class Twins {
  clock;
  quick;
  slow;
  #other;

  constructor(quick, other, clock, positions) {
    this.quick = quick;
    this.slow = new Thorough(other, positions);
    this.clock = clock;
    this.#other = other;
  }

  /** Asks both gates the same thing, and returns what both answer. */
  both(call) {
    const found = outcome(() => call(this.quick));
    assert.deepEqual(
      found,
      outcome(() => call(this.#other)),
      String(call),
    );
    return found.gives;
  }

  /** Claims the event at both gates; returns how to do something with both claims, if granted. */
  claim(event, options) {
    const claims = [];
    const found = this.both((gate) => {
      const claim = gate.claim(event, options);
      claims.push(claim);
      return [claim.verdict, claim.token, claim.attempt];
    });
    if (found?.[0] !== "fresh") {
      return undefined;
    }
    return (end) => {
      const [one, other] = claims.map((claim) => outcome(() => end(claim)));
      assert.deepEqual(one, other, String(end));
      return one.gives ?? one.code;
    };
  }

  /** Asserts that an event judged by some way is judged so in full, too; returns the outcome. */
  agree(way, event, message = "") {
    const { at: _, ...found } = outcome(() => way(this.quick, event));
    const { at: __, ...expected } = outcome(() => this.slow.check(event));
    const shown = `${message} ${String(way)} ${String(event.id ?? event.entity)}`.slice(0, 200);
    assert.deepEqual(found, expected, shown);
    return found;
  }

  /** Asserts that an event is judged so by some way, and in full. */
  judge(way, event, expected) {
    assert.deepEqual(this.agree(way, event, expected), { gives: expected }, String(way));
  }

  /** Asserts that both remember the same and have said the same. */
  same(message = "") {
    assert.deepEqual(stateOf(this.quick), stateOf(this.#other), message);
  }
}
