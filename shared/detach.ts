/** String::SlicedString::kMinLength in V8. */
const SHORTEST_SLICE = 13;

/**
 * A copy that keeps nothing else alive. In V8 a slice refers to its parent string, here a whole chunk of input, so
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
 * Whether to copy ({@link detached}) a text that has grown piece by piece: V8 joins the pieces only on access, and keeps about 30
 * bytes for each until then, many times the text if a peer sends single bytes.
 */
export function isFragmented(pieces: number, length: number): boolean {
  return pieces > FEW_PIECES + length / SMALL_PIECE;
}
