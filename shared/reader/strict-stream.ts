import type { SaxesTagNS } from 'saxes';
import { StreamError } from '../errors.ts';
import { NS } from '../namespaces.ts';
import type { Pieces } from '../pieces.ts';
import { isStanzaName } from '../stanza.ts';
import { BegunElement } from './begun-element.ts';
import { BegunStanza } from './begun-stanza.ts';
import { KeptText } from './kept-text.ts';
import { NO_NAMESPACES, readHeader, StreamNamespaces, USUAL_NAMESPACES } from './stream-header.ts';
import type { ReaderLimits, StreamReceiver } from './stream-receiver.ts';
import { restricted, StrictParser } from './strict-parser.ts';
import type { Width } from './width.ts';

/** The owner of a stream. It may exchange both fields between two children of the stream. */
export interface Reader {
  readonly receiver: StreamReceiver;
  readonly limits: ReaderLimits;
}

/**
 * The reader's position in a stream:
 *
 * header             in the start tag or before it
 * gap                in white space between two children
 * start tag          in a child's start tag
 * stanza, element    in a child's content
 * long start tag,    the same of a child over the limit, whose text is dropped
 *   long stanza
 * over               at the end: the stream has ended, or its receiver has left it
 */
type State = 'header' | 'gap' | 'start tag' | 'stanza' | 'element' | 'long start tag' | 'long stanza' | 'over';

/** The longest unfinished tag kept of a long stanza. */
const MAX_KEPT_TAG = 65_536;

/** The most elements in a session's child that is not a stanza. Before login all elements are counted. */
const MAX_TREE = 1_000;

/**
 * Cuts the text of one stream into its children, whatever their shape. saxes proves the text well-formed; this class keeps it and hands on each child
 * as a stanza, as written, or as an element.
 *
 * It knows nothing of a stanza's meaning, only the parts of its shape needed to pass it on safely.
 */
export class StrictStream {
  /** The header's declarations. */
  namespaces: StreamNamespaces = NO_NAMESPACES;
  private readonly reader: Reader;
  /** Null until it is needed. */
  private parser: StrictParser | null = null;
  private readonly text = new KeptText();
  private state: State = 'header';
  /** The position of the gap, or of the begun child after it. */
  private start = 0;
  private depth = 0;
  private elements = 0;
  /** The child whose start tag has ended; null: none. */
  private child: BegunStanza | BegunElement | null = null;
  private leftAt = 0;

  constructor(reader: Reader) {
    this.reader = reader;
  }

  /** Continues behind the usual start tag of a stream, without a parser: most sessions stay in the fast lane. */
  passUsualHeader(): void {
    this.namespaces = USUAL_NAMESPACES;
    this.start = USUAL_NAMESPACES.startTag.length;
    this.text.skip(this.start);
    this.state = 'gap';
  }

  /** Reads more text. @returns false after the stream's end. @throws StreamError */
  read(text: string, width: Width): boolean {
    this.text.add(text, width);
    const parser = this.parser ?? this.createParser();
    if (!parser.parse(text, this.reader.limits.maxAttributes)) return false;
    this.letGo();
    return true;
  }

  /** The start of the child being read, or of the gap. */
  get childStart(): number {
    return this.start;
  }

  /** The approximate memory of the begun child, in bytes. */
  get keptBytes(): number {
    const { text, state } = this;
    const bytes = text.length * (text.width === 2 ? 2 : 1);
    // saxes keeps a start tag's attributes until its end, and an element keeps its text.
    return state === 'gap' || state === 'stanza' ? bytes : 2 * bytes;
  }

  /** The text of the begun child, or of the gap; null if it is not kept, because the child is over the limit. */
  get begunText(): string | null {
    return this.state === 'long start tag' || this.state === 'long stanza' ? null : this.text.slice(this.start);
  }

  /** Whether it is between two children, with nothing begun. */
  get idle(): boolean {
    return this.state === 'gap' && this.text.empty;
  }

