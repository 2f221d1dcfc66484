/**
 * Says what is wrong, counts what was looked at, and sums up the bytes that all runtimes must share.
 * @module
 */

const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;

/** A text that tells values apart, big integers and bytes included. */
function shown(value) {
  return JSON.stringify(value, (_, each) => {
    if (typeof each === "bigint") {
      return `${each}n`;
    }
    return each instanceof Uint8Array ? { bytes: [...each] } : each;
  });
}

/** Where the suite is, and what it has seen. */
export class Witness {
  part = "opening";
  count = 0;
  #sum = FNV_OFFSET;

  /** Asserts that two values are the same. */
  is(actual, expected, what) {
    this.count += 1;
    const [left, right] = [shown(actual), shown(expected)];
    if (left !== right) {
      throw new Error(`${this.part}: ${what}: ${left}, and should be ${right}`);
    }
  }

  /** Asserts what a gate says of events: `judges(gate, event, verdict, event, verdict, …)`. */
  judges(gate, ...pairs) {
    for (let index = 0; index < pairs.length; index += 2) {
      const [event, verdict] = pairs.slice(index, index + 2);
      this.is(gate.check(event), verdict, shown(event));
    }
  }

  /** Asserts that a call throws, or rejects with, an error of the package with that code. */
  async fails({ isOncewardError }, code, call) {
    let thrown;
    try {
      await call();
    } catch (error) {
      thrown = error;
    }
    this.is([isOncewardError(thrown), thrown?.code], [true, code], "the error");
    return thrown;
  }

  /** Adds bytes to the digest (FNV-1a, which is a few lines everywhere). */
  sum(bytes) {
    for (const byte of bytes) {
      this.#sum = Math.imul(this.#sum ^ byte, FNV_PRIME);
    }
  }

  /** The digest of all bytes so far, in hexadecimal. */
  get digest() {
    return (this.#sum >>> 0).toString(16).padStart(8, "0");
  }
}
