import { xml } from '../../shared/element.ts';

const RELATION = 'urn:xmpp:alt-connections:websocket';
const XRD = 'http://docs.oasis-open.org/ns/xri/xrd-1.0';

/** A document by which clients discover the WebSocket (XEP-0156 §3). */
export interface HostMeta {
  readonly type: string;
  readonly text: string;
}

const PATHS: readonly string[] = ['/.well-known/host-meta', '/.well-known/host-meta.json'];

/** Whether such a document is at the path. */
export function isHostMeta(path: string): boolean {
  return PATHS.includes(path);
}

/** @param path One of {@link isHostMeta}. @param url The WebSocket's URL, as the client reaches it. */
export function hostMeta(path: string, url: string): HostMeta {
  if (path.endsWith('.json')) return { type: 'application/json', text: JSON.stringify({ links: [{ rel: RELATION, href: url }] }) };
  return {
    type: 'application/xrd+xml',
    text: `<?xml version='1.0' encoding='utf-8'?>${xml('XRD', { xmlns: XRD }, xml('Link', { rel: RELATION, href: url }))}`,
  };
}
