import { xml } from '../../../shared/element.ts';

const RELATION = 'urn:xmpp:alt-connections:websocket';
const XRD = 'http://docs.oasis-open.org/ns/xri/xrd-1.0';

/** A document a client may ask for to find the WebSocket (XEP-0156 §3). */
export interface HostMeta {
  readonly type: string;
  readonly text: string;
}

/** @param path Of the request. @param url Of the WebSocket, as the one who asks reaches it. @returns null for another path. */
export function hostMeta(path: string, url: string): HostMeta | null {
  switch (path) {
    case '/.well-known/host-meta':
      return {
        type: 'application/xrd+xml',
        text: `<?xml version='1.0' encoding='utf-8'?>${xml('XRD', { xmlns: XRD }, xml('Link', { rel: RELATION, href: url }))}`,
      };
    case '/.well-known/host-meta.json':
      return { type: 'application/json', text: JSON.stringify({ links: [{ rel: RELATION, href: url }] }) };
    default:
      return null;
  }
}
