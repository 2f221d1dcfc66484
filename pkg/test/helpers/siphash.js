/**
 * SipHash-1-3 with 128 bits: what guards the first bytes of a state.
 * @module
 */

const MASK = (1n << 64n) - 1n;

const rotl = (word, by) => ((word << by) | (word >> (64n - by))) & MASK;

function round([a, b, c, d]) {
  let v0 = (a + b) & MASK;
  let v1 = rotl(b, 13n) ^ v0;
  v0 = rotl(v0, 32n);
  let v2 = (c + d) & MASK;
  let v3 = rotl(d, 16n) ^ v2;
  v0 = (v0 + v3) & MASK;
  v3 = rotl(v3, 21n) ^ v0;
  v2 = (v2 + v1) & MASK;
  v1 = rotl(v1, 17n) ^ v2;
  v2 = rotl(v2, 32n);
  return [v0, v1, v2, v3];
}

/** Returns the first 64 bits. */
export function siphash(key, bytes) {
  const keys = new DataView(key.buffer, key.byteOffset, 16);
  const [k0, k1] = [keys.getBigUint64(0, true), keys.getBigUint64(8, true)];
  let state = [
    k0 ^ 0x736f6d6570736575n,
    k1 ^ 0x646f72616e646f6dn ^ 0xeen,
    k0 ^ 0x6c7967656e657261n,
    k1 ^ 0x7465646279746573n,
  ];
  const padded = new Uint8Array((Math.floor(bytes.length / 8) + 1) * 8);
  padded.set(bytes);
  padded[padded.length - 1] = bytes.length;
  const words = new DataView(padded.buffer);
  for (let at = 0; at < padded.length; at += 8) {
    const word = words.getBigUint64(at, true);
    const [v0, v1, v2, v3] = state;
    const [w0, w1, w2, w3] = round([v0, v1, v2, v3 ^ word]);
    state = [w0 ^ word, w1, w2, w3];
  }
  const [v0, v1, v2, v3] = state;
  state = round(round(round([v0, v1, v2 ^ 0xeen, v3])));
  return state.reduce((hash, word) => hash ^ word, 0n);
}
