import type { SaxesTagNS } from 'saxes';
import { StreamError } from '../errors.ts';
import { NS } from '../namespaces.ts';
import type { Pieces } from '../pieces.ts';
import { isStanzaName } from '../stanza.ts';
import { BegunElement } from './begun-element.ts';
import { BegunStanza } from './begun-stanza.ts';
import { KeptText } from './kept-text.ts';
import { NO_NAMESPACES, readHeader, StreamNamespaces } from './stream-header.ts';
import type { ReaderLimits, StreamReceiver } from './stream-receiver.ts';
import { restricted, StrictParser } from './strict-parser.ts';
import type { Width } from './width.ts';

/** Whom a stream is read for. Either may be exchanged between two children of the stream. */
export interface Reader {
  readonly receiver: StreamReceiver;
  readonly limits: ReaderLimits;
}

/**
 * What is read of a stream at the moment:
 *
 *   header             its start tag, and what may stand before it
 *   gap                white space between two children
 *   start tag          of a child
 *   stanza, element    a child behind its start tag
 *   long start tag,    the same of a child over the limit, whose text is let go
 *   long stanza
 *   over               nothing more: it has ended, or its receiver has left it
 */
type State = 'header' | 'gap' | 'start tag' | 'stanza' | 'element' | 'long start tag' | 'long stanza' | 'over';

/** Of a long stanza, a tag that has not ended is kept up to this length. */
const MAX_KEPT_TAG = 65_536;

/** So many elements a child may have that a session sends and that is no stanza. Before login all elements are counted. */
const MAX_TREE = 1_000;

/**
 * Cuts the text of one stream into its children, whatever their shape. saxes proves the text well-formed; this class keeps it, and hands on each child
 * as a stanza, as it was written, or as an element.
 *
 * It knows nothing of what a stanza means, only what must be known of its shape to pass it on safely.
 */
export class StrictStream {
  /** What the header declares. */
  namespaces: StreamNamespaces = NO_NAMESPACES;
  private readonly reader: Reader;
  private readonly parser: StrictParser;
  private readonly text = new KeptText();
  private state: State = 'header';
  /** The position of the gap, or of the child behind it once that has begun. */
  private start = 0;
  private depth = 0;
  private elements = 0;
  /** The child whose start tag has ended; null while there is none. */
  private child: BegunStanza | BegunElement | null = null;
  private leftAt = 0;

  constructor(reader: Reader) {
    this.reader = reader;
    this.parser = new StrictParser(
      (tag) => this.tagOpened(tag),
      (tag) => this.tagClosed(tag),
    );
  }

  /** Reads on. @returns false if the stream is over. @throws StreamError */
  read(text: string, width: Width): boolean {
    this.text.add(text, width);
    if (!this.parser.parse(text, this.reader.limits.maxAttributes)) return false;
    this.letGo();
    return true;
  }

  /** Where the child that is being read began, or the gap. */
  get childStart(): number {
    return this.start;
  }

  /** About the memory that it keeps of what has begun, in bytes. */
  get keptBytes(): number {
    const { text, state } = this;
    const bytes = text.length * (text.width === 2 ? 2 : 1);
    // saxes keeps the attributes of a start tag until it ends, and an element keeps its text.
    return state === 'gap' || state === 'stanza' ? bytes : 2 * bytes;
  }

  /** Whether it is between two children, with nothing begun. */
  get idle(): boolean {
    return this.state === 'gap' && this.text.empty;
  }

  /**
   * Goes on where the fast lane has read the beginning of a stanza and found nothing wrong: an {@link idle} stream stands in the middle of its text then.
   * @param head Up to a place in character data. @param proven Ends with character data behind it, which saxes need not see again. @param length Of that.
   */
  takeOver(head: string, proven: Pieces, length: number, width: Width): void {
    const { maxAttributes, maxStanzaBytes } = this.reader.limits;
    this.text.add(head, width);
    this.parser.parse(head, maxAttributes);
    this.parser.skip(length);
    if (head.length + length > maxStanzaBytes) {
      // Not first joined and then let go: of 8 MB that takes 40 ms.
      this.state = 'long stanza';
      this.text.skip(length);
      return;
    }
    this.text.add(proven.join().slice(proven.length - length), width);
    this.letGo();
  }

