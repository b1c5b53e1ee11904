import type { SavedLongFrame } from './saved-link.ts';

/** A frame that is too long for one batch, and the later frames of its stream. */
export class LongFrame {
  readonly stream: number;
  readonly text: string;
  /** Later frames of its stream, which wait until it is sent. */
  readonly behind: string[] = [];
  /** The length of the part that is sent. */
  sent = 0;

  constructor(stream: number, text: string) {
    this.stream = stream;
    this.text = text;
  }

  static restored({ stream, text, sent, behind }: SavedLongFrame): LongFrame {
    const long = new LongFrame(stream, text);
    long.sent = sent;
    long.behind.push(...behind);
    return long;
  }

  /** The length of what is not sent, with the frames behind it. */
  get units(): number {
    return this.behind.reduce((sum, frame) => sum + frame.length, this.text.length - this.sent);
  }

  get complete(): boolean {
    return this.sent === this.text.length;
  }

  /** Takes the next chunk. No chunk ends inside a surrogate pair, which UTF-8 cannot express. */
  take(length: number): string {
    const from = this.sent;
    const end = Math.min(from + length, this.text.length);
    this.sent = end < this.text.length && isHighSurrogate(this.text.charCodeAt(end - 1)) ? end - 1 : end;
    return this.text.slice(from, this.sent);
  }
}

function isHighSurrogate(code: number): boolean {
  return code >= 0xd800 && code < 0xdc00;
}
