/** String::SlicedString::kMinLength in V8. */
const SHORTEST_SLICE = 13;
/** For short texts: a new Buffer for each costs as much as the copy. */
const SCRATCH = Buffer.allocUnsafeSlow(4_096);
/** The most bytes of a UTF-16 unit in UTF-8. */
const MOST_BYTES = 3;

/**
 * A copy that keeps no other string alive. In V8 a slice refers to its parent string, here a whole chunk of input, so
 * copy text that is kept for longer than a turn of the event loop.
 */
export function detached(text: string): string {
  // V8 copies shorter strings itself, and most fields of a stanza are shorter.
  if (text.length < SHORTEST_SLICE) return text;
  if (text.length <= SCRATCH.length / MOST_BYTES) return SCRATCH.toString('utf8', 0, SCRATCH.write(text));
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
