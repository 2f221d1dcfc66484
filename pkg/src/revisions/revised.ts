/**
 * A handler of updates that applies each once, and only forwards.
 * @module
 */

import { invalidOption, isOncewardError } from "../errors.js";
import { kindOf, type Ordinal, readOrdinal } from "../event.js";
import { requireWellFormed } from "../frame.js";
import { guarded, type Handler } from "../http/idempotent.js";
import {
  type Awaitable,
  type IdempotentOptions,
  readFunction,
  readSettings,
} from "../http/options.js";
import { Answered, problem } from "../http/problems.js";
import { ownerText } from "../http/scope.js";
import { readPrecondition } from "./precondition.js";
import { Update } from "./update.js";

/** Finds the revision that an update asks for; `undefined` says that it has none. */
export type RevisionOf = (request: Request, json: unknown) => Ordinal | undefined;

/**
 * The options of `idempotent`, and what an update is known by besides its key.
 *
 * @example
 * ```ts
 * const options: RevisedOptions = {
 *   gate,
 *   scope: (request) => ({ tenant: tenantOf(request), operation: "profiles" }),
 *   entity: (request) => new URL(request.url).pathname,
 *   revision: "if-match",
 * };
 * ```
 */
export interface RevisedOptions<Args extends readonly unknown[] = readonly unknown[]>
  extends IdempotentOptions<Args> {
  /**
   * What is updated. Revisions are compared for each entity of a tenant and operation, whatever the
   * method and the route: give all handlers that change it the same operation.
   */
  readonly entity: (request: Request, ...args: Args) => Awaitable<string>;
  /**
   * Where the revision is:
   *
   * - `"if-match"`: in the preconditions. `If-Match: "7"` is based on 7, and asks to be 8;
   *   `If-None-Match: *` asks to be `first`. Open the gate with `revisions: "next"`, or a client
   *   that names a revision that never was skips ahead to it. Refusals are 412, with the current
   *   ETag.
   * - a function of the request, and of its body where that is JSON: `(_, body) => body.revision`.
   *   Refusals are 409, with the current revision.
   */
  readonly revision: "if-match" | RevisionOf;
  /** The revision of what is created with `If-None-Match: *`. @default 1 */
  readonly first?: Ordinal | undefined;
  /**
   * Which updates must carry a key as well. Without one, the entity and the revision are the key.
   * @default false
   */
  readonly required?: boolean | readonly string[] | undefined;
}

/** Options that were read, besides those of `idempotent`. */
interface ReadRevised<Args extends readonly unknown[]> {
  readonly entity: RevisedOptions<Args>["entity"];
  readonly revision: "if-match" | RevisionOf;
  readonly first: bigint;
  readonly documentation: string | undefined;
}

const OWN_NAMES = ["entity", "revision", "first"] as const;

const DECIMAL = /^(?:0|[1-9]\d{0,128})$/;

/** Reads a revision as the text of a canonical integer; undefined when it is none. */
function readRevision(value: unknown): string | undefined {
  try {
    const text = String(readOrdinal(value, "revision"));
    return DECIMAL.test(text) ? text : undefined;
  } catch (error) {
    if (isOncewardError(error)) {
      return undefined;
    }
    throw error;
  }
}

function readOwn<Args extends readonly unknown[]>(
  options: RevisedOptions<Args>,
  documentation: string | undefined,
): ReadRevised<Args> {
  const { revision, first = 1 } = options;
  const entity = readFunction<RevisedOptions<Args>["entity"]>(options.entity, "entity");
  if (entity === undefined) {
    throw invalidOption("entity must be a function: it says what is updated");
  }
  if (revision !== "if-match" && typeof revision !== "function") {
    throw invalidOption(`revision must be "if-match" or a function, not ${kindOf(revision)}`);
  }
  const firstText = readRevision(first);
  if (firstText === undefined) {
    throw invalidOption("first must be a revision: a whole number, not negative");
  }
  return { entity, revision, first: BigInt(firstText), documentation };
}

/** Returns the value that a body is in JSON; undefined when it is none. */
function jsonOf(body: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(body));
  } catch {
    return undefined;
  }
}

/** Returns the revision that a request asks for, or answers that it asks for none. */
function revisionOf(
  { revision, first, documentation }: Omit<ReadRevised<[]>, "entity">,
  request: Request,
  body: Uint8Array,
): string {
  if (revision !== "if-match") {
    const found = revision(request, jsonOf(body));
    const text = found === undefined ? undefined : readRevision(found);
    if (text === undefined) {
      const code = found === undefined ? "missing_revision" : "invalid_revision";
      throw new Answered(problem(code, { documentation }));
    }
    return text;
  }
  const read = readPrecondition(request.headers, first);
  if (read.kind !== "revision") {
    const code = read.kind === "missing" ? "missing_precondition" : "invalid_revision";
    throw new Answered(problem(code, { documentation }));
  }
  return read.revision.toString();
}

/**
 * Wraps a handler of updates so that each is applied once, and none overtakes a later one: whatever
 * order they come in, and however often, the entity only goes forwards.
 *
 * - A newer revision is applied, and its answer kept.
 * - The same update again gets that answer, however late it comes, for as long as it is kept.
 * - An older one, or another with the same revision, is refused with what is current.
 * - With an Idempotency-Key, key and revision are judged together: both are accepted or neither.
 * - Everything else is as in `idempotent` of `onceward/http`. A deletion is an update, too.
 *
 * @throws {OncewardError} `invalid_option` for the options, and, when it is called, for a scope or
 * an entity that is none.
 *
 * @example
 * ```ts
 * const put = revised(save, {
 *   gate: keepOpen(() => Gate.open({ store, revisions: "next" })),
 *   scope: (request) => ({ tenant: tenantOf(request), operation: "profiles" }),
 *   entity: (request) => new URL(request.url).pathname,
 *   revision: "if-match",
 * });
 * ```
 */
export function revised<Args extends readonly unknown[] = []>(
  handler: Handler<Args>,
  options: RevisedOptions<Args>,
): (request: Request, ...args: Args) => Promise<Response> {
  const settings = readSettings<Args>(options, { names: OWN_NAMES, required: false });
  const own = readOwn(options, settings.documentation);
  const form = own.revision === "if-match" ? "if-match" : "field";
  return guarded(
    {
      settings,
      scopeText: (_, scope) => ownerText(scope),
      identify: async (request, body, args) => {
        const revision = revisionOf(own, request, body);
        const entity: unknown = await own.entity(request, ...args);
        if (typeof entity !== "string" || entity === "") {
          throw invalidOption("entity must return the name of what is updated");
        }
        requireWellFormed(entity, "the entity");
        return new Update(entity, revision, form, settings.documentation);
      },
    },
    handler,
  );
}
