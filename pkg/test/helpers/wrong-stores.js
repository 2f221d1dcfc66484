/**
 * A right store, and wrong ones: what is wrong with each, and the rules of the contract that find it.
 * @module
 */
import { OncewardError } from "onceward";

/** A right store, of whose parts each can be replaced by a wrong one. */
export class Plain {
  states = new Map();

  key(name) {
    return name;
  }

  copy(bytes) {
    return new Uint8Array(bytes);
  }

  out(bytes) {
    return new Uint8Array(bytes);
  }

  isExpected(state, expect) {
    return state.version === expect;
  }

  refuse() {
    throw new OncewardError("fenced", "another version is expected");
  }

  next(version) {
    return version + 1n;
  }

  state(name) {
    return this.states.get(this.key(name)) ?? { changes: [], version: 0n };
  }

  async write(name, expect, change) {
    const state = this.state(name);
    if (!this.isExpected(state, expect)) {
      this.refuse();
    }
    const version = this.next(state.version);
    this.states.set(this.key(name), { ...state, ...change(state), version });
    return version;
  }

  async load(name) {
    const { snapshot, changes, version } = this.state(name);
    return version === 0n
      ? undefined
      : {
          snapshot: snapshot && this.out(snapshot),
          changes: changes.map((bytes) => this.out(bytes)),
          version,
        };
  }

  append(name, bytes, expect) {
    const copy = this.copy(bytes);
    return this.write(name, expect, ({ changes }) => ({ changes: [...changes, copy] }));
  }

  replace(name, bytes, expect) {
    const copy = this.copy(bytes);
    return this.write(name, expect, () => ({ snapshot: copy, changes: [] }));
  }

  async release() {}

  async close() {}

  /** What there is after a restart. */
  reopened() {
    return Object.assign(new this.constructor(), { states: this.states });
  }
}

