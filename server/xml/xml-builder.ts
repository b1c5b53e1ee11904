import { isText, type XmlNode, type XmlNodeKind } from './xml-node.ts';

/** The name and value of an attribute as a parser reports it. */
export interface ReadAttribute {
  readonly name: string;
  readonly local: string;
  readonly uri: string;
  readonly value: string;
}

/**
 * Builds the tree from a parser's events, without ignorable white space: libxml2, used by OpenSRF's Perl libraries,
 * keeps a run of blanks only as an element's whole content, or beside other text.
 */
export class XmlBuilder {
  readonly document: XmlNode;
  /** The last closed element. */
  closed: XmlNode;
  private current: XmlNode;
  /** A run of blanks at the start of the current element: part of the document only if nothing follows. */
  private leadingBlank = '';
  private nodes = 0;
  private openElements = 0;

  constructor() {
    this.document = this.node('document', '#document', '', null);
    this.current = this.document;
    this.closed = this.document;
  }

  /** The number of open elements. */
  get depth(): number {
    return this.openElements;
  }

  /** The namespaces in scope, by prefix. */
  get namespaces(): Record<string, string> {
    const declared: Record<string, string> = {};
    for (let node: XmlNode | null = this.current; node !== null; node = node.parent) {
      for (const { name, value } of node.attributes) {
        const prefix = name === 'xmlns' ? '' : name.startsWith('xmlns:') ? name.slice('xmlns:'.length) : null;
        if (prefix !== null) declared[prefix] ??= value;
      }
    }
    return declared;
  }

  open({ name, local, uri, line }: Pick<XmlNode, 'name' | 'local' | 'uri' | 'line'>, attributes: readonly ReadAttribute[]): void {
    const element: XmlNode = { ...this.node('element', name, '', this.current), local, uri, line, attributes: [] };
    const own = attributes.map((one): XmlNode => ({ ...this.node('attribute', one.name, one.value, element), local: one.local, uri: one.uri }));
    (element.attributes as XmlNode[]).push(...own);
    this.append(element);
    this.current = element;
    this.openElements++;
  }

  close(): void {
    if (this.leadingBlank !== '') this.append(this.node('text', '#text', this.leadingBlank, this.current));
    this.closed = this.current;
    this.current = this.current.parent as XmlNode;
    this.openElements--;
  }

  /** @param atMarkup Whether markup follows, and not a reference. */
  text(value: string, atMarkup: boolean): void {
    if (value === '' || this.current.kind === 'document') return;
    const { children } = this.current;
    const last = children[children.length - 1];
    if (last?.kind === 'text') {
      last.value += value;
      return;
    }
    if (atMarkup && /^[ \t\r\n]*$/.test(value) && !isText(last) && !isText(children[0])) {
      if (children.length === 0) this.leadingBlank = value;
      return;
    }
    this.append(this.node('text', '#text', value, this.current));
  }

  cdata(value: string): void {
    this.append(this.node('cdata', '#cdata-section', value, this.current));
  }

  comment(value: string): void {
    this.append(this.node('comment', '#comment', value, this.current));
  }

  instruction(target: string, value: string): void {
    this.append(this.node('instruction', target, value, this.current));
  }

  private append(node: XmlNode): void {
    this.leadingBlank = '';
    this.current.children.push(node);
  }

  private node(kind: XmlNodeKind, name: string, value: string, parent: XmlNode | null): XmlNode {
    return { kind, name, local: name, uri: '', value, line: 0, attributes: [], children: [], parent, order: this.nodes++ };
  }
}
