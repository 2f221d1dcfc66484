/**
 * Taking turns within a transaction of the user's own.
 *
 * To join a record is to ask for the version, and then to put the record. Requests are answered in the
 * order in which they are made, so two that ask at once would find the same version.
 * @module
 */

/** Makes requests, and calls `end` when it has made the last one. */
type Task = (end: () => void) => void;

const lines = new WeakMap<IDBTransaction, Line>();

/**
 * Starts a task when the one before it in the same transaction has ended.
 *
 * @throws what the task throws when it is the first, and so is started at once.
 */
export function inTurn(transaction: IDBTransaction, task: Task): void {
  const line = lines.get(transaction) ?? new Line(transaction);
  lines.set(transaction, line);
  line.add(task);
}

/** The tasks of one transaction. */
class Line {
  readonly #transaction: IDBTransaction;
  readonly #tasks: Task[] = [];
  #isCommitAsked = false;

  constructor(transaction: IDBTransaction) {
    this.#transaction = transaction;
  }

  add(task: Task): void {
    this.#tasks.push(task);
    if (this.#tasks.length > 1) {
      return;
    }
    this.#holdCommit();
    try {
      this.#start();
    } catch (error) {
      // Nothing can be asked for just now. Later that may be otherwise.
      this.#end();
      throw error;
    }
  }

  #start(): void {
    this.#tasks[0]?.(() => this.#end());
  }

  #end(): void {
    this.#tasks.shift();
    if (this.#tasks.length > 0) {
      this.#start();
    } else {
      this.#letCommit();
    }
  }

  /** `commit` would not wait for what is put once a request is answered: it is put off till then. */
  #holdCommit(): void {
    const value = (): void => {
      this.#isCommitAsked = true;
    };
    Object.defineProperty(this.#transaction, "commit", { value, configurable: true });
  }

  #letCommit(): void {
    Reflect.deleteProperty(this.#transaction, "commit");
    if (this.#isCommitAsked) {
      this.#isCommitAsked = false;
      this.#transaction.commit();
    }
  }
}
