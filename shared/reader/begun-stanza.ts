import type { SaxesTagNS } from 'saxes';
import { EXTENSION_ATTRIBUTES } from '../extension.ts';
import { MAX_THREAD, Stanza } from '../stanza.ts';
import { escapeText } from '../xml.ts';
import type { KeptText } from './kept-text.ts';
import { attributeValue, hasOtherAttributes, noteExtension, otherAttributes } from './start-tag.ts';
import type { StreamNamespaces } from './stream-header.ts';

/** A child of the stream that becomes a {@link Stanza}. Notes from its tags everything that the server needs to pass it on. */
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
  /** The state of the first `<thread>`. */
  private thread: 'awaited' | 'open' | 'over' = 'awaited';

  /** @param tagEnd The position after the start tag. */
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

  /** Reads the rest of the start tag, which begins at a position. */
  attributesRead({ name, attributes }: SaxesTagNS, tagStart: number, namespaces: StreamNamespaces): void {
    const { stanza } = this;
    if (hasOtherAttributes(attributes)) {
      stanza.otherAttributes = otherAttributes(this.text.slice(tagStart, this.innerStart), name.length + 1);
      noteExtension(stanza, attributes);
      stanza.extensionOnStartTag = EXTENSION_ATTRIBUTES.some((one) => one in attributes);
    }
    if (namespaces.declarations !== '') stanza.otherAttributes += namespaces.missingIn(attributes);
  }

  /** The chunk with the stanza's start has ended, and the stanza continues. */
  outlivesChunk(): void {
    if (this.isDetached) return;
    this.isDetached = true;
    this.stanza.detach();
  }

  /** A descendant's start tag has ended at a position. @param depth 1 for a child of the stanza. */
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

  /** A descendant has ended at a position. */
  tagClosed({ name }: SaxesTagNS, depth: number, tagEnd: number): void {
    if (depth !== 1 || this.thread !== 'open' || name !== 'thread') return;
    this.thread = 'over';
    const end = this.text.tagStart(tagEnd);
    if (!this.text.has(this.threadStart) || end - this.threadStart > MAX_THREAD) return;
    const content = this.text.slice(this.threadStart, end);
    this.stanza.thread = content.includes('<') ? withoutMarkup(content) : content;
  }

  /** The start of the text that a stanza over the limit still needs: a thread, and an unfinished tag. @param atMost The most characters kept. */
  neededFrom(atMost: number): number {
    const { text, threadStart } = this;
    return this.thread === 'open' && text.end - threadStart < atMost ? threadStart : text.tagStart();
  }

  /** The stanza has ended. @param contentEnd The position after the end tag; -1 without content to keep. */
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
 * A thread's content with CDATA sections turned into text; `''` if it holds elements. The server repeats the thread in its own stanzas,
 * where a prefix would lack its declaration.
 */
function withoutMarkup(thread: string): string {
  const text = thread.replace(/<!\[CDATA\[([\s\S]*?)\]\]>/g, (_section, characters: string) => escapeText(characters));
  return text.includes('<') ? '' : text;
}
