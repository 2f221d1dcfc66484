/**
 * Updates that are checked before they are applied: each once, and only forwards.
 * @module
 */

export { type RevisedOptions, type RevisionOf, revised } from "./revisions/revised.js";
export { updateEvent } from "./revisions/update.js";
