/**
 * What the tests of this package need of its inside. It is built beside the package, so that it is the
 * very same code, but not published.
 * @module
 */

export { ERROR_CODES } from "./errors.js";
export { KEY_LENGTH_MAX, parseKey, parseString } from "./http/header.js";
export { PROBLEM_CODES, problem } from "./http/problems.js";
export { canonical } from "./instance.js";
export { fullJitter } from "./outbox/backoff.js";
export { Network } from "./outbox/network.js";
export { encodeRecord } from "./outbox/record.js";
export { readRetryAfter } from "./outbox/retry-after.js";
export { storedIn } from "./outbox/stored.js";
export { nodeDisk } from "./stores/file/disk.js";
export { storeOn } from "./stores/file/store.js";
export { Copy } from "./stores/indexeddb/copy.js";
export { VERDICTS, Verdicts } from "./verdicts.js";
export { Core, Ids, initSync, Opening, Orderer, Revisor } from "./wasm/core.js";
