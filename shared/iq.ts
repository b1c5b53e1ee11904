import { Stanza } from './stanza.ts';

/** An `<iq>` (RFC 6120 §8.2.3). @param content Finished XML; `''`: none. */
export function iqStanza(to: string, from: string, type: 'get' | 'set' | 'result' | 'error', id: string, content: string): Stanza {
  const stanza = new Stanza('iq', to, from, type, id);
  stanza.inner = content === '' ? '' : `${content}</iq>`;
  return stanza;
}
