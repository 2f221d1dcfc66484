/**
 * What the tests of this package need of its inside. It is built beside the package, so that it is the
 * very same code, but not published.
 * @module
 */

export { ERROR_CODES } from "./errors.js";
export { canonical } from "./instance.js";
export { nodeDisk } from "./stores/file/disk.js";
export { storeOn } from "./stores/file/store.js";
export { Copy } from "./stores/indexeddb/copy.js";
export { VERDICTS, Verdicts } from "./verdicts.js";
export { Core, initSync, Opening } from "./wasm/core.js";
