/**
 * The cases of the contract: one rule each.
 * @module
 */

import { breach, refusesAsFenced, type StoreUnderTest, Subject } from "./subject.js";

const MEBIBYTE = 1024 * 1024;
const RACES = 5;

/** Names that a careless store confuses with each other, or with something of its own. */
const AWKWARD_NAMES = [
  ...["", " ", ".", "..", "/", "a/b", "a\\b", "a%2fb", "a", "A", "a ", "a.b", "a:b", "a\0b"],
  ...["u\u0308", "\u00fc", "\u{1f511}", "con", "CON", "nul", "*", "-", "--help", "null"],
  ...["__proto__", "constructor", "toString", "0", "00", "1", "n".repeat(500), "n".repeat(501)],
  ...["N".repeat(500), "\u00fc".repeat(500)],
];

/** Returns bytes that differ from the ones of every other seed, and hold all values. */
function bytesOf(length: number, seed = 0): Uint8Array {
  const bytes = new Uint8Array(length);
  let state = Math.imul(seed + 1, 0x9e3779b1);
  for (let index = 0; index < length; index += 1) {
    state = Math.imul(state, 1664525) + 1013904223;
    bytes[index] = state >>> 24;
  }
  return bytes;
}

/** A Uint8Array whose `slice` is a view, as that of a Buffer in Node.js is. */
class Pooled extends Uint8Array {
  override slice(start?: number, end?: number): ReturnType<Uint8Array["slice"]> {
    return this.subarray(start, end);
  }
}

async function startsEmpty({ store }: StoreUnderTest): Promise<void> {
  const subject = new Subject(store);
  await subject.holdsNothing();
  await subject.holdsNothing();
}

async function firstExpectsZero({ store }: StoreUnderTest): Promise<void> {
  const subject = new Subject(store);
  await subject.holdsNothing();
  await subject.refuses(1n);
  await subject.refuses(2n ** 48n);
  await subject.holdsNothing();
  await subject.append(bytesOf(10));
  const other = new Subject(store, "other");
  await other.holdsNothing();
  await other.replace(bytesOf(10));
}

async function keepsChangesAlone(under: StoreUnderTest): Promise<void> {
  const subject = new Subject(under.store);
  await subject.holdsNothing();
  const changes = [bytesOf(10, 1), bytesOf(20, 2)];
  for (const bytes of changes) {
    await subject.append(bytes);
  }
  await subject.holds({ changes });
  await subject.reopen(under);
  await subject.holds({ changes });
}

async function keepsSnapshots({ store }: StoreUnderTest): Promise<void> {
  const subject = new Subject(store);
  await subject.load();
  for (const snapshot of [bytesOf(1000, 1), Uint8Array.of(0), bytesOf(MEBIBYTE + 1, 2)]) {
    await subject.replace(snapshot);
    await subject.holds({ snapshot });
  }
}

async function keepsChangesInOrder({ store }: StoreUnderTest): Promise<void> {
  const subject = new Subject(store);
  const snapshot = bytesOf(100);
  await subject.load();
  await subject.replace(snapshot);
  const all = Uint8Array.from({ length: 256 }, (_, value) => value);
  const changes = [
    ...[bytesOf(2, 1), new Uint8Array(0), Uint8Array.of(0), all, all, Uint8Array.of(255)],
    ...[bytesOf(MEBIBYTE + 1, 2), new Uint8Array(0), new Uint8Array(500), bytesOf(3, 3)],
  ];
  for (const bytes of changes) {
    await subject.append(bytes);
  }
  await subject.holds({ snapshot, changes });
}

async function replacesAll({ store }: StoreUnderTest): Promise<void> {
  const subject = new Subject(store);
  await subject.load();
  await subject.append(bytesOf(10, 1));
  for (const seed of [2, 3, 4]) {
    const snapshot = bytesOf(100, seed);
    const changes = [bytesOf(10, seed), bytesOf(11, seed)];
    await subject.replace(snapshot);
    for (const bytes of changes) {
      await subject.append(bytes);
    }
    await subject.holds({ snapshot, changes });
  }
}

/** Every write and load asserts that versions rise; here each kind follows each. */
async function raisesVersions({ store }: StoreUnderTest): Promise<void> {
  const subject = new Subject(store);
  await subject.load();
  for (const kind of "aarrarraaar") {
    await (kind === "a" ? subject.append(bytesOf(5)) : subject.replace(bytesOf(5)));
  }
  await subject.load();
  await subject.append(bytesOf(5));
}

