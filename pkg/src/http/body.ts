/**
 * Reading a body into memory, up to a limit.
 * @module
 */

import { isBytes } from "../event.js";

/** A body of which all, or more than the limit, was read. */
export interface ReadBody {
  readonly chunks: readonly Uint8Array[];
  readonly length: number;
  /** What goes on where the limit was passed; undefined when all of it was read. */
  readonly rest: ReadableStreamDefaultReader<Uint8Array> | undefined;
}

/** Reads a stream until it ends, or more than so many bytes have come. */
export async function readStream(
  stream: ReadableStream<Uint8Array> | null,
  maxBytes: number,
): Promise<ReadBody> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  if (stream === null) {
    return { chunks, length, rest: undefined };
  }
  const reader = stream.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) {
      return { chunks, length, rest: undefined };
    }
    if (!isBytes(value)) {
      throw new TypeError("a body must be made of Uint8Arrays");
    }
    chunks.push(value);
    length += value.length;
    if (length > maxBytes) {
      return { chunks, length, rest: reader };
    }
  }
}

/** Puts the pieces of a body together, in an array of its own. */
export function joined({ chunks, length }: ReadBody): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length);
  let offset = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, offset);
    offset += chunk.length;
  }
  return bytes;
}

/** Streams what was read, and then what is still to come. */
export function resumed({ chunks, rest }: ReadBody): ReadableStream<Uint8Array> {
  const waiting = [...chunks];
  return new ReadableStream({
    async pull(controller) {
      const chunk = waiting.shift();
      if (chunk !== undefined) {
        controller.enqueue(chunk);
        return;
      }
      const next = await rest?.read();
      if (next === undefined || next.done) {
        controller.close();
        return;
      }
      controller.enqueue(next.value);
    },
    async cancel(reason) {
      await rest?.cancel(reason);
    },
  });
}
