import type { SaxesAttributeNS, SaxesTagNS } from 'saxes';
import type { Element } from '../element.ts';
import { StreamError } from '../errors.ts';
import { characterData } from '../xml.ts';
import type { KeptText } from './kept-text.ts';

interface OpenElement extends Element {
  readonly attributes: Map<string, string>;
  readonly children: OpenElement[];
  text: string;
}

/** A child of the stream that becomes a tree. Cuts character data from the text between tags, since a handler for them slows saxes down. */
export class BegunElement {
  private readonly text: KeptText;
  /** The open elements, from the child itself to the innermost. */
  private readonly open: OpenElement[];
  /** The position of the innermost element's next character data. */
  private textStart: number;
  private readonly maxElements: number;
  private elements = 1;

  /** @param tagEnd The position after the start tag. @param maxElements The most elements in the tree. */
  constructor(tag: SaxesTagNS, tagEnd: number, text: KeptText, maxElements: number) {
    this.text = text;
    this.maxElements = maxElements;
    this.open = [elementOf(tag)];
    this.textStart = tagEnd;
  }

  /** A descendant's start tag has ended at a position. */
  tagOpened(tag: SaxesTagNS, _depth: number, tagEnd: number): void {
    if (++this.elements > this.maxElements) throw new StreamError('policy-violation', `more than ${this.maxElements} elements that are no stanzas`);
    const element = elementOf(tag);
    this.addText(this.text.tagStart(tagEnd));
    this.textStart = tagEnd;
    this.innermost.children.push(element);
    this.open.push(element);
  }

  /** A descendant has ended at a position. */
  tagClosed(tag: SaxesTagNS, _depth: number, tagEnd: number): void {
    this.ended(tag, tagEnd);
  }

  /** Ends the innermost element at a position. @returns the element; finally the child itself. */
  ended({ isSelfClosing }: SaxesTagNS, tagEnd: number): Element {
    if (!isSelfClosing) this.addText(this.text.tagStart(tagEnd));
    this.textStart = tagEnd;
    return this.open.pop() as OpenElement;
  }

  private get innermost(): OpenElement {
    return this.open.at(-1) as OpenElement;
  }

  private addText(end: number): void {
    if (end > this.textStart) this.innermost.text += characterData(this.text.slice(this.textStart, end));
  }
}

function elementOf({ local, prefix, uri, attributes }: SaxesTagNS): OpenElement {
  return { name: local, prefix, namespace: uri, attributes: plainAttributes(attributes), children: [], text: '' };
}

function plainAttributes(attributes: Record<string, SaxesAttributeNS>): Map<string, string> {
  const plain = new Map<string, string>();
  for (const { local, uri, value } of Object.values(attributes)) {
    if (uri === '') plain.set(local, value);
  }
  return plain;
}
