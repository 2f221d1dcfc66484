/**
 * A feed of changes that repeats itself and shuffles, as a server's would that delivers at least once.
 * @module
 */

/** How many changes before the cursor come once more. */
const REPEATED = 10;

export class Feed {
  #log = [];
  #revisions = new Map();
  #random;

  /** @param random returns numbers from 0 to 1, as Math.random does. */
  constructor(random = Math.random) {
    this.#random = random;
  }

  /** Writes a note; without a text it is deleted. */
  write(id, text) {
    const revision = (this.#revisions.get(id) ?? 0) + 1;
    this.#revisions.set(id, revision);
    this.#log.push({ id, revision, text });
  }

  /** Returns all changes since a cursor, and some that came before it, in any order. */
  since(cursor) {
    const changes = this.#log.slice(Math.max(0, cursor - REPEATED));
    for (let index = changes.length - 1; index > 0; index -= 1) {
      const other = Math.floor(this.#random() * (index + 1));
      [changes[index], changes[other]] = [changes[other], changes[index]];
    }
    return { changes, cursor: this.#log.length };
  }
}
