import { detached } from '../detach.ts';
import { Pieces } from '../pieces.ts';
import type { Stanza } from '../stanza.ts';
import { type Pace, WITHOUT_PAUSE } from './pace.ts';
import { endOfPlainText, mayGoOnPlain, PLAIN_END, PLAIN_START, readPlainHead, SECTION_END, settledBy } from './plain-stanza.ts';
import { USUAL_NAMESPACES } from './stream-header.ts';
import type { ReaderLimits, SessionReceiver, StreamReceiver } from './stream-receiver.ts';
import { StrictReader } from './strict-reader.ts';
import { type Width, wider, widthOf } from './width.ts';

/** A text that fills more of its chunk than this is kept as a slice. */
const MOST_OF_CHUNK = 0.75;

/** The most text given to saxes at once where stanzas may begin: it may contain hundreds… */
const STRICT_LENGTH = 1_024;
/** …and within one stanza. */
const LONGEST_STRICT_LENGTH = 16_384;
/** The weight of that for {@link Pace.goesOn}. */
const STRICT_WEIGHT = 8;

/** The depth of a body's text: stream, message, body. */
const PLAIN_DEPTH = 3;

/** The checked beginning of an incomplete plain stanza. */
interface Begun {
  readonly stanza: Stanza;
  /** From the stanza's start to the end of `<body>`. */
  readonly opening: string;
  /** The length of the part that the pieces contain too. */
  readonly overlap: number;
  /** The stanza's content after its {@link Stanza.head}. */
  readonly pieces: Pieces;
  /** The undecided rest, which may become text or the end: `&am`, `</bod`. */
  rest: string;
  width: Width;
}

/**
 * Cuts the text of one stream into its children and hands them on: elements, and a session's stanzas as written, with the fields of their start tags.
 *
 * A fast lane reads a session's stanzas of the plain shape (`plain-stanza.ts`). A {@link StrictReader} reads everything else and decides what is
 * well-formed: the lane returns everything uncertain to it. A receiver cannot tell them apart.
 */
export class StreamReader {
  private readonly strict: StrictReader;
  private limits: ReaderLimits;
  /** Receives the fast lane's stanzas; null while the lane is closed. */
  private lane: SessionReceiver | null;
  private begun: Begun | null = null;
  private readonly pace: Pace;
  /** Unread text, and the position at which to continue. */
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

  /** Called by the receiver that was given a child: later children are for another receiver. */
  handOver(receiver: StreamReceiver, limits: ReaderLimits): void {
    this.limits = limits;
    this.lane = laneFor(receiver, limits);
    this.strict.receiver = receiver;
    this.strict.limits = limits;
  }

  /** Whether {@link goOn} has text to read. */
  get suspended(): boolean {
    return this.text !== '' && !this.strict.stopped;
  }

  /** The approximate memory of begun stanzas and unread text, in bytes. */
  get keptBytes(): number {
    const { begun, text, strict } = this;
    if (begun === null && text === '') return strict.keptBytes;
    const ofBegun = begun === null ? 0 : (begun.opening.length + begun.pieces.length) * (begun.width === 2 ? 2 : 1);
    return ofBegun + text.length * (this.width === 2 ? 2 : 1) + strict.keptBytes;
  }

  /** The text after the last child that was handed on, as received; null if it is not kept, because the begun child is over the limit. */
  get begunText(): string | null {
    const { begun, strict } = this;
    const text = begun === null ? strict.begunText : begun.opening + begun.pieces.join().slice(begun.overlap) + begun.rest;
    return text === null ? null : text + this.text.slice(this.position);
  }

  /** The start tag of the stream: see {@link StreamNamespaces.startTag}. */
  get startTag(): string {
    return this.strict.namespaces.startTag;
  }

  /** Goes on behind the start tag of another reader's stream, whose {@link startTag} this is. */
  passHeader(startTag: string): void {
    if (startTag === USUAL_NAMESPACES.startTag) this.strict.passUsualHeader();
    else this.write(startTag);
  }

  /** Reads waiting text as far as the pace allows. @throws StreamError */
  goOn(): void {
    const { text, position, width, plain } = this;
    this.text = '';
    this.readFrom(text, position, width, plain);
  }

  /**
   * Reads more text, unless {@link suspended}. On return, every complete child has been handed to the receiver, or the reader is suspended.
   * @param width Its width, if the caller knows it.
   * @throws StreamError if the text is invalid in a stream; the reader is unusable afterwards.
   */
  write(text: string, width: Width = widthOf(text)): void {
    this.read(text, width);
  }

  /** Called by a receiver: the next text is a new stream with its own header (RFC 6120 §6.4.6). */
  restart(): void {
    this.strict.restart();
  }

  /** Stops; the rest of the current text stays unread. */
  stop(): void {
    this.strict.stop();
  }

  /** The unread text after a receiver's {@link stop}, before login. */
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

  /** Reads the stanza at a position. @returns its end. */
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
    // Copy: the beginning may be short, and a slice keeps the whole chunk of input alive.
    stanza.detach();
    const beginning = text.slice(restStart, textEnd);
    pieces.add(beginning.length < MOST_OF_CHUNK * text.length ? detached(beginning) : beginning);
    const opening = detached(text.slice(start, bodyStart));
    this.begun = { stanza, opening, overlap: bodyStart - restStart, pieces, rest: text.slice(textEnd), width };
    return text.length;
  }

  /** Continues the text of a begun stanza. @returns its end. */
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
    stanza.isAscii = width === 0;
    (this.lane as SessionReceiver).stanzaRead(stanza, content);
  }

  /** A JavaScript character has at most three bytes; one of four bytes counts as two characters. The strict reader counts exactly. */
  private maybeTooLong(length: number, width: Width): boolean {
    return (width > 0 ? 3 * length : length) > this.limits.maxStanzaBytes;
  }

  /** Gives saxes the text up to the next possible plain stanza, or a part of it. @returns the position reached. */
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
    // Do not split a surrogate pair.
    if (isHighSurrogate(text.charCodeAt(end - 1))) end++;
    const piece = text.slice(start, end);
    const next = piece.indexOf(PLAIN_START, 1);
    return next === -1 ? piece : piece.slice(0, next);
  }
}

function isHighSurrogate(code: number): boolean {
  return (code & 0xfc00) === 0xd800;
}

/** Closed before login: the lane counts neither elements nor bytes. */
function laneFor(receiver: StreamReceiver, { maxElements, maxStreamBytes, maxDepth }: ReaderLimits): SessionReceiver | null {
  if (receiver.reads === 'elements') return null;
  const open = maxElements === Number.POSITIVE_INFINITY && maxStreamBytes === Number.POSITIVE_INFINITY && maxDepth >= PLAIN_DEPTH;
  return open ? receiver : null;
}
