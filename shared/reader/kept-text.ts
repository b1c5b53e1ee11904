import { detached, isFragmented } from '../detach.ts';
import { type Width, wider } from './width.ts';

const WHITE_SPACE = /^[ \t\r\n]*$/;

/** The text of a stream that is still needed, by positions in the stream. */
export class KeptText {
  private text = '';
  /** The position of its first character. */
  private start = 0;
  /** The number of pieces joined since it was last copied. */
  private pieces = 0;
  /** The width of all text since it was last empty. */
  private textWidth: Width = 0;

  /** The position after its last character. */
  get end(): number {
    return this.start + this.text.length;
  }

  get empty(): boolean {
    return this.text === '';
  }

  /** The width of all text since it was last empty. */
  get width(): Width {
    return this.textWidth;
  }

  get length(): number {
    return this.text.length;
  }

  add(text: string, width: Width): void {
    this.textWidth = wider(this.textWidth, width);
    if (this.text === '') {
      this.text = text;
      this.pieces = 1;
      return;
    }
    this.text += text;
    if (!isFragmented(++this.pieces, this.text.length)) return;
    this.text = detached(this.text);
    this.pieces = 0;
  }

  /** Moves past text that is not needed. */
  skip(length: number): void {
    this.start = this.end + length;
    this.text = '';
    this.textWidth = 0;
  }

  /** Drops everything before a position. */
  keepFrom(position: number): void {
    if (position === this.start) return;
    if (position === this.end) {
      this.skip(0);
      return;
    }
    // Copy: the rest may be short, and a slice keeps the whole chunk of input alive.
    this.text = detached(this.text.slice(position - this.start));
    this.start = position;
  }

  /** The text between two positions, or to the end. */
  slice(from: number, to = this.end): string {
    return this.text.slice(from - this.start, to - this.start);
  }

  /** Whether the text at a position is kept. */
  has(position: number): boolean {
    return position >= this.start;
  }

  /** The start of the tag that ends before a position: a tag contains no other `<`. A position before the kept text if the tag is not kept. */
  tagStart(end = this.end): number {
    return this.start + this.text.lastIndexOf('<', end - this.start - 1);
  }

  /** Whether the tag that ends before a position is an element's end tag. */
  isEndTag(name: string, end: number): boolean {
    const start = this.tagStart(end);
    if (!this.has(start) || !this.text.startsWith(name, start + 2 - this.start)) return false;
    return WHITE_SPACE.test(this.slice(start + 2 + name.length, end - 1));
  }

  isWhiteSpace(from: number, to: number): boolean {
    return from === to || WHITE_SPACE.test(this.slice(from, to));
  }

  /** The first `<` at or after a position, or the end. */
  nextTag(from: number): number {
    const found = this.text.indexOf('<', from - this.start);
    return found === -1 ? this.end : this.start + found;
  }

  /** The number of UTF-8 bytes between two positions. */
  bytesBetween(from: number, to: number): number {
    return this.textWidth > 0 ? Buffer.byteLength(this.slice(from, to)) : to - from;
  }

  /** Forgets the stream; the next one begins at 0. */
  clear(): void {
    this.text = '';
    this.start = 0;
    this.textWidth = 0;
  }
}
