/** A string besides its characters, in V8. */
const STRING_OVERHEAD = 24;
// biome-ignore lint/suspicious/noControlCharactersInRegex: everything that takes one byte
const BEYOND_LATIN1 = /[^\u0000-\u00ff]/;

/** About how many bytes texts take that are kept: V8 has one for each character, or two where one of them is beyond Latin-1. */
export function heldBytes(...texts: readonly string[]): number {
  let bytes = 0;
  for (const text of texts) {
    if (text === '') continue;
    const width = BEYOND_LATIN1.test(text) ? 2 : 1;
    bytes += STRING_OVERHEAD + width * text.length;
  }
  return bytes;
}
