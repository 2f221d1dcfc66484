/**
 * What every page does: change between light and dark, and be there without a network.
 * @module
 */

import { byId, onColours, setText } from "./dom.js";

function isDark(): boolean {
  const { theme } = document.documentElement.dataset;
  return theme === undefined
    ? matchMedia("(prefers-color-scheme: dark)").matches
    : theme === "dark";
}

function showTheme(button: HTMLButtonElement): void {
  button.setAttribute("aria-pressed", String(isDark()));
}

function startTheme(): void {
  const button = byId("theme", HTMLButtonElement);
  showTheme(button);
  onColours(() => showTheme(button));
  button.addEventListener("click", () => {
    const theme = isDark() ? "light" : "dark";
    document.documentElement.dataset.theme = theme;
    try {
      localStorage.setItem("theme", theme);
    } catch {
      // It then lasts until the page is left.
    }
  });
}

/** Has the service worker keep the pages, once this one is done with what it needs itself. */
async function startOffline(): Promise<void> {
  if (!("serviceWorker" in navigator)) {
    return;
  }
  const status = byId("offline", HTMLElement);
  await navigator.serviceWorker.register(new URL("sw.js", import.meta.url));
  const { active } = await navigator.serviceWorker.ready;
  const { port1: here, port2: there } = new MessageChannel();
  here.addEventListener("message", ({ data: revision }: MessageEvent<unknown>) => {
    if (typeof revision === "number") {
      const date = new Date(revision * 1000).toLocaleDateString("en-GB", { dateStyle: "long" });
      setText(status, `Kept for use without a network, as of ${date}.`);
    }
  });
  here.start();
  active?.postMessage("which release", [there]);
}

startTheme();
addEventListener("load", () => {
  // Where service workers are not allowed the pages work all the same, with a network.
  setTimeout(() => startOffline().catch(() => {}), 1500);
});
