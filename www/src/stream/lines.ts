/**
 * Lines of a file, as many at a time as are good to judge.
 * @module
 */

/** Some lines that follow each other. */
export interface LineBatch {
  /** The number of the first one, from 1. */
  readonly first: number;
  readonly lines: readonly string[];
  /** Up to where the file was read, in bytes. */
  readonly bytes: number;
}

/** What stands for a line that is not UTF-8, and so no JSON. */
export const UNREADABLE = "\uFFFD";

/** How many lines at most are handed out at once. */
const LINES_MAX = 4096;

const NEWLINE = 10;

function join(one: Uint8Array, other: Uint8Array): Uint8Array {
  if (one.length === 0) {
    return other;
  }
  const both = new Uint8Array(one.length + other.length);
  both.set(one);
  both.set(other, one.length);
  return both;
}

/** Decodes strictly, so that what is written again is what was read. */
function decode(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

function splitBytes(bytes: Uint8Array): string[] {
  const lines: string[] = [];
  for (let start = 0; start <= bytes.length; ) {
    const found = bytes.indexOf(NEWLINE, start);
    const end = found < 0 ? bytes.length : found;
    lines.push(decode(bytes.subarray(start, end)) ?? UNREADABLE);
    start = end + 1;
  }
  return lines;
}

/** Yields the lines of a file. */
export async function* readLines(file: Blob): AsyncGenerator<LineBatch> {
  const reader = file.stream().getReader();
  let rest: Uint8Array = new Uint8Array();
  let number = 1;
  let read = 0;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      const bytes = value === undefined ? rest : join(rest, value);
      read += value?.length ?? 0;
      const end = done ? bytes.length : bytes.lastIndexOf(NEWLINE);
      if (end > 0 || (done && bytes.length > 0)) {
        const whole = bytes.subarray(0, end);
        const lines = decode(whole)?.split("\n") ?? splitBytes(whole);
        for (let start = 0; start < lines.length; start += LINES_MAX) {
          const part = lines.slice(start, start + LINES_MAX);
          yield { first: number, lines: part, bytes: read };
          number += part.length;
        }
      }
      if (done) {
        return;
      }
      rest = end < 0 ? bytes : bytes.slice(end + 1);
      // A line break right at the beginning ends an empty line.
      number += end === 0 ? 1 : 0;
    }
  } finally {
    await reader.cancel();
  }
}
