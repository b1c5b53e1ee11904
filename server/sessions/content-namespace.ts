import { NS } from '../../shared/namespaces.ts';
import type { Stanza } from '../../shared/stanza.ts';
import { type RawAttribute, rawAttributes } from '../../shared/xml.ts';

/** A CDATA section, or a whole tag, values with a `>` in them included. */
const SECTION_OR_TAG = /<!\[CDATA\[[\s\S]*?\]\]>|<(?:"[^"]*"|'[^']*'|[^<>"'])*>/g;

/**
 * Takes a stanza from a stream with another content namespace (RFC 6120 §4.8.2) into `jabber:client`. What declares nothing needs nothing: its
 * namespace is that of the stream it is written to.
 */
export function adoptNamespace(stanza: Stanza, namespace: string): void {
  const own = declarationOf(stanza.otherAttributes, 0, namespace);
  if (own !== undefined) stanza.otherAttributes = stanza.otherAttributes.slice(0, own.start).trimEnd() + stanza.otherAttributes.slice(own.end);
  stanza.head = adoptedAll(stanza.head, namespace);
  // Behind that, a stanza in several pieces holds no declaration.
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
  // As long as what stood there, so that the place of <opensrf> in the text stays known.
  return tag.slice(0, start) + `xmlns='${NS.client}'`.padEnd(end - start) + tag.slice(end);
}

function declarationOf(tag: string, offset: number, namespace: string): RawAttribute | undefined {
  return tag.includes('xmlns') ? rawAttributes(tag, offset).find(({ name, rawValue }) => name === 'xmlns' && rawValue === namespace) : undefined;
}
