/**
 * An object inside the compiled core, and the instance that it lives in.
 * @module
 */

import { OncewardError } from "./errors.js";
import { instance, translate } from "./instance.js";

/** Calls one object of the core. After a trap its instance is dead, and so is the object. */
export class Handle<T> {
  readonly #instance = instance();
  readonly #object: T;

  constructor(make: () => T) {
    this.#object = this.#try(make);
  }

  /** Whether a trap has killed the instance. */
  get isDead(): boolean {
    return this.#instance.dead;
  }

  /** Calls the object; what is thrown in there is thrown here as the caller should see it. */
  call<Result>(use: (object: T) => Result): Result {
    if (this.#instance.dead) {
      throw new OncewardError("internal", "the core failed earlier; make a new one");
    }
    return this.#try(() => use(this.#object));
  }

  #try<Result>(call: () => Result): Result {
    try {
      return call();
    } catch (thrown) {
      throw translate(thrown, this.#instance);
    }
  }
}
