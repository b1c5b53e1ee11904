/** String::SlicedString::kMinLength in V8. */
const SHORTEST_SLICE = 13;

/**
 * A copy that keeps nothing else alive. V8 makes a slice refer to the string it was cut from, here a whole chunk of input, so
 * text that is kept for longer than a turn of the event loop is copied first.
 */
export function detached(text: string): string {
  // V8 copies what is shorter than that, and most fields of a stanza are.
  if (text.length < SHORTEST_SLICE) return text;
  return Buffer.from(text, 'utf8').toString('utf8');
}