  /** From a receiver: it takes no more than what it was given. */
  leave(): void {
    this.state = 'over';
  }

  /** What had come behind the child that was the last to be handed on. */
  get unread(): string {
    return this.text.slice(this.leftAt);
  }

  private tagOpened(tag: SaxesTagNS): void {
    const depth = this.depth++;
    const { maxElements, maxDepth } = this.reader.limits;
    if (++this.elements > maxElements) throw new StreamError('policy-violation', `more than ${maxElements} elements before login`);
    if (this.depth > maxDepth) throw new StreamError('policy-violation', `elements nested deeper than ${maxDepth}`);
    if (depth === 0) this.beginStream(tag);
    else if (depth === 1) this.beginChild(tag);
    else this.child?.tagOpened(tag, depth - 1, this.parser.streamPosition);
  }

  private tagClosed(tag: SaxesTagNS): void {
    const depth = --this.depth;
    if (depth === 0) this.endStream(tag);
    else if (depth === 1) this.endChild(tag);
    else this.child?.tagClosed(tag, depth - 1, this.parser.streamPosition);
  }

  private beginStream(tag: SaxesTagNS): void {
    const header = readHeader(tag);
    this.checkStreamBytes(this.parser.streamPosition);
    this.namespaces = new StreamNamespaces(tag.ns);
    this.start = this.parser.streamPosition;
    this.state = 'gap';
    this.reader.receiver.headerRead(header);
    this.stopIfLeft();
  }

  private endStream(tag: SaxesTagNS): void {
    const end = this.parser.streamPosition;
    if (!tag.isSelfClosing) {
      this.endGap(this.text.tagStart(end));
      this.checkEndTag(tag.name, end);
    }
    this.state = 'over';
    this.reader.receiver.footerRead();
    this.stopIfLeft();
  }

  private beginChild(tag: SaxesTagNS): void {
    // Refused at once: a client that sends one does not end it soon, and everything behind it would be taken for its content.
    if (tag.uri === NS.streams && tag.local === 'stream') throw new StreamError('bad-format', 'a second stream header');
    const { text } = this;
    const { receiver, limits } = this.reader;
    const end = this.parser.streamPosition;
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
    const end = this.parser.streamPosition;
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

  /** @param tooLong Its length if it is too long; else 0. */
  private handOn(child: BegunStanza, tooLong: number, contentEnd: number): void {
    const { receiver } = this.reader;
    const stanza = child.ended(tooLong > 0 ? -1 : contentEnd);
    stanza.twoByte = this.text.width === 2;
    // Receivers are exchanged between children, so this one reads stanzas: it did so when the child began.
    if (receiver.reads === 'elements') return;
    if (tooLong > 0) receiver.oversizedStanzaRead(stanza, tooLong);
    else receiver.stanzaRead(stanza, child.namespace);
  }

  private stopIfLeft(): void {
    if (this.state !== 'over') return;
    this.leftAt = this.parser.streamPosition;
    this.parser.interrupt();
  }

  // saxes calls the handler for an end tag before it compares the names, so a child that ends in the wrong tag would get out.
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

  /** At the end of a chunk: checks what has begun against the limits, and keeps no more of the text than that. */
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

  /** White space before a child is no part of it, and does not count against its limit. */
  private readGap(): void {
    const { text } = this;
    this.endGap(text.nextTag(this.start));
    const behind = text.slice(this.start + 1, this.start + 2);
    if (behind === '') return;
    // A comment that never ends would otherwise be noticed only when it does.
    if (behind === '!' || behind === '?') restricted('a comment, declaration or processing instruction');
    // From now on: to look again at every chunk of a tag without end would take time by the square of its length.
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
