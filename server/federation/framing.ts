import { NS } from '../../shared/namespaces.ts';
import { attributeXml, type Framing, STREAM_FRAMING } from '../net/framing.ts';

/** The format of a stream between two servers, which names the peer too (RFC 6120 §4.7.2). */
export interface PeerFraming extends Framing {
  /** The peer's domain, as it wrote it; `''`: omitted. */
  to: string;
}

/** The framing of one stream. */
export function peerFraming(to: string): PeerFraming {
  return {
    ...STREAM_FRAMING,
    to,
    header({ from, id, version }) {
      const attributes = attributeXml('id', id) + attributeXml('from', from) + attributeXml('to', this.to) + attributeXml('version', version);
      return `<?xml version='1.0'?><stream:stream${attributes} xmlns='${NS.server}' xmlns:db='${NS.dialback}' xmlns:stream='${NS.streams}'>`;
    },
  };
}
