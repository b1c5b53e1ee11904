import { detached, inCrumbs } from './detach.ts';
import { endOfPlainText, mayGoOnPlain, PLAIN_END, PLAIN_START, readPlainHead } from './plain-stanza.ts';
import type { Stanza } from './stanza.ts';
import type { ReaderLimits, StreamReceiver } from './stream-receiver.ts';
import { StrictReader } from './strict-reader.ts';

export type { ReaderLimits, StreamHeader, StreamReceiver } from './stream-receiver.ts';

/** The depth of a body's text: stream, message, body. */
const PLAIN_DEPTH = 3;

/** The beginning of a plain stanza whose end has not come, all of it proven. */
interface Begun {
  readonly stanza: Stanza;
  /** From the stanza's start to behind `<body>`. */
  readonly head: string;
  readonly innerStart: number;
  /** What has come of the body's text. */
  text: string;
  /** What came behind that, and may be text or the end when more is there: `&am`, `</bod`. */
  rest: string;
  wide: boolean;
  /** In how many pieces the text has come, since it was last one. */
  pieces: number;
}

/**
 * Cuts the text of one stream into stanzas and hands on each child of the stream as it was written, with the fields of its start tag read.
 *
 * After login, stanzas of the plain shape (`plain-stanza.ts`) are read by a fast lane; all else is read by a {@link StrictReader}, which has
 * the last word on what is well-formed: the lane gives it back whatever it does not know for certain. Which of the two has read a stanza cannot be told.
 */
export class StreamReader {
  private readonly strict: StrictReader;
  private currentReceiver: StreamReceiver;
  private currentLimits: ReaderLimits;
  private laneOpen: boolean;
  private begun: Begun | null = null;

  constructor(receiver: StreamReceiver, limits: ReaderLimits) {
    this.currentReceiver = receiver;
    this.currentLimits = limits;
    this.strict = new StrictReader(receiver, limits);
    this.laneOpen = leavesLaneOpen(limits);
  }

  get receiver(): StreamReceiver {
    return this.currentReceiver;
  }

  set receiver(receiver: StreamReceiver) {
    this.currentReceiver = receiver;
    this.strict.receiver = receiver;
  }

  set limits(limits: ReaderLimits) {
    this.currentLimits = limits;
    this.strict.limits = limits;
    this.laneOpen = leavesLaneOpen(limits);
  }

  /**
   * Reads on. Everything complete in the text has been handed to the receiver on return.
   * @throws StreamError where the text is not what a stream may hold; the reader is of no use afterwards.
   */
  write(text: string, bytes: number): void {
    if (!this.laneOpen) {
      this.strict.write(text, bytes);
      return;
    }
    // Not by `bytes`: of a character that came in two chunks they are but a part, and may be as many as it has in JavaScript.
    const wide = Buffer.byteLength(text) !== text.length;
    let window = text;
    let position = 0;
    if (this.begun !== null) {
      window = this.begun.rest + text;
      position = this.goOn(this.begun, window, wide);
    }
    while (position < window.length && !this.strict.stopped) {
      position = this.strict.idle ? this.readPlain(window, position, wide) : this.readStrictly(window, position, wide);
    }
  }

  /** From a receiver: whatever comes behind this stanza is a new stream with a header of its own (RFC 6120 §6.4.6). */
  restart(): void {
    this.strict.restart();
  }

  /** Takes no more; what is left of the current text is not read. */
  stop(): void {
    this.strict.stop();
  }

  /** After a receiver has called {@link stop}, before login: what had come behind the stanza it was given, and was not read. */
  get unread(): string {
    return this.strict.unread;
  }

  /** Reads the stanza that begins at a position. @returns where it ends. */
  private readPlain(text: string, start: number, wide: boolean): number {
    const head = readPlainHead(text, start);
    if (head === null) return this.readStrictly(text, start, wide);
    const { stanza, innerStart, bodyStart } = head;
    const textEnd = endOfPlainText(text, bodyStart);
    if (text.startsWith(PLAIN_END, textEnd)) {
      const end = textEnd + PLAIN_END.length;
      if (this.maybeTooLong(end - start, wide)) return this.readStrictly(text, start, wide);
      this.complete(stanza, text.slice(innerStart, end));
      return end;
    }
    if (!mayGoOnPlain(text, textEnd)) return this.readStrictly(text, start, wide);
    this.begun = {
      stanza,
      head: text.slice(start, bodyStart),
      innerStart: innerStart - start,
      text: text.slice(bodyStart, textEnd),
      rest: text.slice(textEnd),
      wide,
      pieces: 1,
    };
    return text.length;
  }

  /** Reads on in the text of a stanza that has begun. @returns where it ends. */
  private goOn(begun: Begun, text: string, wide: boolean): number {
    const textEnd = endOfPlainText(text, 0);
    const end = textEnd + PLAIN_END.length;
    begun.wide ||= wide;
    const complete = text.startsWith(PLAIN_END, textEnd);
    const tooLong = this.maybeTooLong(begun.head.length + begun.text.length + end, begun.wide);
    if (complete && !tooLong) {
      this.begun = null;
      this.complete(begun.stanza, begun.head.slice(begun.innerStart) + begun.text + text.slice(0, end));
      return end;
    }
    begun.text += text.slice(0, textEnd);
    begun.rest = text.slice(textEnd);
    if (inCrumbs(++begun.pieces, begun.text.length)) {
      begun.text = detached(begun.text);
      begun.pieces = 0;
    }
    if (!tooLong && mayGoOnPlain(text, textEnd)) return text.length;
    this.begun = null;
    this.strict.takeOver(begun.head, begun.text, begun.wide);
    return textEnd === text.length ? textEnd : this.readStrictly(text, textEnd, wide);
  }

  private complete(stanza: Stanza, inner: string): void {
    stanza.inner = inner;
    stanza.otherAttributes = this.strict.declarations;
    this.currentReceiver.stanzaRead(stanza, this.strict.namespace);
  }

  /** A character has three bytes at most: one of four is two for JavaScript. The strict reader counts. */
  private maybeTooLong(length: number, wide: boolean): boolean {
    return (wide ? 3 * length : length) > this.currentLimits.maxStanzaBytes;
  }

  /** Gives saxes what stands before the next place where a plain stanza may begin. @returns that place. */
  private readStrictly(text: string, start: number, wide: boolean): number {
    const next = text.indexOf(PLAIN_START, start + 1);
    const end = next === -1 ? text.length : next;
    const piece = text.slice(start, end);
    this.strict.write(piece, wide ? Buffer.byteLength(piece) : piece.length);
    return end;
  }
}

/** Before login elements and bytes are counted, which the fast lane does not do. */
function leavesLaneOpen({ maxElements, maxStreamBytes, maxDepth }: ReaderLimits): boolean {
  return maxElements === Number.POSITIVE_INFINITY && maxStreamBytes === Number.POSITIVE_INFINITY && maxDepth >= PLAIN_DEPTH;
}
