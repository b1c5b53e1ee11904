import { SaxesParser, type SaxesTagNS } from 'saxes';
import { detached, inCrumbs } from '../detach.ts';
import { StreamError } from '../errors.ts';
import { EXTENSION_ATTRIBUTES } from '../extension.ts';
import { NS } from '../namespaces.ts';
import type { Pieces } from '../pieces.ts';
import { MAX_THREAD, Stanza } from '../stanza.ts';
import { escapeAttribute, escapeText } from '../xml.ts';
import { attributeValue, declarationsToInherit, hasOtherAttributes, noteExtension, otherAttributes } from './start-tag.ts';
import type { ReaderLimits, StreamReceiver } from './stream-receiver.ts';

/** What a receiver asked for while it was given a stanza. */
type Interruption = 'none' | 'restart' | 'stop';

const WHITE_SPACE = /^[ \t\r\n]*$/;
/** What may stand behind an `&` while the `;` has not come: a number, or one of the five names XML knows. */
const BEGUN_REFERENCE = /^(?:#[0-9]*|#x[0-9a-fA-F]*|[a-z]{0,4})$/;
/** Zeros may stand in front of a number without end, and each packet would have all of them looked at again. */
const MAX_BEGUN_REFERENCE = 64;
/** In an oversized stanza, text before a tag's end that is longer than this is let go. */
const MAX_KEPT_TAG = 65_536;

/** Each prefix of the stream's header is declared anew on every stanza, so that a small stanza would become a large one. */
const MAX_INHERITED_DECLARATIONS = 8;

// Thrown through saxes, the only way to leave its loop in the middle of a chunk.
const INTERRUPTED = new Error('reading was interrupted');

/**
 * saxes, with its objections as stream errors: what else comes out of it was thrown by a receiver, and is no fault of the peer.
 * A method, not an `error` handler: with that one property more, saxes runs at a quarter of its speed (measured with 6.0.0 on Node 20.20).
 */
class StrictParser extends SaxesParser<{ xmlns: true }> {
  override fail(message: string): this {
    throw new StreamError('not-well-formed', this.makeError(message).message);
  }
}

/**
 * Cuts the text of one stream into stanzas, whatever their shape. saxes proves the text well-formed; this class keeps it, and hands on each child of the
 * stream as it was written, with the fields of its start tag read.
 *
 * It knows nothing of what a stanza means, only what must be known of its shape to pass it on safely.
 */
export class StrictReader {
  receiver: StreamReceiver;
  limits: ReaderLimits;

  private parser: SaxesParser<{ xmlns: true }>;
  /** Text not let go yet; begins at position {@link base} of the stream. */
  private buffer = '';
  /** In how many pieces that has come, since it was last one. */
  private pieces = 0;
  private base = 0;
  /** How much of the text saxes was not shown, because somebody else has proven it. */
  private skipped = 0;
  /** Position behind the last complete child of the stream, or behind the header; of the next child once that has begun. */
  private gapStart = 0;
  /** Whether it is known that {@link gapStart} is the place of a tag whose end has not come. */
  private tagBegun = false;
  private depth = 0;
  private elements = 0;
  /** Whether a character outside ASCII has been in the buffer since it was last empty: then length is not bytes. */
  private wide = false;
  /** Whether the child being read is over the limit, so that its text is let go. */
  private oversized = false;

  private stanza: Stanza | null = null;
  private stanzaNamespace = '';
  /** Positions in the stream; -1 while unknown. */
  private innerStart = -1;
  private extensionStart = -1;
  private extensionEnd = -1;
  private threadStart = -1;
  private threadOpen = false;
  private threadSeen = false;

  /** The default namespace of the header. */
  namespace = '';
  /** Declarations of the header that a stanza must carry along… */
  private inheritedDeclarations: readonly (readonly [prefix: string, uri: string])[] = [];
  /** …and the same as they go into its start tag: ` xmlns:a='…'`. */
  declarations = '';
  private interruption: Interruption = 'none';
  private interruptedAt = 0;
  /** Whether the next stream has not begun yet. */
  private betweenStreams = false;

  constructor(receiver: StreamReceiver, limits: ReaderLimits) {
    this.receiver = receiver;
    this.limits = limits;
    this.parser = this.newParser();
  }

  /**
   * Reads on. Everything complete in the text has been handed to the receiver on return.
   * @throws StreamError where the text is not what a stream may hold; the reader is of no use afterwards.
   */
  write(text: string, bytes: number): void {
    if (this.interruption === 'stop') return;
    if (this.betweenStreams) this.begin(text);
    else this.readOn(text, bytes);
  }

  /** Between two streams white space is nothing: clients end what they send with a line feed (go-xmpp). At the very first it is bad XML. */
  private begin(text: string): void {
    const stream = text.replace(/^[ \t\r\n]+/, '');
    if (stream === '') return;
    this.betweenStreams = false;
    this.readOn(stream, Buffer.byteLength(stream));
  }

  private readOn(text: string, bytes: number): void {
    this.keep(text);
    if (bytes !== text.length) this.wide = true;
    const outcome = this.parse(text);
    if (outcome === 'none') this.letGo();
    if (outcome === 'restart') this.startOver();
  }

  private keep(text: string): void {
    if (this.buffer === '') {
      this.buffer = text;
      this.pieces = 1;
      return;
    }
    this.buffer += text;
    if (!inCrumbs(++this.pieces, this.buffer.length)) return;
    this.buffer = detached(this.buffer);
    this.pieces = 0;
  }

  /** Whether it is between two children of the stream, with nothing begun. */
  get idle(): boolean {
    return this.depth === 1 && this.buffer === '' && this.interruption === 'none';
  }

  get stopped(): boolean {
    return this.interruption === 'stop';
  }

  /**
   * Goes on where somebody else has read the beginning of a child and found nothing wrong: an {@link idle} reader stands in the middle of its text then.
   * @param head Up to a place in character data. @param proven Ends with character data behind it, which saxes need not see again. @param length Of that.
   */
  takeOver(head: string, proven: Pieces, length: number, wide: boolean): void {
    this.wide = wide;
    this.buffer = head;
    this.parse(head);
    this.skipped += length;
    if (head.length + length > this.limits.maxStanzaBytes) {
      // Not first joined and then let go: of 8 MB that takes 40 ms.
      this.oversized = true;
      this.buffer = '';
      this.base += head.length + length;
      return;
    }
    this.buffer += proven.join().slice(proven.length - length);
    this.letGo();
  }

  /** From a receiver: whatever comes behind this stanza is a new stream with a header of its own (RFC 6120 §6.4.6). */
  restart(): void {
    this.interruption = 'restart';
  }

  /** Takes no more; what is left of the current text is not read. */
  stop(): void {
    this.interruption = 'stop';
  }

  /** After a receiver has called {@link stop}: what had come behind the stanza it was given, and was not read. */
  get unread(): string {
    return this.buffer.slice(this.interruptedAt - this.base);
  }

  private parse(text: string): Interruption {
    try {
      this.parser.write(text);
    } catch (error) {
      if (error === INTERRUPTED) return this.interruption;
      throw error;
    }
    this.checkBegun();
    return this.interruption;
  }

  // Behind an `&` saxes waits for a `;`, however far that is: everything to there would be silence instead of an error. And what it
  // costs to end a start tag grows faster than its attributes.
  private checkBegun(): void {
    const { entity, attribList } = this.parser as unknown as { readonly entity: string; readonly attribList: readonly unknown[] };
    if (attribList.length > this.limits.maxAttributes) {
      throw new StreamError('policy-violation', `an element with more than ${this.limits.maxAttributes} attributes`);
    }
    if (entity.length > MAX_BEGUN_REFERENCE) throw new StreamError('policy-violation', `a reference of more than ${MAX_BEGUN_REFERENCE} characters`);
    if (!BEGUN_REFERENCE.test(entity)) throw new StreamError('not-well-formed', 'a bare "&": write "&amp;"');
  }

  private get position(): number {
    return this.parser.position + this.skipped;
  }

  private startOver(): void {
    const rest = this.buffer.slice(this.interruptedAt - this.base);
    this.parser = this.newParser();
    this.buffer = '';
    this.base = 0;
    this.skipped = 0;
    this.gapStart = 0;
    this.tagBegun = false;
    this.depth = 0;
    this.elements = 0;
    this.wide = false;
    this.inheritedDeclarations = [];
    this.interruption = 'none';
    this.betweenStreams = true;
    if (rest !== '') this.write(rest, Buffer.byteLength(rest));
  }

  private newParser(): SaxesParser<{ xmlns: true }> {
    const parser = new StrictParser({ xmlns: true });
    parser.on('opentag', (tag) => this.tagOpened(tag));
    parser.on('closetag', (tag) => this.tagClosed(tag));
    parser.on('xmldecl', (declaration) => {
      if (declaration.version !== '1.0') throw new StreamError('not-well-formed', 'only XML 1.0 is understood');
      if (declaration.encoding !== undefined && declaration.encoding.toLowerCase() !== 'utf-8') {
        throw new StreamError('unsupported-encoding', 'only UTF-8 is understood');
      }
    });
    // RFC 6120 §11.1 restricts XML to what follows; without handlers saxes lets the rest pass.
    parser.on('comment', () => restricted('a comment'));
    parser.on('processinginstruction', () => restricted('a processing instruction'));
    parser.on('doctype', () => restricted('a DOCTYPE'));
    return parser;
  }

  private tagOpened(tag: SaxesTagNS): void {
    const depth = this.depth++;
    if (++this.elements > this.limits.maxElements) {
      throw new StreamError('policy-violation', `more than ${this.limits.maxElements} elements before login`);
    }
    if (this.depth > this.limits.maxDepth) {
      throw new StreamError('policy-violation', `elements nested deeper than ${this.limits.maxDepth}`);
    }
    if (depth === 1) {
      this.startStanza(tag);
    } else if (depth === 0) {
      this.readHeader(tag);
    } else {
      this.noteDescendant(tag, depth);
    }
  }

  private tagClosed(tag: SaxesTagNS): void {
    const depth = --this.depth;
    if (depth === 1) {
      this.endStanza(tag);
    } else if (depth === 2) {
      if (this.threadOpen && tag.name === 'thread') this.endThread();
    } else if (depth === 0) {
      this.endStream(tag);
    }
  }

  private readHeader(tag: SaxesTagNS): void {
    if (tag.uri !== NS.streams || tag.local !== 'stream') {
      throw new StreamError('invalid-namespace', `the stream must begin with <stream:stream xmlns:stream='${NS.streams}'>`);
    }
    const { attributes } = tag;
    this.checkStreamBytes();
    this.inheritedDeclarations = declarationsToInherit(tag.ns);
    if (this.inheritedDeclarations.length > MAX_INHERITED_DECLARATIONS) {
      throw new StreamError('policy-violation', `more than ${MAX_INHERITED_DECLARATIONS} prefixes declared on the stream`);
    }
    this.declarations = this.inheritedDeclarations.map(declaration).join('');
    this.namespace = tag.ns[''] ?? '';
    this.gapStart = this.position;
    this.oversized = false;
    this.receiver.headerRead({
      to: attributeValue(attributes, 'to'),
      from: attributeValue(attributes, 'from'),
      id: attributeValue(attributes, 'id'),
      version: attributeValue(attributes, 'version'),
      lang: attributeValue(attributes, 'xml:lang'),
      defaultNamespace: this.namespace,
    });
    this.leaveIfInterrupted();
  }

  private startStanza(tag: SaxesTagNS): void {
    // Said at once: whoever sends one does not end it soon, and everything behind it would be taken for its content.
    if (tag.uri === NS.streams && tag.local === 'stream') throw new StreamError('bad-format', 'a second stream header');
    const { attributes } = tag;
    const end = this.position;
    const stanza = new Stanza(
      tag.name,
      attributeValue(attributes, 'to'),
      attributeValue(attributes, 'from'),
      attributeValue(attributes, 'type'),
      attributeValue(attributes, 'id'),
    );
    this.stanza = stanza;
    this.stanzaNamespace = tag.uri;
    this.innerStart = end;
    this.extensionStart = -1;
    this.threadSeen = false;
    this.threadOpen = false;
    this.tagBegun = false;
    if (this.oversized) return;
    const start = this.buffer.lastIndexOf('<', end - this.base - 1);
    const gap = this.gapStart - this.base;
    if (start !== gap) this.checkGap(this.buffer.slice(gap, start));
    this.gapStart = this.base + start;
    if (hasOtherAttributes(attributes)) {
      const raw = this.buffer.slice(start, end - this.base);
      stanza.otherAttributes = otherAttributes(raw, tag.name.length + 1);
      noteExtension(stanza, attributes);
      stanza.legacyExtension = EXTENSION_ATTRIBUTES.some((name) => name in attributes);
    }
    for (const inherited of this.inheritedDeclarations) {
      if (!(`xmlns:${inherited[0]}` in attributes)) stanza.otherAttributes += declaration(inherited);
    }
  }

  private noteDescendant(tag: SaxesTagNS, depth: number): void {
    const stanza = this.stanza as Stanza;
    const { name } = tag;
    if (depth === 2 && name === 'opensrf' && this.extensionStart === -1) {
      this.extensionEnd = this.position;
      this.extensionStart = this.base + this.buffer.lastIndexOf('<', this.extensionEnd - this.base - 1);
      noteExtension(stanza, tag.attributes);
    } else if (depth === 2 && name === 'thread' && !this.threadSeen) {
      this.threadSeen = true;
      this.threadOpen = !tag.isSelfClosing;
      this.threadStart = this.position;
    } else if (name === 'message' || name === 'opensrf' || name === 'iq' || name === 'presence' || tag.prefix === 'stream') {
      stanza.hasNestedStanza = true;
    }
  }

  private endThread(): void {
    this.threadOpen = false;
    const from = this.threadStart - this.base;
    const end = this.buffer.lastIndexOf('<', this.position - this.base - 1);
    if (from < 0 || end - from > MAX_THREAD) return;
    const content = this.buffer.slice(from, end);
    (this.stanza as Stanza).thread = content.includes('<') ? withoutMarkup(content) : content;
  }

  private endStanza(tag: SaxesTagNS): void {
    const stanza = this.stanza as Stanza;
    const end = this.position;
    this.stanza = null;
    this.checkStreamBytes();
    if (!tag.isSelfClosing) this.checkEndTag(tag.name, end);
    const { oversized } = this;
    if (this.extensionStart !== -1) stanza.extensionStart = this.extensionStart - this.innerStart;
    const tooLong = oversized || this.bytesBetween(this.gapStart, end) > this.limits.maxStanzaBytes;
    this.gapStart = end;
    this.oversized = false;
    if (tooLong) {
      this.receiver.oversizedStanzaRead(stanza);
    } else {
      if (!tag.isSelfClosing) this.fill(stanza, end);
      this.receiver.stanzaRead(stanza, this.stanzaNamespace);
    }
    this.leaveIfInterrupted();
  }

  private fill(stanza: Stanza, end: number): void {
    const { buffer, base, innerStart } = this;
    const restStart = this.extensionStart === -1 ? innerStart : this.extensionEnd;
    stanza.head = buffer.slice(innerStart - base, restStart - base);
    stanza.rest = buffer.slice(restStart - base, end - base);
  }

  // saxes calls the handler for an end tag before it compares the names, so a stanza that ends in the wrong tag would get out.
  private checkEndTag(name: string, end: number): void {
    const start = this.buffer.lastIndexOf('<', end - this.base - 1);
    const behindName = start + 2 + name.length;
    if (start !== -1 && this.buffer.startsWith(name, start + 2) && WHITE_SPACE.test(this.buffer.slice(behindName, end - this.base - 1))) return;
    throw new StreamError('not-well-formed', `the end tag does not match <${name}>`);
  }

  private endStream(tag: SaxesTagNS): void {
    const start = this.buffer.lastIndexOf('<', this.position - this.base - 1);
    if (!tag.isSelfClosing) {
      this.checkGap(this.buffer.slice(this.gapStart - this.base, start));
      this.checkEndTag(tag.name, this.position);
    }
    this.stop();
    this.receiver.footerRead();
    throw INTERRUPTED;
  }

  private leaveIfInterrupted(): void {
    if (this.interruption === 'none') return;
    this.interruptedAt = this.position;
    throw INTERRUPTED;
  }

  private checkGap(gap: string): void {
    if (!WHITE_SPACE.test(gap)) throw new StreamError('bad-format', 'text between stanzas');
  }

  private checkStreamBytes(): void {
    if (this.position > this.limits.maxStreamBytes) this.streamTooLong();
  }

  private streamTooLong(): never {
    throw new StreamError('policy-violation', `more than ${this.limits.maxStreamBytes} bytes before login`);
  }

  private bytesBetween(start: number, end: number): number {
    if (!this.wide || this.oversized) return end - start;
    return Buffer.byteLength(this.buffer.slice(start - this.base, end - this.base));
  }

  /** Keeps of the buffer only what belongs to a child of the stream that is not complete yet. */
  private letGo(): void {
    const end = this.base + this.buffer.length;
    if (end > this.limits.maxStreamBytes) this.streamTooLong();
    if (end === this.gapStart || (this.depth === 1 && this.isWhiteSpaceGap())) {
      this.buffer = '';
      this.base = end;
      this.gapStart = end;
      this.wide = false;
      return;
    }
    const incomplete = end - this.gapStart;
    if (incomplete > this.limits.hardStanzaBytes) {
      throw new StreamError('policy-violation', `a stanza of more than ${this.limits.hardStanzaBytes} bytes`);
    }
    if (incomplete > this.limits.maxStanzaBytes) this.oversized = true;
    if (this.oversized) {
      this.keepFrom(this.threadOpen && end - this.threadStart < MAX_KEPT_TAG ? this.threadStart : this.base + this.buffer.lastIndexOf('<'));
      return;
    }
    this.keepFrom(this.gapStart);
  }

  private keepFrom(position: number): void {
    const end = this.base + this.buffer.length;
    const start = position < this.base || (this.oversized && end - position > MAX_KEPT_TAG) ? end : position;
    if (start === this.base) return;
    this.buffer = this.buffer.slice(start - this.base);
    this.base = start;
  }

  private isWhiteSpaceGap(): boolean {
    // To look again at every chunk of a tag without end would take time by the square of its length.
    if (this.oversized || this.tagBegun) return false;
    const gap = this.buffer.slice(this.gapStart - this.base);
    const tag = gap.indexOf('<');
    this.checkGap(tag === -1 ? gap : gap.slice(0, tag));
    // A comment that never ends would otherwise be noticed only when it does.
    if (tag !== -1 && (gap.charAt(tag + 1) === '!' || gap.charAt(tag + 1) === '?')) restricted('a comment, declaration or processing instruction');
    // White space before a stanza is no part of it, and does not count against its limit.
    if (tag === -1) return true;
    this.gapStart += tag;
    this.tagBegun = gap.length > tag + 1;
    return false;
  }
}

function declaration([prefix, uri]: readonly [prefix: string, uri: string]): string {
  return ` xmlns:${prefix}='${escapeAttribute(uri)}'`;
}

function restricted(what: string): never {
  throw new StreamError('restricted-xml', `${what} is not allowed in a stream`);
}

/**
 * A thread's content with CDATA sections turned into text; `''` if it holds elements. The thread is repeated in stanzas of the server's own,
 * where a prefix would lack its declaration.
 */
function withoutMarkup(thread: string): string {
  const text = thread.replace(/<!\[CDATA\[([\s\S]*?)\]\]>/g, (_section, characters: string) => escapeText(characters));
  return text.includes('<') ? '' : text;
}
