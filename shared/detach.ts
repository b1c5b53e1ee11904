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

const FEW_PIECES = 64;
const SMALL_PIECE = 256;

/**
 * Whether a text that has grown piece by piece is to be copied ({@link detached}) for their number: V8 joins them only when somebody looks, and keeps some 30
 * bytes for each until then, which is many times the text where a peer sends a byte at a time.
 */
export function isFragmented(pieces: number, length: number): boolean {
  return pieces > FEW_PIECES + length / SMALL_PIECE;
}
