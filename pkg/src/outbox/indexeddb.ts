/**
 * The items of outboxes in the browser's IndexedDB.
 * @module
 */

export {};
