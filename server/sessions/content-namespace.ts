import { NS } from '../../shared/namespaces.ts';
import type { Stanza } from '../../shared/stanza.ts';
import { type RawAttribute, rawAttributes } from '../../shared/xml.ts';

/** A CDATA section, or a complete tag, including values that contain `>`. */
const SECTION_OR_TAG = /<!\[CDATA\[[\s\S]*?\]\]>|<(?:"[^"]*"|'[^']*'|[^<>"'])*>/g;

/**
 * Converts a stanza from another content namespace (RFC 6120 §4.8.2) to `jabber:client`. A stanza without a declaration stays as it is: it takes the
 * namespace of the stream to which it is written.
 */
export function adoptNamespace(stanza: Stanza, namespace: string): void {
  const own = declarationOf(stanza.otherAttributes, 0, namespace);
  if (own !== undefined) stanza.otherAttributes = stanza.otherAttributes.slice(0, own.start).trimEnd() + stanza.otherAttributes.slice(own.end);
  stanza.head = adoptedAll(stanza.head, namespace);
  // Later pieces of a stanza contain no declaration.
  stanza.rest = adoptedAll(stanza.rest, namespace);
}

function adoptedAll(content: string, namespace: string): string {
  if (!content.includes(namespace)) return content;
  return content.replace(SECTION_OR_TAG, (part) => (part.startsWith('<!') ? part : adopted(part, namespace)));
}

function adopted(tag: string, namespace: string): string {
  const declaration = declarationOf(tag, tag.search(/[\s/>]/), namespace);
  if (declaration === undefined) return tag;
  const { start, end } = declaration;
  // Keep the length, so that the known position of <opensrf> stays valid.
  return tag.slice(0, start) + `xmlns='${NS.client}'`.padEnd(end - start) + tag.slice(end);
}

function declarationOf(tag: string, offset: number, namespace: string): RawAttribute | undefined {
  return tag.includes('xmlns') ? rawAttributes(tag, offset).find(({ name, rawValue }) => name === 'xmlns' && rawValue === namespace) : undefined;
}
