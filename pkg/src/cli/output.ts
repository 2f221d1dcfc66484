/**
 * Standard output and error: no faster than their reader takes what is written.
 * @module
 */

import type { Writable } from "node:stream";

/** The reader has gone; there is nothing more to do. */
export class ReaderGone extends Error {}

/** Bytes on their way to a stream. */
export class Output {
  readonly #stream: Writable;

  constructor(stream: Writable) {
    this.#stream = stream;
    // The error also comes with the write that failed; without a listener it would end the process.
    stream.on("error", () => {});
  }

  /**
   * Writes pieces and waits until they are taken.
   *
   * @throws {ReaderGone} When nobody reads any more.
   */
  async write(pieces: readonly Uint8Array[]): Promise<void> {
    if (pieces.length === 0) {
      return;
    }
    const [first] = pieces;
    const bytes = first !== undefined && pieces.length === 1 ? first : Buffer.concat(pieces);
    await new Promise<void>((resolve, reject) => {
      this.#stream.write(bytes, (error) => (error ? reject(goneOr(error)) : resolve()));
    });
  }
}

function goneOr(error: Error): Error {
  const code: unknown = Reflect.get(error, "code");
  return code === "EPIPE" || code === "ERR_STREAM_DESTROYED" ? new ReaderGone() : error;
}
