import type { SaxesAttributeNS } from 'saxes';
import { NS } from '../namespaces.ts';
import type { Stanza } from '../stanza.ts';
import { rawAttributes, unescapeXml } from '../xml.ts';

/** Whether a start tag has attributes without a field in {@link Stanza}. */
export function hasOtherAttributes(attributes: Record<string, SaxesAttributeNS>): boolean {
  for (const name in attributes) {
    if (name !== 'to' && name !== 'from' && name !== 'type' && name !== 'id') return true;
  }
  return false;
}

/** The value of an attribute, or `''`. */
export function attributeValue(attributes: Record<string, SaxesAttributeNS>, name: string): string {
  const attribute = attributes[name];
  return attribute === undefined ? '' : attribute.value;
}

/** Notes the extension attributes of a `<message>` or `<opensrf>` start tag; the first value of each counts. */
export function noteExtension(stanza: Stanza, attributes: Record<string, SaxesAttributeNS>): void {
  stanza.routerFrom ||= attributeValue(attributes, 'router_from');
  stanza.routerClass ||= attributeValue(attributes, 'router_class');
  stanza.routerCommand ||= attributeValue(attributes, 'router_command');
  stanza.transactionId ||= attributeValue(attributes, 'osrf_xid');
}

/** The start tag without the attributes that have fields in {@link Stanza}, and without the declaration that every stream implies. */
export function otherAttributes(startTag: string, offset: number): string {
  let others = '';
  for (const { name, rawValue, start, end } of rawAttributes(startTag, offset)) {
    if (name === 'to' || name === 'from' || name === 'type' || name === 'id') continue;
    if (name === 'xmlns' && unescapeXml(rawValue) === NS.client) continue;
    others += ` ${startTag.slice(start, end)}`;
  }
  return others;
}
