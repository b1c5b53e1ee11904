import { detached } from '../../shared/detach.ts';
import { StanzaError, StreamError } from '../../shared/errors.ts';
import { formatJid, parseJid } from '../../shared/jid.ts';
import { NS } from '../../shared/namespaces.ts';
import type { Stanza } from '../../shared/stanza.ts';
import { BoundSession } from './bound-session.ts';
import { adoptNamespace } from './content-namespace.ts';
import type { Link } from './link.ts';
import type { SessionLife } from './session.ts';
import type { SessionEnvironment } from './session-environment.ts';

/**
 * The session of a component (XEP-0114), which has a whole domain: it receives stanzas to any address there, and sends from any of them.
 * To the router it is one session with many addresses.
 */
export class ComponentSession extends BoundSession {
  readonly kind = 'component';

  constructor(domain: string, link: Link, environment: SessionEnvironment, life?: SessionLife) {
    super({ username: '', domain, resource: '', isRouterAccount: false, isVersionless: false }, link, environment, life);
  }

  /** False: a component's stream has no version, and many libraries leave queries to the application. */
  get answersPings(): boolean {
    return false;
  }

  read(stanza: Stanza): void {
    stanza.from = this.addressFrom(stanza.from);
    adoptNamespace(stanza, NS.component);
    this.take(stanza);
  }

  readOversized(stanza: Stanza, length: number): void {
    stanza.from = this.addressFrom(stanza.from);
    this.refuseOversized(stanza, length);
  }

  forward(stanza: Stanza): void {
    const { delivery } = this.environment;
    // RFC 6120 §8.1.1.2 defines a stream error; a bounce keeps the stream.
    if (stanza.to === '') delivery.bounce(stanza, new StanzaError('bad-request', 'a component must set "to"'));
    else if (stanza.name === 'iq') this.forwardIq(stanza);
    else delivery.deliver(stanza);
  }

  /** RFC 6120 §8.1.2.2: an address of another domain ends the stream; without `from`, the sender is the domain itself. */
  private addressFrom(from: string): string {
    if (from === '') return this.jid;
    const jid = parseJid(from);
    if (jid?.domain !== this.origin.domain) throw new StreamError('invalid-from', `"from" must be an address of ${this.origin.domain}`);
    return detached(formatJid(jid));
  }
}
