import { NS } from '../../../shared/namespaces.ts';
import { attributeXml, errorContent, type Framing } from '../framing.ts';

const STREAM_PREFIX = `xmlns:stream='${NS.streams}'`;

/** RFC 7395 §3.3: each element is a separate document with its own namespace declarations. */
export const WEBSOCKET_FRAMING: Framing = {
  header: ({ from, id, version }) => `<open xmlns='${NS.framing}'${attributeXml('id', id)}${attributeXml('from', from)}${attributeXml('version', version)}/>`,
  features: (content) => `<stream:features ${STREAM_PREFIX}>${content}</stream:features>`,
  stanza: (stanza) => `<${stanza.name} xmlns='${NS.client}'${stanza.toXml().slice(1 + stanza.name.length)}`,
  error: (error) => `<stream:error ${STREAM_PREFIX}>${errorContent(error)}</stream:error>`,
  footer: `<close xmlns='${NS.framing}'/>`,
};
