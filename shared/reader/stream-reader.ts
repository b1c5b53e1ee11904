import { detached } from '../detach.ts';
import { Pieces } from '../pieces.ts';
import type { Stanza } from '../stanza.ts';
import { type Pace, WITHOUT_PAUSE } from './pace.ts';
import { endOfPlainText, mayGoOnPlain, PLAIN_END, PLAIN_START, readPlainHead, SECTION_END, settledBy } from './plain-stanza.ts';
import type { ReaderLimits, SessionReceiver, StreamReceiver } from './stream-receiver.ts';
import { StrictReader } from './strict-reader.ts';
import { type Width, wider, widthOf } from './width.ts';

/** A text that is a larger part of its chunk than this is kept as a slice of it. */
const MOST_OF_CHUNK = 0.75;

/** So much text is given to saxes at once where stanzas may begin: there may be hundreds in it… */
const STRICT_LENGTH = 1_024;
/** …and up to so much within one. */
const LONGEST_STRICT_LENGTH = 16_384;
/** What saxes takes for that, by the measure of {@link Pace.goesOn}. */
const STRICT_WEIGHT = 8;

/** The depth of a body's text: stream, message, body. */
const PLAIN_DEPTH = 3;

/** The beginning of a plain stanza whose end has not come, all of it proven. */
interface Begun {
  readonly stanza: Stanza;
  /** From the stanza's start to behind `<body>`. */
  readonly opening: string;
  /** How much of that is in the pieces too. */
  readonly overlap: number;
  /** What has come of the stanza's content behind its {@link Stanza.head}. */
  readonly pieces: Pieces;
  /** What came behind that, and may be text or the end when more is there: `&am`, `</bod`. */
  rest: string;
  width: Width;
}

/**
 * Cuts the text of one stream into its children and hands them on: elements, and a session's stanzas as they were written, with the fields of their start tags read.
 *
 * A session's stanzas of the plain shape (`plain-stanza.ts`) are read by a fast lane. A {@link StrictReader} reads everything else, and has the last
 * word on what is well-formed: the lane gives it back whatever it does not know for certain. A receiver cannot tell which of the two has read a stanza.
 */
export class StreamReader {
  private readonly strict: StrictReader;
  private limits: ReaderLimits;
  /** Takes what the fast lane reads; null while that is closed. */
  private lane: SessionReceiver | null;
  private begun: Begun | null = null;
  private readonly pace: Pace;
  /** Text that was not read, and the position where reading it goes on. */
  private text = '';
  private position = 0;
  private width: Width = 0;
  /** Whether the fast lane may read that text. */
  private plain = false;
  private strictLength = STRICT_LENGTH;

  constructor(receiver: StreamReceiver, limits: ReaderLimits, pace: Pace = WITHOUT_PAUSE) {
    this.pace = pace;
    this.limits = limits;
    this.lane = laneFor(receiver, limits);
    this.strict = new StrictReader(receiver, limits);
  }

  /** From the receiver so far, which was given a child: what comes behind that is for another one. */
  handOver(receiver: StreamReceiver, limits: ReaderLimits): void {
    this.limits = limits;
    this.lane = laneFor(receiver, limits);
    this.strict.receiver = receiver;
    this.strict.limits = limits;
  }

  /** Whether text waits to be read by {@link goOn}. */
  get suspended(): boolean {
    return this.text !== '' && !this.strict.stopped;
  }

  /** About the memory that it keeps of stanzas that have begun and of text that waits, in bytes. */
  get keptBytes(): number {
    const { begun, text, strict } = this;
    if (begun === null && text === '') return strict.keptBytes;
    const ofBegun = begun === null ? 0 : (begun.opening.length + begun.pieces.length) * (begun.width === 2 ? 2 : 1);
    return ofBegun + text.length * (this.width === 2 ? 2 : 1) + strict.keptBytes;
  }

  /** Reads text that waits, as far as the pace allows. @throws StreamError */
  goOn(): void {
    const { text, position, width, plain } = this;
    this.text = '';
    this.readFrom(text, position, width, plain);
  }

  /**
   * Reads on, if it is not {@link suspended}. Everything complete in the text has been handed to the receiver on return, or the reader is suspended.
   * @throws StreamError where the text is not what a stream may hold; the reader is of no use afterwards.
   */
  write(text: string): void {
    // Not by the chunk's bytes: of a character that came in two chunks they are but a part, and may be as many as it has in JavaScript.
    this.read(text, widthOf(text));
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
    return this.strict.unread + this.text.slice(this.position);
  }

  private read(text: string, width: Width): void {
    const { begun } = this;
    let window = text;
    let position = 0;
    if (begun !== null) {
      const settled = begun.rest === '' ? 0 : settledBy(begun.rest, text);
      if (settled > 0 && settled < text.length) {
        this.read(text.slice(0, settled), width);
        this.read(text.slice(settled), width);
        return;
      }
      window = begun.rest + text;
    }
    const plain = !window.includes(SECTION_END);
    if (begun !== null) position = this.continueBegun(begun, window, width, plain);
    this.readFrom(window, position, width, plain);
  }

