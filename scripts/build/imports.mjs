/**
 * Shortens the names by which the module imports functions of the glue.
 *
 * The generator puts digests of its own into them, which do not compress, and of which the module, its
 * text and the glue all have a copy.
 * @module
 */
import { readNumber, readText, sectionsOf } from "./sections.mjs";

const HEADER_BYTES = 8;
const IMPORT_SECTION = 2;
const FUNCTION_IMPORT = 0;

/** Writes an unsigned LEB128 number. */
function number(value) {
  const low = value % 128;
  return value < 128 ? [value] : [low + 128, ...number((value - low) / 128)];
}

const name = (text) =>
  Buffer.concat([Buffer.from(number(Buffer.byteLength(text))), Buffer.from(text)]);

/** Writes the import section again, with other names. */
function renameIn(section, rename) {
  const { value: count, end } = readNumber(section, 0);
  const parts = [Buffer.from(number(count))];
  let offset = end;
  for (let index = 0; index < count; index += 1) {
    const module = readText(section, offset);
    const field = readText(section, module.end);
    if (section[field.end] !== FUNCTION_IMPORT) {
      throw new Error(`the module imports more than functions: ${field.text}`);
    }
    const type = readNumber(section, field.end + 1);
    const kind = section.subarray(field.end, type.end);
    parts.push(name(module.text), name(rename(field.text)), kind);
    offset = type.end;
  }
  return Buffer.concat(parts);
}

/** Returns the module with its imports named otherwise. */
export function renameImports(bytes, rename) {
  const parts = sectionsOf(bytes).map(({ id, content }) => {
    const written = id === IMPORT_SECTION ? renameIn(content, rename) : content;
    return Buffer.concat([Buffer.from([id, ...number(written.length)]), written]);
  });
  return Buffer.concat([bytes.subarray(0, HEADER_BYTES), ...parts]);
}

/**
 * Returns what each name is shortened to: without the digest, and with a number where two would be the
 * same.
 */
export function shortNames(names) {
  const taken = new Map();
  const pairs = names.map((long) => {
    const stem = long
      .replace(/^__wb(?:g|indgen)_(?:__wbindgen_)?/, "")
      .replace(/_[0-9a-f]{16}$/, "");
    const count = (taken.get(stem) ?? 0) + 1;
    taken.set(stem, count);
    return [long, count === 1 ? stem : `${stem}${count}`];
  });
  return new Map(pairs);
}
