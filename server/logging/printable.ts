/**
 * Characters to escape in a log: control characters (line ends, terminal escapes), Unicode line ends, and marks of text direction.
 * JSON escapes the first 32 of them itself, but not the others.
 */
const UNPRINTABLE = /[\p{Cc}\u2028\u2029\u200e\u200f\u061c\u202a-\u202e\u2066-\u2069]/gu;
const SHORT: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/** Escapes control characters as `\n`, `\r`, `\t` or `\u001b`, so that a text stays on its line. */
export function printable(text: string): string {
  return text.replace(UNPRINTABLE, (character) => SHORT[character] ?? escaped(character));
}

/** Escapes control characters in a line of JSON, where they can only occur inside strings. @param line Without its final line feed. */
export function printableJson(line: string): string {
  return line.replace(UNPRINTABLE, escaped);
}

/** Truncates a text: a peer may send a class name of megabytes. */
export function bounded(text: string, characters: number): string {
  return text.length <= characters ? text : `${text.slice(0, characters)}… (${text.length - characters} more)`;
}

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