  private readFrom(text: string, start: number, width: Width, plain: boolean): void {
    let position = start;
    while (position < text.length && !this.strict.stopped) {
      const isPlain = plain && this.strict.idle && this.lane !== null;
      position = isPlain ? this.readPlain(text, position, width) : this.readStrictly(text, position, width);
      if (!this.pace.goesOn(isPlain ? 1 : STRICT_WEIGHT)) break;
    }
    if (position === text.length) return;
    this.text = text;
    this.position = position;
    this.width = width;
    this.plain = plain;
  }

  /** Reads the stanza that begins at a position. @returns where it ends. */
  private readPlain(text: string, start: number, width: Width): number {
    const head = readPlainHead(text, start);
    if (head === null) return this.readStrictly(text, start, width);
    const { stanza, restStart, bodyStart } = head;
    const textEnd = endOfPlainText(text, bodyStart);
    if (text.startsWith(PLAIN_END, textEnd)) {
      const end = textEnd + PLAIN_END.length;
      if (this.maybeTooLong(end - start, width)) return this.readStrictly(text, start, width);
      stanza.rest = text.slice(restStart, end);
      this.complete(stanza, width);
      return end;
    }
    if (!mayGoOnPlain(text, textEnd)) return this.readStrictly(text, start, width);
    const pieces = new Pieces();
    // Copies: the beginning of a stanza may be little, and the chunk of input that it was cut from is not.
    stanza.detach();
    const beginning = text.slice(restStart, textEnd);
    pieces.add(beginning.length < MOST_OF_CHUNK * text.length ? detached(beginning) : beginning);
    const opening = detached(text.slice(start, bodyStart));
    this.begun = { stanza, opening, overlap: bodyStart - restStart, pieces, rest: text.slice(textEnd), width };
    return text.length;
  }

  /** Reads on in the text of a stanza that has begun. @returns where it ends. */
  private continueBegun(begun: Begun, text: string, width: Width, plain: boolean): number {
    const { stanza, opening, overlap, pieces } = begun;
    const textEnd = plain ? endOfPlainText(text, 0) : 0;
    const end = textEnd + PLAIN_END.length;
    begun.width = wider(begun.width, width);
    const complete = text.startsWith(PLAIN_END, textEnd);
    const tooLong = this.maybeTooLong(opening.length - overlap + pieces.length + end, begun.width);
    if (complete && !tooLong) {
      this.begun = null;
      pieces.add(text.slice(0, end));
      const [rest, ...more] = pieces.all();
      stanza.contentCame(stanza.head, rest ?? '', more);
      this.complete(stanza, begun.width);
      return end;
    }
    pieces.add(text.slice(0, textEnd));
    begun.rest = text.slice(textEnd);
    if (plain && !tooLong && mayGoOnPlain(text, textEnd)) return text.length;
    this.begun = null;
    this.strict.takeOver(opening, pieces, pieces.length - overlap, begun.width);
    return textEnd === text.length ? textEnd : this.readStrictly(text, textEnd, width);
  }

  private complete(stanza: Stanza, width: Width): void {
    const { declarations, content } = this.strict.namespaces;
    stanza.otherAttributes += declarations;
    stanza.twoByte = width === 2;
    (this.lane as SessionReceiver).stanzaRead(stanza, content);
  }

  /** A character has three bytes at most: one of four is two for JavaScript. The strict reader counts. */
  private maybeTooLong(length: number, width: Width): boolean {
    return (width > 0 ? 3 * length : length) > this.limits.maxStanzaBytes;
  }

  /** Gives saxes what stands before the next place where a plain stanza may begin, or some of it. @returns that place. */
  private readStrictly(text: string, start: number, width: Width): number {
    const { strict } = this;
    const piece = this.strictPiece(text, start);
    const { childStart } = strict;
    strict.write(piece, width);
    this.strictLength = strict.childStart === childStart ? Math.min(2 * this.strictLength, LONGEST_STRICT_LENGTH) : STRICT_LENGTH;
    return start + piece.length;
  }

  private strictPiece(text: string, start: number): string {
    let end = start + this.strictLength;
    // Not between the two halves of a character.
    if (isHighSurrogate(text.charCodeAt(end - 1))) end++;
    const piece = text.slice(start, end);
    const next = piece.indexOf(PLAIN_START, 1);
    return next === -1 ? piece : piece.slice(0, next);
  }
}

function isHighSurrogate(code: number): boolean {
  return (code & 0xfc00) === 0xd800;
}

/** Before login elements and bytes are counted, which the fast lane does not do. */
function laneFor(receiver: StreamReceiver, { maxElements, maxStreamBytes, maxDepth }: ReaderLimits): SessionReceiver | null {
  if (receiver.reads === 'elements') return null;
  const open = maxElements === Number.POSITIVE_INFINITY && maxStreamBytes === Number.POSITIVE_INFINITY && maxDepth >= PLAIN_DEPTH;
  return open ? receiver : null;
}
