/**
 * Work that is done one thing at a time.
 * @module
 */

/** Tasks, each of which starts when the one before has ended, however it ended. */
export class Queue {
  #last: Promise<unknown> = Promise.resolve();

  /** Adds a task and returns what it returns. */
  run<T>(task: () => Promise<T> | T): Promise<T> {
    const result = this.#last.then(task);
    this.#last = result.catch(() => {});
    return result;
  }
}
