/**
 * Choosing fields by clicking on a sample line.
 * @module
 */

import { byId, make } from "../shared/dom.js";
import {
  guessNotation,
  guessPlan,
  isSamePath,
  type Leaf,
  leavesOf,
  missingFrom,
  NOTATIONS,
  type Path,
  type Plan,
  pathText,
  ROLES,
  type Role,
  valueAt,
} from "./fields.js";

/** What each role is called, and what it is for. */
const NAMES: Readonly<Record<Role, readonly [string, string]>> = {
  id: ["Key", "the same key, the same event"],
  entity: ["Entity", "what has revisions"],
  revision: ["Revision", "grows with each change"],
  source: ["Source", "a log or partition"],
  position: ["Position", "the place in it"],
  scope: ["Scope", "tenant or kind, if any"],
};

const VALUE_LENGTH_MAX = 60;

function valueText(value: unknown): string {
  const text = JSON.stringify(value) ?? "";
  return text.length > VALUE_LENGTH_MAX ? `${text.slice(0, VALUE_LENGTH_MAX)}…` : text;
}

/** Shows a sample line, and lets its fields be chosen. */
export class Chooser {
  readonly #changed: () => void;
  readonly #roles = byId("roles", HTMLElement);
  readonly #leaves = byId("leaves", HTMLElement);
  readonly #notation = byId("notation", HTMLSelectElement);
  #sample: unknown;
  #paths: Partial<Record<Role, Path>> = {};
  /** For what the next click on a field is. */
  #wanted: Role = "id";

  constructor(changed: () => void) {
    this.#changed = changed;
    this.#notation.addEventListener("change", changed);
  }

  get plan(): Plan {
    const notation = NOTATIONS.find((known) => known === this.#notation.value) ?? "integer";
    return { paths: { ...this.#paths }, notation };
  }

  /** What is missing before anything can be judged. */
  get missing(): string | undefined {
    return missingFrom(this.plan);
  }

  /** Shows a sample, with fields that are guessed by their names. */
  show(sample: unknown): void {
    const { paths, notation } = guessPlan(sample);
    this.#sample = sample;
    this.#paths = { ...paths };
    this.#notation.value = notation;
    this.#wanted = "id";
    this.#render();
  }

  #render(): void {
    this.#roles.replaceChildren(...ROLES.map((role) => this.#makeRole(role)));
    this.#leaves.replaceChildren(...leavesOf(this.#sample).map((leaf) => this.#makeLeaf(leaf)));
  }

  #makeRole(role: Role): HTMLElement {
    const [name, purpose] = NAMES[role];
    const path = this.#paths[role];
    const id = `role-${role}`;
    const input = make("input", { attributes: { type: "radio", name: "role", id, value: role } });
    input.checked = role === this.#wanted;
    input.addEventListener("change", () => {
      this.#wanted = role;
    });
    const chosen = path === undefined ? purpose : pathText(path);
    const label = make("label", {
      attributes: { for: id },
      children: [make("b", { text: name }), make("span", { text: chosen })],
    });
    const card = make("div", { class: "role", children: [input, label] });
    card.dataset.chosen = String(path !== undefined);
    if (path !== undefined) {
      const clear = make("button", {
        text: "×",
        attributes: { type: "button", "aria-label": `No field for ${name}` },
      });
      clear.addEventListener("click", () => this.#choose(role, undefined));
      card.append(clear);
    }
    return card;
  }

  #makeLeaf({ path, value }: Leaf): HTMLElement {
    const role = ROLES.find((candidate) => isSamePath(this.#paths[candidate], path));
    const button = make("button", {
      attributes: { type: "button", "aria-pressed": String(role !== undefined) },
      children: [
        make("span", { class: "path", text: pathText(path) }),
        make("span", { class: "value", text: valueText(value) }),
      ],
    });
    if (role !== undefined) {
      button.append(make("span", { class: "chosen", text: NAMES[role][0] }));
    }
    button.addEventListener("click", () => {
      const wanted = this.#wanted;
      this.#choose(wanted, role === wanted ? undefined : path);
      this.#focusLeaf(path);
    });
    return button;
  }

  #choose(role: Role, path: Path | undefined): void {
    if (path === undefined) {
      delete this.#paths[role];
    } else {
      this.#paths[role] = path;
      if (role === "revision" || role === "position") {
        this.#notation.value = guessNotation(valueAt(this.#sample, path));
      }
      this.#wanted = this.#next(role);
    }
    this.#render();
    this.#changed();
  }

  /** After one half of a pair comes the other. */
  #next(role: Role): Role {
    const other = role === "entity" ? "revision" : role === "source" ? "position" : role;
    return this.#paths[other] === undefined ? other : role;
  }

  /** The buttons were made anew; whoever uses keys goes on where they were. */
  #focusLeaf(path: Path): void {
    const index = leavesOf(this.#sample).findIndex((leaf) => isSamePath(path, leaf.path));
    const button = this.#leaves.children[index];
    if (button instanceof HTMLButtonElement) {
      button.focus();
    }
  }
}
