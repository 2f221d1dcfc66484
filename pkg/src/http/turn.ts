/**
 * One turn of a request at the gate: the handler runs in it, or an earlier answer is given again.
 * @module
 */

import type { Claim } from "../claim.js";
import { invalidOption } from "../errors.js";
import type { GateEvent } from "../event.js";
import type { Gate } from "../gate.js";
import type { Outcome } from "../once.js";
import { Idempotency, InDoubt, tell } from "./idempotency.js";
import type { Settings } from "./options.js";
import type { Acted, Call, Identity } from "./plan.js";
import type { AnswerChoice } from "./policy.js";
import { type ProblemParts, problem } from "./problems.js";
import {
  type Captured,
  capture,
  isResponse,
  OMITTED,
  REPLAYED_HEADER,
  RETENTION_HEADER,
  replay,
  withBody,
} from "./response.js";

/** What is known of a request when its turn comes. */
export interface TurnParts<Args extends readonly unknown[]> {
  readonly settings: Settings<Args>;
  readonly call: Call<Args>;
  readonly body: Uint8Array<ArrayBuffer>;
  readonly key: string | undefined;
  readonly event: GateEvent;
  readonly identity: Identity | undefined;
  readonly gate: Gate;
}

type Refused = Extract<Outcome<unknown>, { readonly status: "refused" }>;

/** Ends an effect whose answer is sent, and not kept. */
class Unkept extends Error {
  readonly choice: "release" | "doubt";
  readonly response: Response;

  constructor(choice: "release" | "doubt", response: Response) {
    super("the answer is not kept");
    this.choice = choice;
    this.response = response;
  }
}

/** Ends an effect whose answer nobody can judge; the error itself says why. */
class Unjudged extends Error {}

/** Tells somebody, whose own errors are no reason to answer otherwise. */
export function report<Told extends readonly unknown[]>(
  hook: ((...told: Told) => unknown) | undefined,
  ...told: Told
): void {
  // Also what it promises is nobody's here to wait for.
  new Promise((resolve) => resolve(hook?.(...told))).catch(() => {});
}

/** A request that is judged, and acted on if it may be. */
export class Turn<Args extends readonly unknown[]> {
  /** Whether the handler was called. */
  hasBegun = false;

  readonly #parts: TurnParts<Args>;
  /** The handler's answer, as it is sent. */
  #captured: Captured | undefined;
  /** What broke the body of an answer while it was read. */
  #broken: { readonly error: unknown } | undefined;

  constructor(parts: TurnParts<Args>) {
    this.#parts = parts;
  }

