/**
 * An update: what it changes, which revision it asks for, and what its client is told when it must
 * not be applied.
 * @module
 */

import type { GateEvent, Ordinal } from "../event.js";
import type { Gate } from "../gate.js";
import type { Identity } from "../http/plan.js";
import { type ProblemCode, problem } from "../http/problems.js";
import { withBody } from "../http/response.js";
import { ownerText, type Scope } from "../http/scope.js";
import { revisionTag } from "./precondition.js";

/** How a revision is asked for: by preconditions, or by a field of the update. */
export type RevisionForm = "if-match" | "field";

const PRECONDITION_FAILED = 412;

/**
 * What the name of an update without a key begins with. No key of a client has such a character.
 */
const UPDATE_MARK = "§";

function updateId(entity: string, revision: string): string {
  return `${UPDATE_MARK}${entity.length}:${entity}${revision}`;
}

/**
 * Returns the event that an update is, for `Gate.inspect` and `Gate.resolve`. Its `scope` and
 * `entity` are what `Gate.forget` takes.
 *
 * @param key the key that came with it, if there was one.
 * @throws {OncewardError} `invalid_option` for the scope.
 *
 * @example
 * ```ts
 * gate.resolve(updateEvent(scope, "/profiles/7", 8n), "released");
 * ```
 */
export function updateEvent(
  scope: Scope,
  entity: string,
  revision: Ordinal,
  key?: string,
): Required<Pick<GateEvent, "scope" | "id" | "entity" | "revision">> {
  const id = key ?? updateId(entity, `${revision}`);
  return { scope: ownerText(scope), id, entity, revision };
}

/** One update of an entity. */
export class Update implements Identity {
  readonly entity: string;
  readonly revision: string;
  readonly id: string;

  readonly #form: RevisionForm;
  readonly #documentation: string | undefined;

  constructor(
    entity: string,
    revision: string,
    form: RevisionForm,
    documentation: string | undefined,
  ) {
    this.entity = entity;
    this.revision = revision;
    this.id = updateId(entity, revision);
    this.#form = form;
    this.#documentation = documentation;
  }

  refuse(verdict: "conflict" | "early" | "stale", gate: Gate, { scope }: GateEvent): Response {
    const { entity, revision } = this;
    // The key may have decided, and then what the entity is at has not been asked for.
    const found = gate.inspect({ scope, entity, revision });
    const isAt = found.verdict === "duplicate" && found.since === undefined;
    const current = isAt ? BigInt(revision) : (found.current ?? before(found.expected));
    const code: ProblemCode = verdict === "conflict" ? "revision_conflict" : verdict;
    const isPrecondition = this.#form === "if-match";
    return problem(code, {
      documentation: this.#documentation,
      status: isPrecondition ? PRECONDITION_FAILED : undefined,
      // As texts, since other readers of JSON would round them.
      members: { revision, current: current?.toString(), expected: found.expected?.toString() },
      headers: {
        ETag: isPrecondition && current !== undefined ? revisionTag(current) : undefined,
      },
    });
  }

  finish(response: Response): Response {
    if (this.#form !== "if-match" || !response.ok || response.headers.has("etag")) {
      return response;
    }
    const tagged = withBody(response, response.body);
    tagged.headers.set("ETag", revisionTag(this.revision));
    return tagged;
  }
}

/** The revision that the expected one follows, if there is one. */
function before(expected: bigint | undefined): bigint | undefined {
  return expected === undefined || expected === 0n ? undefined : expected - 1n;
}
