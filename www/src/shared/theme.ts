/**
 * Sets the colours that were chosen before, and must run before anything is shown.
 * @module
 */

try {
  const theme = localStorage.getItem("theme");
  if (theme === "dark" || theme === "light") {
    document.documentElement.dataset.theme = theme;
  }
} catch {
  // Where nothing may be stored, the colours are the system's.
}
