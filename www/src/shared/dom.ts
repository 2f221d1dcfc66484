/**
 * Finding and making elements. Text is only ever set as text.
 * @module
 */

/**
 * Returns the element of an id.
 *
 * @throws {TypeError} when the page has none of that kind.
 */
export function byId<T extends Element>(id: string, kind: new () => T): T {
  const element = document.getElementById(id);
  if (element instanceof kind) {
    return element;
  }
  throw new TypeError(`the page has no ${kind.name} called ${id}`);
}

/** What an element can be made with. */
interface Parts {
  readonly class?: string;
  readonly text?: string;
  readonly attributes?: Readonly<Record<string, string>>;
  readonly children?: readonly (Node | string)[];
}

/** Makes an element. */
export function make<Name extends keyof HTMLElementTagNameMap>(
  name: Name,
  parts: Parts = {},
): HTMLElementTagNameMap[Name] {
  const element = document.createElement(name);
  if (parts.class !== undefined) {
    element.className = parts.class;
  }
  if (parts.text !== undefined) {
    element.textContent = parts.text;
  }
  for (const [attribute, value] of Object.entries(parts.attributes ?? {})) {
    element.setAttribute(attribute, value);
  }
  element.append(...(parts.children ?? []));
  return element;
}

/** Sets a text, unless it is there already: that would cost a layout. */
export function setText(element: Element, text: string): void {
  if (element.textContent !== text) {
    element.textContent = text;
  }
}

/** The value of a custom property of the style, such as `--ink`. */
export function styleOf(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

/** Calls back whenever the colours have changed: by the button, or by the system. */
export function onColours(changed: () => void): void {
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", changed);
  new MutationObserver(changed).observe(document.documentElement, {
    attributes: true,
    attributeFilter: ["data-theme"],
  });
}

/** Whether the user would rather not see things move. */
export function prefersStillness(): boolean {
  return matchMedia("(prefers-reduced-motion: reduce)").matches;
}
