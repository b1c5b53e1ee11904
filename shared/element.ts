import { type SaxesAttributeNS, SaxesParser } from 'saxes';
import { NS } from './namespaces.ts';
import { escapeAttribute, escapeText } from './xml.ts';

/** A small XML tree, for everything that is answered and not passed on: login, queries to the host, router queries. */
export interface Element {
  readonly name: string;
  readonly namespace: string;
  /** By local name; attributes in a namespace and namespace declarations are left out. */
  readonly attributes: ReadonlyMap<string, string>;
  readonly children: readonly Element[];
  /** The character data directly inside, references resolved. */
  readonly text: string;
}

interface OpenElement {
  name: string;
  namespace: string;
  attributes: Map<string, string>;
  children: OpenElement[];
  text: string;
}

/**
 * Reads one element from text that a `StreamReader` has proven to be well-formed.
 * A name without a prefix that has no declaration of its own is in `jabber:client`.
 */
export function parseElement(xml: string): Element {
  const parser = new SaxesParser({
    xmlns: true,
    fragment: true,
    position: false,
    additionalNamespaces: { '': NS.client, stream: NS.streams },
  });
  const root: OpenElement = { name: '', namespace: '', attributes: new Map(), children: [], text: '' };
  const open = [root];
  const top = () => open[open.length - 1] as OpenElement;
  parser.on('opentag', (tag) => {
    const element: OpenElement = { name: tag.local, namespace: tag.uri, attributes: plainAttributes(tag.attributes), children: [], text: '' };
    top().children.push(element);
    open.push(element);
  });
  parser.on('text', (text) => {
    top().text += text;
  });
  parser.on('cdata', (text) => {
    top().text += text;
  });
  parser.on('closetag', () => {
    open.pop();
  });
  parser.write(xml).close();
  return root.children[0] as Element;
}

function plainAttributes(attributes: Record<string, SaxesAttributeNS>): Map<string, string> {
  const plain = new Map<string, string>();
  for (const { local, uri, value } of Object.values(attributes)) {
    if (uri === '') plain.set(local, value);
  }
  return plain;
}

/** The first child of that name (and namespace, if given). */
export function child(element: Element, name: string, namespace?: string): Element | undefined {
  return element.children.find((one) => one.name === name && (namespace === undefined || one.namespace === namespace));
}

/** The text of the first child of that name; undefined where there is none. */
export function childText(element: Element, name: string): string | undefined {
  return child(element, name)?.text;
}

/**
 * Writes an element. Attributes with an empty value are left out.
 * @param content Finished XML, from {@link xml} or {@link text}.
 */
export function xml(name: string, attributes: Record<string, string>, ...content: string[]): string {
  let tag = `<${name}`;
  for (const [key, value] of Object.entries(attributes)) {
    if (value !== '') tag += ` ${key}='${escapeAttribute(value)}'`;
  }
  const inner = content.join('');
  return inner === '' ? `${tag}/>` : `${tag}>${inner}</${name}>`;
}

/** Character data for {@link xml}. */
export const text: (value: string) => string = escapeText;
