/**
 * Idempotency-Key for handlers of requests: acts once, and answers every retry with the first answer.
 * @module
 */

export { idempotencyKey } from "./http/header.js";
export { Idempotency, InDoubt, idempotencyOf } from "./http/idempotency.js";
export { type Handler, idempotent } from "./http/idempotent.js";
export { keepOpen } from "./http/keepopen.js";
export type { Awaitable, IdempotentOptions } from "./http/options.js";
export { type AnswerChoice, defaultPolicy } from "./http/policy.js";
export { type ProblemCode, problemType } from "./http/problems.js";
export { keptAnswer } from "./http/response.js";
export { keyEvent, type Scope, type Target } from "./http/scope.js";
