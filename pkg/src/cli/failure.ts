/**
 * The ways in which the command ends early, or goes on without a line.
 * @module
 */

/** The command was called wrongly. */
export class UsageError extends Error {}

/** The command cannot go on. */
export class FatalError extends Error {}

/** A line that cannot be judged; the message is the reason. */
export class BrokenLine extends Error {}

/** Whatever was thrown, as text. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
