/**
 * What a release consists of, as the build wrote it down.
 * @module
 */

/** A list of files, and of which two the newer is. */
export interface Release {
  /** A later release has a greater one. */
  readonly revision: number;
  /** Each file's path, and a digest of its bytes. */
  readonly files: Readonly<Record<string, string>>;
}

/** Reads a list; undefined when it is none. */
export function readRelease(value: unknown): Release | undefined {
  const { revision, files } = Object(value) as Partial<Record<keyof Release, unknown>>;
  const isWhole =
    Number.isSafeInteger(revision) &&
    typeof files === "object" &&
    files !== null &&
    Object.values(files).every((digest) => typeof digest === "string");
  return isWhole ? (value as Release) : undefined;
}
