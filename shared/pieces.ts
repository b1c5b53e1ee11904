import { detached, isFragmented } from './detach.ts';

/** The length of text written at once. */
export const LONG = 65_536;

/** Join shorter pieces up to this length. */
const SHORT = 16_384;

/** A text built in parts that may become long: keeps it in pieces, since joining them costs as much as all other work. */
export class Pieces {
  length = 0;
  private readonly pieces: string[] = [];
  /** The text after the last piece. */
  private tail = '';
  /** The number of parts joined in it since it was last copied. */
  private fragments = 0;

  add(text: string): void {
    this.length += text.length;
    this.tail += text;
    if (this.tail.length >= SHORT) {
      this.pieces.push(this.tail);
      this.tail = '';
      this.fragments = 0;
    } else if (isFragmented(++this.fragments, this.tail.length)) {
      this.tail = detached(this.tail);
      this.fragments = 0;
    }
  }

  /** All text as one string: a copy. */
  join(): string {
    return this.pieces.join('') + this.tail;
  }

  /** All text, in pieces. */
  all(): [string, ...string[]] {
    const [first, ...others] = this.pieces;
    if (first === undefined) return [this.tail];
    return this.tail === '' ? [first, ...others] : [first, ...others, this.tail];
  }
}

/** Cuts a text into pieces that are not {@link LONG}, without splitting a character. */
export function cut(text: string): string[] {
  const pieces: string[] = [];
  let start = 0;
  while (text.length - start > LONG) {
    const end = isLowSurrogate(text.charCodeAt(start + LONG)) ? start + LONG - 1 : start + LONG;
    pieces.push(text.slice(start, end));
    start = end;
  }
  pieces.push(text.slice(start));
  return pieces;
}

function isLowSurrogate(unit: number): boolean {
  return unit >= 0xdc00 && unit < 0xe000;
}
