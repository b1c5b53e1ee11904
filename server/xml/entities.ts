/** A general entity: its replacement text, or the file that contains it. */
export type EntityDeclaration = { readonly text: string } | { readonly file: string };

const SPACE = '[ \\t\\r\\n]';
const LITERAL = `("[^"]*"|'[^']*')`;
// XML 1.0 §4.2: a declaration, or a comment or instruction that may contain the text of one.
const DECLARATION = new RegExp(
  `<!--[\\s\\S]*?-->|<\\?[\\s\\S]*?\\?>|<!ENTITY${SPACE}+(%${SPACE}+)?([^ \\t\\r\\n%]+)${SPACE}+(?:(?:SYSTEM|PUBLIC${SPACE}+${LITERAL})${SPACE}+${LITERAL}|${LITERAL})`,
  'g',
);

/**
 * The general entities that a document type declares in its internal subset.
 * @param doctype The text between `<!DOCTYPE` and its `>`.
 * @throws Error for parameter entities, which this reader does not support.
 */
export function readEntities(doctype: string): Map<string, EntityDeclaration> {
  const entities = new Map<string, EntityDeclaration>();
  const subset = doctype.slice(doctype.indexOf('[') + 1);
  for (const [, parameter, name, , file, literal] of subset.matchAll(DECLARATION)) {
    if (parameter !== undefined) throw new Error(`the parameter entity %${name}; is not supported; use a general entity`);
    // XML 1.0 §4.2: the first declaration counts.
    if (name === undefined || entities.has(name)) continue;
    entities.set(name, literal === undefined ? { file: unquoted(file as string) } : { text: resolveCharacters(unquoted(literal)) });
  }
  return entities;
}

function unquoted(literal: string): string {
  return literal.slice(1, -1);
}

/** XML 1.0 §4.5: resolve character references in the declaration, references to entities on use. */
function resolveCharacters(literal: string): string {
  return literal.replace(/&#(?:x([0-9a-fA-F]+)|([0-9]+));/g, (whole, hex, decimal) => {
    const code = hex === undefined ? Number.parseInt(decimal, 10) : Number.parseInt(hex, 16);
    return code <= 0x10ffff ? String.fromCodePoint(code) : whole;
  });
}
