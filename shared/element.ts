import { escapeAttribute, escapeText } from './xml.ts';

/** A small XML tree, for input that is answered and not passed on: login, queries to the host, router queries. */
export interface Element {
  readonly name: string;
  /** The prefix as written; `''`: none. */
  readonly prefix: string;
  readonly namespace: string;
  /** By local name, without namespaced attributes and namespace declarations. */
  readonly attributes: ReadonlyMap<string, string>;
  readonly children: readonly Element[];
  /** The character data directly inside, references resolved. */
  readonly text: string;
}

/** The first child of that name (and namespace, if given); undefined if absent. */
export function child(element: Element | null, name: string, namespace?: string): Element | undefined {
  return element?.children.find((one) => one.name === name && (namespace === undefined || one.namespace === namespace));
}

/** The text of the first child of that name; undefined if absent. */
export function childText(element: Element | null, name: string): string | undefined {
  return child(element, name)?.text;
}

/**
 * Writes an element without its empty attributes.
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
