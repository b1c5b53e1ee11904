import type { Stanza } from '../../shared/stanza.ts';
import { BoundSession } from './bound-session.ts';

/** The session of a client: one full JID. */
export class ClientSession extends BoundSession {
  readonly kind = 'client';

  /** OpenSRF's programs, whose streams have no version, answer no ping. */
  get answersPings(): boolean {
    return !this.isVersionless;
  }

  read(stanza: Stanza): void {
    // Stamp `from`; never trust the client's (RFC 6120 §8.1.2.1).
    stanza.from = this.jid;
    this.take(stanza);
  }

  readOversized(stanza: Stanza, length: number): void {
    stanza.from = this.jid;
    this.refuseOversized(stanza, length);
  }

  forward(stanza: Stanza): void {
    switch (stanza.name) {
      case 'message':
        this.environment.delivery.deliver(stanza);
        return;
      case 'iq':
        this.forwardIq(stanza);
        return;
      default:
        this.environment.presence.presenceRead(this, stanza);
    }
  }
}