  /**
   * Continues after the fast lane, which has checked the beginning of a stanza: puts an {@link idle} reader into the middle of its text.
   * @param head Ends in character data. @param proven Ends with checked character data, which saxes skips. @param length The length of those data.
   */
  takeOver(head: string, proven: Pieces, length: number, width: Width): void {
    const { maxAttributes, maxStanzaBytes } = this.reader.limits;
    this.text.add(head, width);
    const parser = this.parser ?? this.createParser();
    parser.parse(head, maxAttributes);
    parser.skip(length);
    if (head.length + length > maxStanzaBytes) {
      // Do not join and drop: for 8 MB that takes 40 ms.
      this.state = 'long stanza';
      this.text.skip(length);
      return;
    }
    this.text.add(proven.join().slice(proven.length - length), width);
    this.letGo();
  }

  /** Called by a receiver: it takes no more children. */
  leave(): void {
    this.state = 'over';
  }

  /** The text after the last child handed on. */
  get unread(): string {
    return this.text.slice(this.leftAt);
  }

  private createParser(): StrictParser {
    const parser = new StrictParser(
      (tag) => this.tagOpened(tag),
      (tag) => this.tagClosed(tag),
    );
    this.parser = parser;
    if (this.state !== 'header') parser.parse(USUAL_NAMESPACES.startTag, Number.POSITIVE_INFINITY);
    return parser;
  }

  /** In a handler of the parser: the position after the tag. */
  private get position(): number {
    return (this.parser as StrictParser).streamPosition;
  }

  private tagOpened(tag: SaxesTagNS): void {
    const depth = this.depth++;
    const { maxElements, maxDepth } = this.reader.limits;
    if (++this.elements > maxElements) throw new StreamError('policy-violation', `more than ${maxElements} elements before login`);
    if (this.depth > maxDepth) throw new StreamError('policy-violation', `elements nested deeper than ${maxDepth}`);
    if (depth === 0) this.beginStream(tag);
    else if (depth === 1) this.beginChild(tag);
    else this.child?.tagOpened(tag, depth - 1, this.position);
  }

  private tagClosed(tag: SaxesTagNS): void {
    const depth = --this.depth;
    if (depth === 0) this.endStream(tag);
    else if (depth === 1) this.endChild(tag);
    else this.child?.tagClosed(tag, depth - 1, this.position);
  }

  private beginStream(tag: SaxesTagNS): void {
    // Passed already.
    if (this.state !== 'header') return;
    const header = readHeader(tag);
    this.checkStreamBytes(this.position);
    this.namespaces = new StreamNamespaces(tag.name, tag.ns);
    this.start = this.position;
    this.state = 'gap';
    this.reader.receiver.headerRead(header);
    this.stopIfLeft();
  }

  private endStream(tag: SaxesTagNS): void {
    const end = this.position;
    if (!tag.isSelfClosing) {
      this.endGap(this.text.tagStart(end));
      this.checkEndTag(tag.name, end);
    }
    this.state = 'over';
    this.reader.receiver.footerRead();
    this.stopIfLeft();
  }

  private beginChild(tag: SaxesTagNS): void {
    // Refuse it at once: its content would otherwise go on for long, and swallow everything after it.
    if (tag.uri === NS.streams && tag.local === 'stream') throw new StreamError('bad-format', 'a second stream header');
    const { text } = this;
    const { receiver, limits } = this.reader;
    const end = this.position;
    const long = this.state === 'long start tag';
    if (!long) this.endGap(text.tagStart(end));
    if (receiver.reads === 'elements' || !isStanzaName(tag.name)) {
      if (long) this.elementTooLong();
      this.child = new BegunElement(tag, end, text, receiver.reads === 'elements' ? limits.maxElements : MAX_TREE);
      this.state = 'element';
      return;
    }
    const stanza = new BegunStanza(tag, end, text);
    if (!long) stanza.attributesRead(tag, this.start, this.namespaces);
    this.child = stanza;
    this.state = long ? 'long stanza' : 'stanza';
  }

