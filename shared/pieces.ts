import { detached, isFragmented } from './detach.ts';

/** So much text is written at once. */
export const LONG = 65_536;

/** What comes in shorter pieces is joined up to this length. */
const SHORT = 16_384;

/** A text that comes bit by bit and may become long: then it is kept in pieces, since to join them costs as much as all else. */
export class Pieces {
  length = 0;
  private readonly pieces: string[] = [];
  /** What has come since the last of them. */
  private tail = '';
  /** In how many bits that has come, since it was last one. */
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

  /** All that was added, as one text: a copy. */
  join(): string {
    return this.pieces.join('') + this.tail;
  }

  /** All that was added. */
  all(): [string, ...string[]] {
    const [first, ...others] = this.pieces;
    if (first === undefined) return [this.tail];
    return this.tail === '' ? [first, ...others] : [first, ...others, this.tail];
  }
}

/** Cuts a text into pieces that are not {@link LONG}, none of which begins or ends in the middle of a character. */
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