/** What is wrong, the rules that find it, and the store. */
export const PLANTED = [
  [
    "a name that is empty loads as an empty state",
    ["empty", "first"],
    class extends Plain {
      async load(name) {
        return (await super.load(name)) ?? { changes: [], version: 0n };
      }
    },
  ],
  [
    "the first write may expect anything",
    ["first"],
    class extends Plain {
      isExpected(state, expect) {
        return state.version === 0n || state.version === expect;
      }
    },
  ],
  [
    "nothing is fenced",
    ["first", "fenced", "race", "earlier", "reopened"],
    class extends Plain {
      isExpected() {
        return true;
      }
    },
  ],
  [
    "only what is older is fenced",
    ["first", "fenced"],
    class extends Plain {
      isExpected(state, expect) {
        return expect >= state.version;
      }
    },
  ],
  [
    "what is fenced has another code",
    ["first", "fenced", "race", "earlier"],
    class extends Plain {
      refuse() {
        throw new OncewardError("store", "another version is expected");
      }
    },
  ],
  [
    "what is fenced is written all the same",
    ["fenced"],
    class extends Plain {
      async write(name, expect, change) {
        const state = this.state(name);
        if (expect < state.version) {
          Object.assign(state, change(state));
        }
        return await super.write(name, expect, change);
      }
    },
  ],
  [
    "the version is looked at before the turn to write",
    ["race"],
    class extends Plain {
      async write(name, expect, change) {
        const state = this.state(name);
        if (!this.isExpected(state, expect)) {
          this.refuse();
        }
        await undefined;
        return await super.write(name, this.state(name).version, change);
      }
    },
  ],
  [
    "of a race the loser is told that it won",
    ["race", "fenced", "first"],
    class extends Plain {
      async write(name, expect, change) {
        return await super.write(name, expect, change).catch(() => expect + 1n);
      }
    },
  ],
  [
    "an append leaves the version as it is",
    ["versions", "alone", "order"],
    class extends Plain {
      async append(name, bytes, expect) {
        await super.append(name, bytes, expect);
        const state = this.state(name);
        state.version -= state.version > 1n ? 1n : 0n;
        return state.version;
      }
    },
  ],
  [
    "the version starts anew with a snapshot",
    ["versions", "replaced", "reopened"],
    class extends Plain {
      async replace(name, bytes, expect) {
        await super.replace(name, bytes, expect);
        this.state(name).version = 1n;
        return 1n;
      }
    },
  ],
  [
    "versions are numbers",
    ["versions", "fenced", "snapshot"],
    class extends Plain {
      async write(...args) {
        return Number(await super.write(...args));
      }
    },
  ],
  [
    "changes need a snapshot to be found",
    ["alone", "many"],
    class extends Plain {
      async load(name) {
        const state = await super.load(name);
        return state?.snapshot && state;
      }
    },
  ],
  [
    "changes come in the wrong order",
    ["order", "alone", "many", "reopened"],
    class extends Plain {
      async load(name) {
        const state = await super.load(name);
        state?.changes.reverse();
        return state;
      }
    },
  ],
  [
    "changes are run together",
    ["order"],
    class extends Plain {
      async load(name) {
        const state = await super.load(name);
        return state && { ...state, changes: [new Uint8Array(Buffer.concat(state.changes))] };
      }
    },
  ],
  [
    "an empty change is left out",
    ["order", "many"],
    class extends Plain {
      async load(name) {
        const state = await super.load(name);
        return state && { ...state, changes: state.changes.filter(({ length }) => length > 0) };
      }
    },
  ],
  [
    "bytes go through text",
    ["order", "snapshot"],
    class extends Plain {
      copy(bytes) {
        return new TextEncoder().encode(new TextDecoder().decode(bytes));
      }
    },
  ],
  [
    "what is longer than a mebibyte is cut",
    ["order", "snapshot", "large"],
    class extends Plain {
      copy(bytes) {
        return super.copy(bytes.subarray(0, 2 ** 20));
      }
    },
  ],
  [
    "a snapshot leaves the changes before it",
    ["replaced"],
    class extends Plain {
      replace(name, bytes, expect) {
        const copy = this.copy(bytes);
        return this.write(name, expect, () => ({ snapshot: copy }));
      }
    },
  ],
  [
    "names are not told apart by case",
    ["names"],
    class extends Plain {
      key(name) {
        return name.toLowerCase();
      }
    },
  ],
  [
    "names are normalised",
    ["names"],
    class extends Plain {
      key(name) {
        return name.normalize("NFC");
      }
    },
  ],
  [
    "long names are cut",
    ["names"],
    class extends Plain {
      key(name) {
        return name.slice(0, 255);
      }
    },
  ],
  [
    "names are looked up in an object",
    ["names"],
    class extends Plain {
      states = {
        object: {},
        get(name) {
          return this.object[name];
        },
        set(name, state) {
          this.object[name] = state;
        },
      };
    },
  ],
  [
    "the caller's bytes are kept",
    ["handedIn"],
    class extends Plain {
      copy(bytes) {
        return bytes;
      }
    },
  ],
  [
    "what is taken for a copy is a view",
    ["handedIn"],
    class extends Plain {
      copy(bytes) {
        return bytes.slice();
      }
    },
  ],
  [
    "the bytes that are kept are handed out",
    ["handedOut"],
    class extends Plain {
      out(bytes) {
        return bytes;
      }
    },
  ],
  [
    "of a view the whole buffer is kept",
    ["view"],
    class extends Plain {
      copy(bytes) {
        return new Uint8Array(bytes.buffer.slice());
      }
    },
  ],
  [
    "appends are not there after a restart",
    ["alone", "reopened", "many"],
    class extends Plain {
      reopened() {
        const next = super.reopened();
        next.states = new Map(
          [...this.states].map(([name, state]) => [name, { ...state, changes: [] }]),
        );
        return next;
      }
    },
  ],
  [
    "nothing is there after a restart",
    ["alone", "view", "reopened", "many", "large"],
    class extends Plain {
      reopened() {
        return new this.constructor();
      }
    },
  ],
  [
    "versions start anew after a restart",
    ["reopened"],
    class extends Plain {
      reopened() {
        const next = super.reopened();
        for (const state of next.states.values()) {
          state.version = 1n;
        }
        return next;
      }
    },
  ],
  [
    "to release a name is to forget it",
    ["released"],
    class extends Plain {
      async release(name) {
        this.states.delete(this.key(name));
      }
    },
  ],
  [
    "after close everything is refused",
    ["closed"],
    class extends Plain {
      async close() {
        this.load = () => Promise.reject(new OncewardError("closed", "the store is closed"));
      }
    },
  ],
];
