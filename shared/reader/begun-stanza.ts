import type { SaxesTagNS } from 'saxes';
import { EXTENSION_ATTRIBUTES } from '../extension.ts';
import { MAX_THREAD, Stanza } from '../stanza.ts';
import { escapeText } from '../xml.ts';
import type { KeptText } from './kept-text.ts';
import { attributeValue, hasOtherAttributes, noteExtension, otherAttributes } from './start-tag.ts';
import type { StreamNamespaces } from './stream-header.ts';

/** A child of the stream that becomes a {@link Stanza}. It notes from the tags what the server must know to pass the stanza on. */
export class BegunStanza {
  readonly stanza: Stanza;
  readonly namespace: string;
  private readonly text: KeptText;
  /** Positions in the stream; -1 while unknown. */
  private readonly innerStart: number;
  private extensionStart = -1;
  private extensionEnd = -1;
  private threadStart = -1;
  private isDetached = false;
  /** The first `<thread>` has not come; has begun; has ended. */
  private thread: 'awaited' | 'open' | 'over' = 'awaited';

  /** @param tagEnd The position behind the start tag. */
  constructor(tag: SaxesTagNS, tagEnd: number, text: KeptText) {
    const { attributes } = tag;
    this.stanza = new Stanza(
      tag.name,
      attributeValue(attributes, 'to'),
      attributeValue(attributes, 'from'),
      attributeValue(attributes, 'type'),
      attributeValue(attributes, 'id'),
    );
    this.namespace = tag.uri;
    this.text = text;
    this.innerStart = tagEnd;
  }

  /** Reads what else stands in the start tag, which begins at a position. */
  attributesRead({ name, attributes }: SaxesTagNS, tagStart: number, namespaces: StreamNamespaces): void {
    const { stanza } = this;
    if (hasOtherAttributes(attributes)) {
      stanza.otherAttributes = otherAttributes(this.text.slice(tagStart, this.innerStart), name.length + 1);
      noteExtension(stanza, attributes);
      stanza.extensionOnStartTag = EXTENSION_ATTRIBUTES.some((one) => one in attributes);
    }
    if (namespaces.declarations !== '') stanza.otherAttributes += namespaces.missingIn(attributes);
  }

  /** The chunk of input that it began in has ended before it. */
  outlivesChunk(): void {
    if (this.isDetached) return;
    this.isDetached = true;
    this.stanza.detach();
  }

  /** The start tag of a descendant ends at a position. @param depth 1 for a child of the stanza. */
  tagOpened(tag: SaxesTagNS, depth: number, tagEnd: number): void {
    const { name } = tag;
    if (depth === 1 && name === 'opensrf' && this.extensionStart === -1) {
      this.extensionEnd = tagEnd;
      this.extensionStart = this.text.tagStart(tagEnd);
      noteExtension(this.stanza, tag.attributes);
    } else if (depth === 1 && name === 'thread' && this.thread === 'awaited') {
      this.thread = tag.isSelfClosing ? 'over' : 'open';
      this.threadStart = tagEnd;
    } else if (name === 'message' || name === 'opensrf' || name === 'iq' || name === 'presence' || tag.prefix === 'stream') {
      this.stanza.hasNestedStanza = true;
    }
  }

  /** A descendant ends at a position. */
  tagClosed({ name }: SaxesTagNS, depth: number, tagEnd: number): void {
    if (depth !== 1 || this.thread !== 'open' || name !== 'thread') return;
    this.thread = 'over';
    const end = this.text.tagStart(tagEnd);
    if (!this.text.has(this.threadStart) || end - this.threadStart > MAX_THREAD) return;
    const content = this.text.slice(this.threadStart, end);
    this.stanza.thread = content.includes('<') ? withoutMarkup(content) : content;
  }

  /** Where the text begins that is still needed of a stanza that is too long to be kept: a thread, and a tag that has not ended. @param atMost So much. */
  neededFrom(atMost: number): number {
    const { text, threadStart } = this;
    return this.thread === 'open' && text.end - threadStart < atMost ? threadStart : text.tagStart();
  }

  /** The end tag, or the stanza's empty-element tag, has come. @param contentEnd The position behind an end tag; -1 where there is no content to keep. */
  ended(contentEnd: number): Stanza {
    const { stanza, text, innerStart, extensionStart, extensionEnd } = this;
    if (extensionStart !== -1) stanza.extensionStart = extensionStart - innerStart;
    if (contentEnd === -1) return stanza;
    const restStart = extensionStart === -1 ? innerStart : extensionEnd;
    stanza.contentCame(text.slice(innerStart, restStart), text.slice(restStart, contentEnd), []);
    return stanza;
  }
}

/**
 * A thread's content with CDATA sections turned into text; `''` if it holds elements. The thread is repeated in stanzas of the server's own,
 * where a prefix would lack its declaration.
 */
function withoutMarkup(thread: string): string {
  const text = thread.replace(/<!\[CDATA\[([\s\S]*?)\]\]>/g, (_section, characters: string) => escapeText(characters));
  return text.includes('<') ? '' : text;
}
