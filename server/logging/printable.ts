/**
 * What must not reach a log as it is: controls (a line's end, a terminal's escape), the line ends of Unicode, and marks that turn the direction of
 * what follows. JSON writes the first 32 of them escaped by itself, and none of the others.
 */
const UNPRINTABLE = /[\p{Cc}\u2028\u2029\u200e\u200f\u061c\u202a-\u202e\u2066-\u2069]/gu;
const SHORT: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/** Text that stays on its line, whoever wrote it: controls become `\n`, `\r`, `\t` or `\u001b`. */
export function printable(text: string): string {
  return text.replace(UNPRINTABLE, (character) => SHORT[character] ?? escaped(character));
}

/** The same for a line of JSON, which stays JSON: a control can only stand inside a string there. @param line Without its final line feed. */
export function printableJson(line: string): string {
  return line.replace(UNPRINTABLE, escaped);
}

/** Text of bounded length: a peer may send a class name of megabytes. */
export function bounded(text: string, characters: number): string {
  return text.length <= characters ? text : `${text.slice(0, characters)}… (${text.length - characters} more)`;
}

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
