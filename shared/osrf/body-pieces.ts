import { escapeText } from '../xml.ts';

/** The number of characters escaped at once. */
const PIECE_LENGTH = 16_384;

/** The body of a long answer, written in parts and never joined. */
export class BodyPieces {
  /** The characters so far; the last ones are not yet escaped. */
  length = 0;
  private readonly pieces: string[] = [];
  private tail = '';

  /** @param text Plain text. */
  add(text: string): void {
    this.length += text.length;
    this.tail += text;
    if (this.tail.length >= PIECE_LENGTH) this.endPiece();
  }

  /** All of it, as XML text. */
  all(): readonly string[] {
    this.endPiece();
    return this.pieces;
  }

  private endPiece(): void {
    const piece = escapeText(this.tail);
    this.length += piece.length - this.tail.length;
    this.pieces.push(piece);
    this.tail = '';
  }
}
