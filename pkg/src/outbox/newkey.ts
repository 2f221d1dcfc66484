/**
 * Keys for submissions: UUIDs of version 7 (RFC 9562, section 5.7).
 *
 * `newId` makes such ids, too, in WebAssembly, which is ten times as large as an outbox. A page that
 * only sends does without it; and keys need not increase, since items have numbers.
 * @module
 */

const BYTES = 16;
const TIME_BYTES = 6;

/** Returns a new key, which begins with the time in milliseconds since 1970. */
export function newKey(now: number): string {
  const bytes = crypto.getRandomValues(new Uint8Array(BYTES));
  const view = new DataView(bytes.buffer);
  const random = view.getUint16(TIME_BYTES);
  view.setBigUint64(0, (BigInt(Math.floor(now)) << 16n) | BigInt(0x7000 | (random & 0x0fff)));
  view.setUint8(8, 0x80 | (view.getUint8(8) & 0x3f));
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}
