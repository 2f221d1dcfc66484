/**
 * Which revision an update asks for, as its preconditions say (RFC 9110, 13.1).
 * @module
 */

/** One strong entity tag that is a whole number, as `"7"`. */
const REVISION_TAG = /^"(0|[1-9]\d{0,127})"$/;

/** What was read of the preconditions of a request. */
export type Precondition =
  | { readonly kind: "missing" | "invalid" }
  | {
      readonly kind: "revision";
      /** The revision that the update will be. */
      readonly revision: bigint;
    };

/**
 * Reads the preconditions of an update.
 *
 * `If-Match: "7"` is based on revision 7, and so asks to be revision 8. `If-None-Match: *` asks to
 * be the first one. `*` in If-Match names no revision, a weak tag never matches, and of several
 * tags nobody could say which revision comes next: they are invalid here.
 */
export function readPrecondition(headers: Headers, first: bigint): Precondition {
  const match = headers.get("if-match");
  if (match !== null) {
    const [, digits] = REVISION_TAG.exec(match.trim()) ?? [];
    return digits === undefined
      ? { kind: "invalid" }
      : { kind: "revision", revision: BigInt(digits) + 1n };
  }
  const none = headers.get("if-none-match");
  if (none === null) {
    return { kind: "missing" };
  }
  return none.trim() === "*" ? { kind: "revision", revision: first } : { kind: "invalid" };
}

/** Writes a revision as an entity tag. */
export function revisionTag(revision: bigint | string): string {
  return `"${revision}"`;
}