async function fencesOthers({ store }: StoreUnderTest): Promise<void> {
  const subject = new Subject(store);
  const older = [0n];
  await subject.load();
  const snapshot = bytesOf(100);
  const changes = [bytesOf(10, 1), bytesOf(10, 2)];
  await subject.replace(snapshot);
  for (const bytes of changes) {
    older.push(subject.version);
    await subject.append(bytes);
  }
  for (const expect of [...older, subject.version + 1n, subject.version + 2n ** 48n]) {
    await subject.refuses(expect);
  }
  await subject.holds({ snapshot, changes });
  changes.push(bytesOf(10, 3));
  await subject.append(bytesOf(10, 3));
  await subject.holds({ snapshot, changes });
}

async function letsOneWin({ store }: StoreUnderTest): Promise<void> {
  const subject = new Subject(store);
  const { name } = subject;
  await subject.load();
  let expected: { snapshot?: Uint8Array; changes: Uint8Array[] } = { changes: [] };
  for (let race = 0; race < RACES; race += 1) {
    const expect = subject.version;
    const bytes = [0, 1, 2, 3].map((writer) => bytesOf(20 + writer, race * 4 + writer));
    // Each race has another one first, so that a replace gets its turn as well.
    const isReplace = bytes.map((_, writer) => (writer + race) % 4 === 2);
    const outcomes = await Promise.allSettled(
      bytes.map((own, writer) =>
        isReplace[writer] ? store.replace(name, own, expect) : store.append(name, own, expect),
      ),
    );
    const winners = outcomes.flatMap(({ status }, writer) =>
      status === "fulfilled" ? [writer] : [],
    );
    const [winner = -1] = winners;
    const own = bytes[winner];
    if (own === undefined || winners.length !== 1) {
      breach(`of ${bytes.length} racing writers one must win, and ${winners.length} did`);
    }
    for (const outcome of outcomes.filter(({ status }) => status === "rejected")) {
      await refusesAsFenced("the write of a writer that lost a race", async () => {
        throw (outcome as PromiseRejectedResult).reason;
      });
    }
    expected = isReplace[winner]
      ? { snapshot: own, changes: [] }
      : { ...expected, changes: [...expected.changes, own] };
    await subject.holds(expected);
  }
}

async function keepsNamesApart(under: StoreUnderTest): Promise<void> {
  const subjects = AWKWARD_NAMES.map((name) => new Subject(under.store, name));
  const states = subjects.map((_, index) => ({
    snapshot: bytesOf(30, index),
    changes: [bytesOf(5, index)],
  }));
  for (const [index, subject] of subjects.entries()) {
    await subject.holdsNothing();
    await subject.replace(states[index]?.snapshot ?? bytesOf(0));
  }
  for (const [index, subject] of subjects.entries()) {
    await subject.append(states[index]?.changes[0] ?? bytesOf(0));
  }
  for (const [index, subject] of subjects.entries()) {
    await subject.holds(states[index] ?? {});
  }
}

async function copiesWhatComesIn({ store }: StoreUnderTest): Promise<void> {
  const subject = new Subject(store);
  await subject.load();
  const snapshot = new Pooled(bytesOf(50, 1));
  const changes = new Pooled(bytesOf(50, 2));
  await subject.replace(snapshot);
  await subject.append(changes);
  snapshot.fill(0);
  changes.fill(0);
  await subject.holds({ snapshot: bytesOf(50, 1), changes: [bytesOf(50, 2)] });
}

async function copiesWhatGoesOut({ store }: StoreUnderTest): Promise<void> {
  const subject = new Subject(store);
  await subject.load();
  await subject.replace(bytesOf(50, 1));
  await subject.append(bytesOf(50, 2));
  const state = await subject.load();
  state?.snapshot?.fill(0);
  state?.changes.forEach((bytes) => {
    bytes.fill(0);
  });
  await subject.holds({ snapshot: bytesOf(50, 1), changes: [bytesOf(50, 2)] });
}

async function keepsOnlyTheView(under: StoreUnderTest): Promise<void> {
  const subject = new Subject(under.store);
  await subject.load();
  const snapshot = bytesOf(1000, 1).subarray(100, 200);
  const changes = [bytesOf(1000, 2).subarray(500), bytesOf(1000, 3).subarray(0, 1)];
  await subject.replace(snapshot);
  for (const bytes of changes) {
    await subject.append(bytes);
  }
  await subject.holds({ snapshot, changes });
  await subject.reopen(under);
  await subject.holds({ snapshot, changes });
}

