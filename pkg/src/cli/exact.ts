/**
 * JSON in which every number keeps its own digits, for lines whose numbers a double cannot hold.
 * @module
 */

/**
 * A number of a JSON text as it was written. Its text is no own property, so no path leads into it.
 */
export class NumberText {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  /** The digits, sign, fraction and exponent, as written. */
  get text(): string {
    return this.#text;
  }
}

/** The strings and numbers of a text that is valid JSON. */
const STRING_OR_NUMBER = /"[^"\\]*(?:\\.[^"\\]*)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;

const STRING_MARK = "s";
const NUMBER_MARK = "n";

/**
 * Reads JSON as `JSON.parse` does, but gives numbers as `NumberText`.
 *
 * All numbers become strings, and all strings get a mark that tells them from these. What is read
 * and what is refused is still what `JSON.parse` says, down to repeated names.
 *
 * @throws {SyntaxError} As `JSON.parse`.
 */
export function parseExactly(text: string): unknown {
  // Only in valid JSON do the tokens end where the pattern says.
  JSON.parse(text);
  const marked = text.replace(STRING_OR_NUMBER, (token) =>
    token.startsWith('"') ? `"${STRING_MARK}${token.slice(1)}` : `"${NUMBER_MARK}${token}"`,
  );
  return unmark(JSON.parse(marked));
}

function unmark(value: unknown): unknown {
  if (typeof value === "string") {
    const text = value.slice(1);
    return value.startsWith(NUMBER_MARK) ? new NumberText(text) : text;
  }
  return mapJson(value, unmark, (name) => name.slice(1));
}

/**
 * Returns the value for content: numbers as doubles, but integers beyond 2^53 as their digits,
 * so that two different ones stay different.
 */
export function toContent(value: unknown): unknown {
  if (value instanceof NumberText) {
    const number = Number(value.text);
    return Number.isInteger(number) && !Number.isSafeInteger(number) ? value.text : number;
  }
  return mapJson(value, toContent, (name) => name);
}

/** Maps the values and names of an array or object; anything else is returned as it is. */
function mapJson(
  value: unknown,
  each: (value: unknown) => unknown,
  rename: (name: string) => string,
): unknown {
  if (Array.isArray(value)) {
    return value.map(each);
  }
  if (typeof value === "object" && value !== null) {
    // fromEntries makes an own property even of "__proto__".
    return Object.fromEntries(
      Object.entries(value).map(([name, member]) => [rename(name), each(member)]),
    );
  }
  return value;
}
