import { escapeText } from '../xml.ts';

/** So many characters are escaped at once. */
const PIECE_LENGTH = 16_384;

/** The body of a long answer, which is written bit by bit and never one string. */
export class BodyPieces {
  /** Characters so far, the last of them not yet escaped. */
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