async function survivesReopening(under: StoreUnderTest): Promise<void> {
  const subject = new Subject(under.store);
  const snapshot = bytesOf(100);
  await subject.load();
  await subject.append(bytesOf(10));
  const older = subject.version;
  await subject.replace(snapshot);
  await subject.reopen(under);
  await subject.holds({ snapshot });
  const changes: Uint8Array[] = [];
  for (const seed of [1, 2, 3]) {
    changes.push(bytesOf(10, seed));
    await subject.append(bytesOf(10, seed));
    await subject.reopen(under);
    await subject.holds({ snapshot, changes });
  }
  await subject.refuses(older);
  await subject.holds({ snapshot, changes });
}

async function survivesManyAppends(under: StoreUnderTest): Promise<void> {
  const subject = new Subject(under.store);
  await subject.load();
  const changes = Array.from({ length: 300 }, (_, index) => bytesOf(index % 7, index));
  for (const bytes of changes) {
    await subject.append(bytes);
  }
  await subject.reopen(under);
  await subject.holds({ changes });
}

async function survivesLargeSnapshot(under: StoreUnderTest): Promise<void> {
  const subject = new Subject(under.store);
  const changes = [bytesOf(10, 1)];
  await subject.load();
  for (const seed of [2, 3]) {
    const snapshot = bytesOf(5 * MEBIBYTE, seed);
    await subject.replace(snapshot);
    await subject.append(bytesOf(10, 1));
    await subject.reopen(under);
    await subject.holds({ snapshot, changes });
  }
}

/** A load alone may or may not fence the caller of an earlier one; a write does. */
async function fencesEarlierLoaders({ store }: StoreUnderTest): Promise<void> {
  const earlier = new Subject(store);
  await earlier.load();
  await earlier.replace(bytesOf(100));
  const later = new Subject(store);
  await later.load();
  await later.append(bytesOf(10, 1));
  await earlier.refuses(earlier.version);
  await later.append(bytesOf(10, 2));
  await earlier.refuses(earlier.version);
  await later.holds({ snapshot: bytesOf(100), changes: [bytesOf(10, 1), bytesOf(10, 2)] });
}

async function releasesOneName({ store }: StoreUnderTest): Promise<void> {
  const [one, other] = [new Subject(store, "one"), new Subject(store, "other")];
  for (const subject of [one, other]) {
    await subject.load();
    await subject.replace(bytesOf(100));
  }
  await one.release();
  await one.release();
  await other.append(bytesOf(10, 1));
  await one.holds({ snapshot: bytesOf(100) });
  await one.append(bytesOf(10, 2));
  await one.holds({ snapshot: bytesOf(100), changes: [bytesOf(10, 2)] });
  await other.holds({ snapshot: bytesOf(100), changes: [bytesOf(10, 1)] });
  await new Subject(store, "never loaded").release();
}

async function opensAnewAfterClose({ store }: StoreUnderTest): Promise<void> {
  const subject = new Subject(store);
  await subject.load();
  await subject.replace(bytesOf(100));
  await store.close?.();
  await store.close?.();
  await subject.holds({ snapshot: bytesOf(100) });
  await subject.append(bytesOf(10));
  await subject.holds({ snapshot: bytesOf(100), changes: [bytesOf(10)] });
}

/** Every rule, with the check of it. */
export const CASES: readonly (readonly [
  name: string,
  check: (under: StoreUnderTest) => Promise<void>,
])[] = [
  ["a name under which nothing was written loads as undefined", startsEmpty],
  ["the first write expects 0n, and any other expectation is fenced", firstExpectsZero],
  ["changes are kept also where there is no snapshot", keepsChangesAlone],
  ["a snapshot is loaded as exactly the bytes that were put in place", keepsSnapshots],
  ["changes are loaded in the order of appending, byte for byte", keepsChangesInOrder],
  ["a snapshot takes the place of all that was appended before it", replacesAll],
  ["every write returns a higher version", raisesVersions],
  ["a write that expects another version is fenced, and changes nothing", fencesOthers],
  ["of writers that race with the same expectation exactly one wins", letsOneWin],
  ["names are apart, however much alike", keepsNamesApart],
  ["bytes that were handed in may be changed once the write has resolved", copiesWhatComesIn],
  ["bytes that were handed out may be changed", copiesWhatGoesOut],
  ["of a view into a larger buffer only its own bytes are kept", keepsOnlyTheView],
  ["reopening finds what was written, and no version that is over", survivesReopening],
  ["three hundred small changes survive reopening", survivesManyAppends],
  ["a snapshot of 5 MiB survives reopening", survivesLargeSnapshot],
  ["who loaded last can write, and then whoever loaded before is fenced", fencesEarlierLoaders],
  ["a name that was released can be loaded again, and others do not notice", releasesOneName],
  ["what was written is there after close, too", opensAnewAfterClose],
];
