/**
 * Sends requests until they are answered, each under a key of its own: the client's half of acting
 * once.
 * @module
 */

export type { EnqueueOptions } from "./outbox/enqueueing.js";
export type { OutboxEvent } from "./outbox/events.js";
export type { Draft, Item, Reason, State, StoredAnswer, StoredRequest } from "./outbox/item.js";
export type { Counts } from "./outbox/mirror.js";
export type { OutboxOptions, Timers } from "./outbox/options.js";
export { Outbox } from "./outbox/outbox.js";
export type { Decision } from "./outbox/policy.js";
export { sendOnSync } from "./outbox/service.js";
export type {
  Added,
  BodyOf,
  Change,
  GiveBack,
  Items,
  News,
  OutboxStorage,
  Removal,
} from "./outbox/storage.js";
export type { Answer, Cancellation, SubmissionView } from "./outbox/submission.js";
export { Submission } from "./outbox/submission.js";
export { type SyncEventLike, syncTag } from "./outbox/sync.js";