  /** Judges the request; returns its answer, or throws what the handler has thrown. */
  async run(): Promise<Response> {
    const { settings, call, event, gate } = this.#parts;
    const outcome = gate.once(event, (claim) => this.#act(claim), {
      ...settings.once,
      onError: (error) => this.#meaning(error),
    });
    // A client that has gone away does not break off what was begun.
    call.hold?.(outcome.catch(() => {}));
    try {
      return this.#answer(await outcome);
    } catch (error) {
      return this.#failure(error);
    }
  }

  /** The effect: runs the handler, and returns what of its answer is kept. */
  async #act(claim: Claim): Promise<Uint8Array | typeof OMITTED> {
    const { call, key, identity, gate, settings } = this.#parts;
    this.hasBegun = true;
    const idempotency = new Idempotency(key, claim);
    const request = this.#request();
    tell(request, idempotency);
    const acted = await call.act(request, idempotency);
    if (!isResponse(acted.response)) {
      throw new TypeError("the handler must return a Response");
    }
    const choice = idempotency.isInDoubt ? "doubt" : this.#choice(acted);
    if (choice === "release" || choice === "doubt") {
      throw new Unkept(choice, acted.response);
    }
    const response = identity?.finish(acted.response) ?? acted.response;
    if (choice === "omit") {
      this.#captured = { response: withBody(response, response.body), kept: OMITTED };
      return OMITTED;
    }
    try {
      this.#captured = await capture(response, settings.kept, gate.maxResultBytes);
    } catch (error) {
      // The handler has answered, so it has acted; only the answer is lost.
      this.#broken = { error };
      return OMITTED;
    }
    return this.#captured.kept;
  }

  /** The request as the handler gets it: with its body, and whether or not its client stays. */
  #request(): Request {
    const { call, body } = this.#parts;
    const { signal } = new AbortController();
    return new Request(
      call.request,
      call.request.body === null && body.length === 0 ? { signal } : { signal, body },
    );
  }

  #choice({ response, error }: Acted): AnswerChoice {
    const { policy, onError } = this.#parts.settings;
    let choice: unknown;
    try {
      choice = policy(response);
      if (choice === "release" && error !== undefined) {
        choice = error instanceof InDoubt ? "doubt" : onError(error);
      }
    } catch (cause) {
      throw new Unjudged("the policy failed", { cause });
    }
    switch (choice) {
      case "keep":
      case "omit":
      case "release":
      case "doubt":
        return choice;
      default: {
        const cause = invalidOption('policy must return "keep", "omit", "release" or "doubt"');
        throw new Unjudged("the policy failed", { cause });
      }
    }
  }

  /** What becomes of the claim when the effect has thrown. */
  #meaning(error: unknown): "release" | "doubt" {
    if (error instanceof Unkept) {
      return error.choice;
    }
    if (error instanceof InDoubt || error instanceof Unjudged) {
      return "doubt";
    }
    const choice = this.#parts.settings.onError(error);
    if (choice !== "release" && choice !== "doubt") {
      throw invalidOption('onError must return "release" or "doubt"');
    }
    return choice;
  }

  #failure(error: unknown): Response {
    const { errors } = this.#parts.settings;
    if (error instanceof Unkept) {
      return error.response;
    }
    if (error instanceof InDoubt) {
      return this.#problem("in-doubt");
    }
    const thrown = error instanceof Unjudged ? error.cause : error;
    if (this.hasBegun && errors === "answer") {
      return this.#problem("failed");
    }
    throw thrown;
  }

  #answer(outcome: Outcome<Uint8Array | typeof OMITTED>): Response {
    const { settings, call } = this.#parts;
    if (outcome.status === "refused") {
      return this.#refusal(outcome);
    }
    if (outcome.unconfirmed === true) {
      report(settings.onUnconfirmed, call.request);
    }
    if (outcome.status === "applied") {
      return this.#first(outcome.unconfirmed !== true);
    }
    const again = replay(outcome.value);
    return again === undefined ? this.#problem("omitted") : this.#told(again, true);
  }

  /** The answer of the handler that has run in this turn. */
  #first(isConfirmed: boolean): Response {
    if (this.#broken !== undefined) {
      throw this.#broken.error;
    }
    if (this.#captured === undefined) {
      throw new TypeError("the handler has not answered");
    }
    const { response, kept } = this.#captured;
    // A handler may have passed on what another service has answered, which may be a replay.
    response.headers.delete(REPLAYED_HEADER);
    response.headers.delete(RETENTION_HEADER);
    return isConfirmed ? this.#told(response, kept !== OMITTED) : response;
  }

  /** Tells for how long the key and its answer are known. */
  #told(response: Response, isKept: boolean): Response {
    const { retention, resultRetention } = this.#parts.gate;
    const seconds = (ms: number): number => Math.floor(ms / 1000);
    const answer = isKept ? seconds(resultRetention) : 0;
    response.headers.set(RETENTION_HEADER, `${seconds(retention)};answer=${answer}`);
    return response;
  }

  #refusal({ verdict, refusal }: Refused): Response {
    const { gate, event, identity } = this.#parts;
    switch (verdict) {
      case "pending":
        // When a stage ends nobody can say.
        return this.#problem("pending", { retryAfter: refusal.retryAfter ?? 0 });
      case "in-doubt":
      case "expired":
        return this.#problem(verdict);
      case "conflict":
        return identity === undefined || this.#isKeyConflict()
          ? this.#problem("conflict")
          : identity.refuse(verdict, gate, event);
      case "stale":
      case "early":
        if (identity === undefined) {
          throw new TypeError(`a key cannot be ${verdict}`);
        }
        return identity.refuse(verdict, gate, event);
    }
  }

  /** Whether it is the client's key that stands for another request, and not the revision. */
  #isKeyConflict(): boolean {
    const { gate, key, event } = this.#parts;
    const { scope, id, content } = event;
    return key !== undefined && gate.inspect({ scope, id, content }).verdict === "conflict";
  }

  #problem(code: Parameters<typeof problem>[0], parts: ProblemParts = {}): Response {
    const { documentation } = this.#parts.settings;
    return problem(code, { documentation, ...parts });
  }
}
