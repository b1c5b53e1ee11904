/** The kind of a node; names as in the DOM. */
export type XmlNodeKind = 'document' | 'element' | 'attribute' | 'text' | 'cdata' | 'comment' | 'instruction';

/** One node of an XML document. */
export interface XmlNode {
  readonly kind: XmlNodeKind;
  /** With its prefix; `#text`, `#cdata-section` or `#comment` for a node without a name. */
  readonly name: string;
  readonly local: string;
  /** The namespace of an element or attribute; `''`: none. */
  readonly uri: string;
  /** The line of an element's start tag, from 1; 0 for other nodes. */
  readonly line: number;
  /** The text of all nodes but elements. */
  value: string;
  /** Namespace declarations included. */
  readonly attributes: readonly XmlNode[];
  readonly children: XmlNode[];
  readonly parent: XmlNode | null;
  /** Its position in document order. */
  readonly order: number;
}

/** Whether a node is character data. */
export function isText(node: XmlNode | undefined): boolean {
  return node?.kind === 'text' || node?.kind === 'cdata';
}
