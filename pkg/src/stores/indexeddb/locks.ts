/**
 * The lock of the one writer: exclusive in the whole origin, and free when its tab is gone.
 * @module
 */

/** The part of `navigator.locks` that is needed. */
export interface Locks {
  request(
    name: string,
    options: { readonly signal?: AbortSignal; readonly ifAvailable?: boolean },
    granted: (lock: unknown) => Promise<void> | undefined,
  ): Promise<unknown>;
}

/** A lock that is held. */
export interface Held {
  /** Gives it back; resolves when others can have it. */
  release(): Promise<void>;
}

/** How to ask for a lock. */
export interface Asking {
  readonly name: string;
  /** Stops asking. Not together with `onlyNow`. */
  readonly signal?: AbortSignal;
  /** Whether not to wait at all. */
  readonly onlyNow?: boolean;
  /** Called when someone took the lock away. */
  readonly stolen: () => void;
}

/** Asks for the lock; undefined when it was to be had only now, and is not. */
export function acquire(locks: Locks, asking: Asking): Promise<Held | undefined> {
  const { name, signal, onlyNow = false, stolen } = asking;
  return new Promise((resolve, reject) => {
    let giveBack: (() => void) | undefined;
    const options = signal === undefined ? { ifAvailable: onlyNow } : { signal };
    const over = locks.request(name, options, (lock) => {
      if (lock === null) {
        resolve(undefined);
        return;
      }
      return new Promise<void>((end) => {
        giveBack = end;
        resolve({
          release: async () => {
            giveBack = undefined;
            end();
            // Someone may have taken it in the meantime; then it is given back all the same.
            await over.catch(() => {});
          },
        });
      });
    });
    over.catch((error: unknown) => {
      if (giveBack !== undefined) {
        stolen();
      }
      // Without effect when the lock had been granted.
      reject(error);
    });
  });
}