  private endChild(tag: SaxesTagNS): void {
    const { child } = this;
    const end = this.position;
    this.checkStreamBytes(end);
    if (!tag.isSelfClosing) this.checkEndTag(tag.name, end);
    const length = end - this.start;
    const tooLong = this.state === 'long stanza' || this.text.bytesBetween(this.start, end) > this.reader.limits.maxStanzaBytes;
    this.start = end;
    this.state = 'gap';
    this.child = null;
    if (child instanceof BegunStanza) this.handOn(child, tooLong ? length : 0, tag.isSelfClosing ? -1 : end);
    else if (tooLong) this.elementTooLong();
    else if (child !== null) this.reader.receiver.elementRead(child.ended(tag, end));
    this.stopIfLeft();
  }

  /** @param tooLong Its length if over the limit; else 0. */
  private handOn(child: BegunStanza, tooLong: number, contentEnd: number): void {
    const { receiver } = this.reader;
    const stanza = child.ended(tooLong > 0 ? -1 : contentEnd);
    stanza.twoByte = this.text.width === 2;
    // This receiver reads stanzas: it did when the child began, and receivers change only between children.
    if (receiver.reads === 'elements') return;
    if (tooLong > 0) receiver.oversizedStanzaRead(stanza, tooLong);
    else receiver.stanzaRead(stanza, child.namespace);
  }

  private stopIfLeft(): void {
    if (this.state !== 'over') return;
    this.leftAt = this.position;
    this.parser?.interrupt();
  }

  // saxes calls the end tag's handler before it compares the names, so a child with a mismatched end tag would be passed on.
  private checkEndTag(name: string, end: number): void {
    if (!this.text.isEndTag(name, end)) throw new StreamError('not-well-formed', `the end tag does not match <${name}>`);
  }

  private endGap(end: number): void {
    if (!this.text.isWhiteSpace(this.start, end)) throw new StreamError('bad-format', 'text between stanzas');
    this.start = end;
  }

  private checkStreamBytes(end: number): void {
    const { maxStreamBytes } = this.reader.limits;
    if (end > maxStreamBytes) throw new StreamError('policy-violation', `more than ${maxStreamBytes} bytes before login`);
  }

  private elementTooLong(): never {
    throw new StreamError('policy-violation', `an element of more than ${this.reader.limits.maxStanzaBytes} bytes`);
  }

  /** At the end of a chunk: checks the begun child against the limits, and drops the text that is not needed. */
  private letGo(): void {
    const { text } = this;
    const { maxStanzaBytes, hardStanzaBytes } = this.reader.limits;
    this.checkStreamBytes(text.end);
    if (this.state === 'gap') this.readGap();
    const begun = text.end - this.start;
    if (begun > hardStanzaBytes) throw new StreamError('policy-violation', `a stanza of more than ${hardStanzaBytes} bytes`);
    if (begun > maxStanzaBytes) this.becomeLong();
    text.keepFrom(this.neededFrom());
    if (this.child instanceof BegunStanza) this.child.outlivesChunk();
  }

  /** White space before a child does not count against its limit. */
  private readGap(): void {
    const { text } = this;
    this.endGap(text.nextTag(this.start));
    const behind = text.slice(this.start + 1, this.start + 2);
    if (behind === '') return;
    // saxes would report an endless comment only at its end.
    if (behind === '!' || behind === '?') restricted('a comment, declaration or processing instruction');
    // Start here: rechecking an endless tag at each chunk would take quadratic time.
    this.state = 'start tag';
  }

  private becomeLong(): void {
    if (this.state === 'element') this.elementTooLong();
    if (this.state === 'gap' || this.state === 'start tag') this.state = 'long start tag';
    if (this.state === 'stanza') this.state = 'long stanza';
  }

  private neededFrom(): number {
    const { text, state, child } = this;
    if (state !== 'long start tag' && state !== 'long stanza') return this.start;
    const needed = child instanceof BegunStanza ? child.neededFrom(MAX_KEPT_TAG) : text.tagStart();
    return text.has(needed) && text.end - needed <= MAX_KEPT_TAG ? needed : text.end;
  }
}
