import { NS } from '../../../shared/namespaces.ts';
import type { Stanza } from '../../../shared/stanza.ts';
import { attributeXml, errorContent, type Framing } from '../framing.ts';

const STREAM_PREFIX = `xmlns:stream='${NS.streams}'`;

/** RFC 7395 §3.3: each element is a separate document with its own namespace declarations. */
export const WEBSOCKET_FRAMING: Framing = {
  header: ({ from, id, version }) => `<open xmlns='${NS.framing}'${attributeXml('id', id)}${attributeXml('from', from)}${attributeXml('version', version)}/>`,
  features: (content) => `<stream:features ${STREAM_PREFIX}>${content}</stream:features>`,
  stanza: (stanza) => withNamespace(stanza, stanza.toXml()),
  error: (error) => `<stream:error ${STREAM_PREFIX}>${errorContent(error)}</stream:error>`,
  footer: `<close xmlns='${NS.framing}'/>`,
};

/** A long stanza as the fragments of its frame (RFC 6455 §5.4): joining it would take longer than sending it. */
export function fragmentsOf(stanza: Stanza): string[] {
  const [first, ...others] = stanza.toPieces();
  return [withNamespace(stanza, first as string), ...others];
}

function withNamespace({ name }: Stanza, xml: string): string {
  return `<${name} xmlns='${NS.client}'${xml.slice(1 + name.length)}`;
}
