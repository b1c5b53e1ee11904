import { parseJid } from '../shared/jid.ts';
import type { Stanza } from '../shared/stanza.ts';

/** The domain a stanza comes from: of the session that sent it, or of its stamped address. */
export function senderDomain(stanza: Stanza): string {
  return stanza.sender === null ? (parseJid(stanza.from)?.domain ?? '') : stanza.sender.domain;
}
