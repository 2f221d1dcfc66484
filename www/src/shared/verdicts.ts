/**
 * How verdicts look: a shape and a colour each, which say the same.
 * @module
 */

import { make } from "./dom.js";

const SVG = "http://www.w3.org/2000/svg";

/** The shapes, as paths in a square of 14. */
const PATHS: Readonly<Record<string, string>> = {
  fresh: "M7 2.5a4.5 4.5 0 1 0 .01 0z",
  duplicate: "M3 3h8v8H3z",
  stale: "M7 2l5 9H2z",
  conflict: "M7 1.5L12.5 7 7 12.5 1.5 7z",
  other: "M2 5.5h10v3H2z",
};

/** What there is a shape for; everything else shares one. */
export function lookOf(verdict: string): string {
  return Object.hasOwn(PATHS, verdict) ? verdict : "other";
}

/** Makes an element of an image. */
export function makeSvg(name: string, attributes: Readonly<Record<string, string>>): SVGElement {
  const element = document.createElementNS(SVG, name);
  for (const [attribute, value] of Object.entries(attributes)) {
    element.setAttribute(attribute, value);
  }
  return element;
}

/** Makes the outline of a verdict's shape. */
export function makeShape(verdict: string): SVGElement {
  const look = lookOf(verdict);
  return makeSvg("path", { d: PATHS[look] ?? "", class: look });
}

/** Makes a verdict: its shape, and its name. */
export function makeVerdict(verdict: string): HTMLElement {
  const picture = makeSvg("svg", { viewBox: "0 0 14 14", "aria-hidden": "true" });
  picture.append(makeShape(verdict));
  return make("span", { class: `verdict ${lookOf(verdict)}`, children: [picture, verdict] });
}
