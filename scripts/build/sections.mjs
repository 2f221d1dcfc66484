/**
 * Reads WebAssembly modules: their sections, and how large their functions are.
 * @module
 */

const HEADER_BYTES = 8;
const CUSTOM = 0;
const IMPORTS = 2;
const CODE = 10;
const FUNCTION_NAMES = 1;

const NAMES = ["custom", "types", "imports", "functions", "tables", "memory", "globals", "exports"];
const LATER_NAMES = ["start", "elements", "code", "data", "data count", "tags"];

/** Reads an unsigned LEB128 number at an offset; returns it, and where it ends. */
export function readNumber(bytes, start) {
  let value = 0;
  let offset = start;
  for (let shift = 1; ; shift *= 128) {
    const byte = bytes[offset];
    offset += 1;
    value += (byte & 127) * shift;
    if (byte < 128) {
      return { value, end: offset };
    }
  }
}

/** Reads a text with its length before it; returns it, and where it ends. */
export function readText(bytes, start) {
  const { value, end } = readNumber(bytes, start);
  return { text: bytes.toString("utf8", end, end + value), end: end + value };
}

/** Returns the sections: the number of each, and its content. */
export function sectionsOf(bytes) {
  const sections = [];
  for (let offset = HEADER_BYTES; offset < bytes.length; ) {
    const { value: size, end } = readNumber(bytes, offset + 1);
    const content = bytes.subarray(end, end + size);
    sections.push({ id: bytes[offset], content });
    offset = end + size;
  }
  return sections;
}

/** Returns what a section is called. */
export function titleOf({ id, content }) {
  return id === CUSTOM ? `custom: ${readText(content, 0).text}` : [...NAMES, ...LATER_NAMES][id];
}

const contentOf = (sections, wanted) => sections.find(({ id }) => id === wanted)?.content;

/** How many functions are imported: the others are numbered after them. */
function countImports(sections) {
  const content = contentOf(sections, IMPORTS);
  // The glue imports nothing but functions into the module.
  return content === undefined ? 0 : readNumber(content, 0).value;
}

/** The names of functions, by their numbers. */
function readNames(sections) {
  const names = new Map();
  const section = sections.find((one) => titleOf(one) === "custom: name");
  if (section === undefined) {
    return names;
  }
  const { content } = section;
  for (let offset = readText(content, 0).end; offset < content.length; ) {
    const { value: size, end } = readNumber(content, offset + 1);
    if (content[offset] === FUNCTION_NAMES) {
      let { value: count, end: at } = readNumber(content, end);
      for (; count > 0; count -= 1) {
        const index = readNumber(content, at);
        const name = readText(content, index.end);
        names.set(index.value, name.text);
        at = name.end;
      }
    }
    offset = end + size;
  }
  return names;
}

/** Returns the functions of a module with names: what each is called, and its bytes. */
export function functionsOf(bytes) {
  const sections = sectionsOf(bytes);
  const names = readNames(sections);
  const imported = countImports(sections);
  const code = contentOf(sections, CODE);
  let { value: count, end: offset } = readNumber(code, 0);
  const functions = [];
  for (let index = imported; count > 0; count -= 1, index += 1) {
    const { value: size, end } = readNumber(code, offset);
    functions.push({ name: names.get(index) ?? `function ${index}`, bytes: end - offset + size });
    offset = end + size;
  }
  return functions;
}
