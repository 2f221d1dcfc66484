/**
 * Which tabs are open: each says so now and then.
 * @module
 */

const HELLO_EVERY_MS = 1000;
const GONE_AFTER_MS = 2600;

const NAMES = [
  "Heron",
  "Otter",
  "Finch",
  "Marten",
  "Plover",
  "Badger",
  "Swift",
  "Lynx",
  "Curlew",
  "Dormouse",
  "Kestrel",
  "Vole",
];

/** Returns this tab's name. It stays when the page is loaded again. */
export function tabName(): string {
  const fresh = NAMES[Math.floor(Math.random() * NAMES.length)] ?? "Heron";
  const [navigation] = performance.getEntriesByType("navigation");
  const isReload =
    navigation instanceof PerformanceNavigationTiming && navigation.type === "reload";
  try {
    // A tab that was opened from this one starts with a copy of what it stored.
    const kept = isReload ? sessionStorage.getItem("tab") : null;
    const name = kept ?? `${fresh} ${Math.floor(Math.random() * 90) + 10}`;
    sessionStorage.setItem("tab", name);
    return name;
  } catch {
    return fresh;
  }
}

interface Hello {
  readonly name: string;
  readonly isLeaving: boolean;
}

/** Tells the others of this tab, and calls back with the names of the others. */
export function watchTabs(name: string, changed: (others: readonly string[]) => void): void {
  const channel = new BroadcastChannel("onceward-tabs-presence");
  const seen = new Map<string, number>();
  let before = "";
  const report = (): void => {
    const since = performance.now() - GONE_AFTER_MS;
    for (const [other, at] of seen) {
      if (at < since) {
        seen.delete(other);
      }
    }
    const names = [...seen.keys()].sort();
    if (names.join() !== before) {
      before = names.join();
      changed(names);
    }
  };
  const say = (isLeaving: boolean): void => channel.postMessage({ name, isLeaving });
  channel.addEventListener("message", ({ data }: MessageEvent<Hello>) => {
    if (data.isLeaving) {
      seen.delete(data.name);
    } else {
      seen.set(data.name, performance.now());
    }
    report();
  });
  addEventListener("pagehide", () => say(true));
  setInterval(() => {
    say(false);
    report();
  }, HELLO_EVERY_MS);
  say(false);
}
