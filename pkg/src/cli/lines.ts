/**
 * Files and standard input as blocks of whole lines, unpacked where they are gzipped.
 * @module
 */

import { createReadStream } from "node:fs";
import { pipeline, Readable } from "node:stream";
import { createGunzip } from "node:zlib";

/** The name that stands for standard input. */
export const STDIN = "-";

const NEWLINE = 0x0a;
const GZIP_MAGIC = Buffer.from([0x1f, 0x8b]);
const CHUNK_BYTES = 256 * 1024;

/** How many lines are judged at once. */
const BLOCK_LINES_MAX = 1024;

/** A line of more bytes is not held in memory. */
export const LINE_BYTES_MAX = 64 * 1024 * 1024;

/** Some lines of one file, or one line that is too long to be held. */
export interface Block {
  /** The number of the first line, from 1. */
  readonly firstLine: number;
  readonly bytes: Buffer;
  /** Where each line starts, and where the last one ends. A line's newline belongs to it. */
  readonly bounds: readonly number[];
  /** Whether it is one line that was dropped because of its length. */
  readonly overlong: boolean;
}

async function* chunksOf(file: string): AsyncGenerator<Buffer> {
  const source: Readable =
    file === STDIN ? process.stdin : createReadStream(file, { highWaterMark: CHUNK_BYTES });
  for await (const chunk of source) {
    yield chunk;
  }
}

/** Unpacks what starts as gzip does. */
async function* unpacked(chunks: AsyncGenerator<Buffer>): AsyncGenerator<Buffer> {
  let start = Buffer.alloc(0);
  while (start.length < GZIP_MAGIC.length) {
    const { done, value } = await chunks.next();
    if (done === true) {
      break;
    }
    start = Buffer.concat([start, value]);
  }
  async function* all(): AsyncGenerator<Buffer> {
    yield start;
    yield* chunks;
  }
  if (!start.subarray(0, GZIP_MAGIC.length).equals(GZIP_MAGIC)) {
    yield* all();
    return;
  }
  const gunzip = createGunzip({ chunkSize: CHUNK_BYTES });
  // What fails in either ends the loop below with that error, so there is nothing left to do here.
  pipeline(Readable.from(all()), gunzip, () => {});
  for await (const chunk of gunzip) {
    yield chunk;
  }
}

function* split(bytes: Buffer, line: number): Generator<Block> {
  let bounds = [0];
  let firstLine = line;
  let start = 0;
  while (start < bytes.length) {
    const newline = bytes.indexOf(NEWLINE, start);
    start = newline === -1 ? bytes.length : newline + 1;
    bounds.push(start);
    if (bounds.length > BLOCK_LINES_MAX || start === bytes.length) {
      yield { firstLine, bytes, bounds, overlong: false };
      firstLine += bounds.length - 1;
      bounds = [start];
    }
  }
}

/** What has come of a line whose end has not come yet. */
class Remainder {
  #pieces: Buffer[] = [];
  #length = 0;
  overlong = false;

  hold(piece: Buffer): void {
    this.#length += piece.length;
    this.overlong ||= this.#length > LINE_BYTES_MAX;
    if (this.overlong) {
      this.#pieces = [];
    } else if (piece.length > 0) {
      this.#pieces.push(piece);
    }
  }

  /** Returns what is held with more bytes at its end, and holds nothing any more. */
  take(more: Buffer): Buffer {
    const bytes = this.#pieces.length === 0 ? more : Buffer.concat([...this.#pieces, more]);
    this.#pieces = [];
    this.#length = 0;
    this.overlong = false;
    return bytes;
  }
}

/** Yields the lines of a file, or of standard input, in blocks; it holds one chunk and one line. */
export async function* readBlocks(file: string): AsyncGenerator<Block> {
  const remainder = new Remainder();
  let line = 1;
  for await (const chunk of unpacked(chunksOf(file))) {
    let rest = chunk;
    if (remainder.overlong) {
      const newline = chunk.indexOf(NEWLINE);
      if (newline === -1) {
        continue;
      }
      remainder.take(chunk);
      yield overlongLine(line);
      line += 1;
      rest = chunk.subarray(newline + 1);
    }
    const end = rest.lastIndexOf(NEWLINE) + 1;
    if (end > 0) {
      for (const block of split(remainder.take(rest.subarray(0, end)), line)) {
        yield block;
        line = block.firstLine + block.bounds.length - 1;
      }
    }
    remainder.hold(rest.subarray(end));
  }
  if (remainder.overlong) {
    yield overlongLine(line);
  } else {
    yield* split(remainder.take(Buffer.alloc(0)), line);
  }
}

function overlongLine(firstLine: number): Block {
  return { firstLine, bytes: Buffer.from("\n"), bounds: [0, 1], overlong: true };
}
