/**
 * What goes wrong with transactions in the browser, or is noted of them, at the will of a test.
 * @module
 */

const durabilitiesSeen = [];

/** Which durability the transactions from now on ask for. */
export function watchDurability() {
  const { transaction } = IDBDatabase.prototype;
  IDBDatabase.prototype.transaction = function (...args) {
    const made = transaction.apply(this, args);
    durabilitiesSeen.push(`${made.mode} ${made.durability}`);
    return made;
  };
}

/** What was noted. */
export function durabilities() {
  return durabilitiesSeen;
}

/** Has the next transactions fail at once, as on a connection that the browser has lost. */
export function failTransactions(times, errorName = "InvalidStateError") {
  const { transaction } = IDBDatabase.prototype;
  let left = times;
  IDBDatabase.prototype.transaction = function (...args) {
    if (left > 0) {
      left -= 1;
      throw new DOMException("lost by the test", errorName);
    }
    return transaction.apply(this, args);
  };
}

/** Aborts the next transactions that write, or lets them complete and says that they did not. */
export function loseTransactions(times, { afterwards = false } = {}) {
  const { transaction } = IDBDatabase.prototype;
  let left = times;
  IDBDatabase.prototype.transaction = function (...args) {
    const made = transaction.apply(this, args);
    if (left > 0 && args[1] === "readwrite") {
      left -= 1;
      if (afterwards) {
        // Hide what happened: an abort is told of in the place of the completion.
        made.addEventListener("complete", (event) => {
          event.stopImmediatePropagation();
          made.dispatchEvent(new Event("abort"));
        });
      } else {
        queueMicrotask(() => made.abort());
      }
    }
    return made;
  };
}
