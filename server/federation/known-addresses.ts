import { detached } from '../../shared/detach.ts';
import { formatJid, parseJid } from '../../shared/jid.ts';

/** An address of a stanza. */
export interface KnownAddress {
  readonly domain: string;
  /** In its normal form. */
  readonly jid: string;
}

const MAX_ADDRESSES = 256;
/** Longer ones are not remembered. */
const MAX_LENGTH = 256;

/** The addresses on a stream: few senders and recipients write most stanzas, and parsing an address and copying it takes as long as the rest of the way. */
export class KnownAddresses {
  private readonly addresses = new Map<string, KnownAddress>();

  /** Null: it is not an address. */
  of(text: string): KnownAddress | null {
    return this.addresses.get(text) ?? this.add(text);
  }

  private add(text: string): KnownAddress | null {
    const jid = parseJid(text);
    if (jid === null) return null;
    const address = { domain: detached(jid.domain), jid: detached(formatJid(jid)) };
    if (text.length > MAX_LENGTH) return address;
    if (this.addresses.size >= MAX_ADDRESSES) this.addresses.clear();
    this.addresses.set(detached(text), address);
    return address;
  }
}
