/** A string's memory besides its characters, in V8. */
const STRING_OVERHEAD = 24;
// biome-ignore lint/suspicious/noControlCharactersInRegex: all one-byte characters
const BEYOND_LATIN1 = /[^\u0000-\u00ff]/;

/** The approximate memory of kept texts: V8 uses one byte per character, or two if any is beyond Latin-1. */
export function heldBytes(...texts: readonly string[]): number {
  let bytes = 0;
  for (const text of texts) {
    if (text === '') continue;
    const width = BEYOND_LATIN1.test(text) ? 2 : 1;
    bytes += STRING_OVERHEAD + width * text.length;
  }
  return bytes;
}
