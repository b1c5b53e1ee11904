import { detached } from '../../shared/detach.ts';
import { StanzaError, StreamError } from '../../shared/errors.ts';
import { formatJid, parseJid } from '../../shared/jid.ts';
import { NS } from '../../shared/namespaces.ts';
import type { Stanza } from '../../shared/stanza.ts';
import type { Connection } from '../net/connection.ts';
import { adoptNamespace } from './content-namespace.ts';
import { isStanzaName, Session, type SessionEnvironment, unsupportedStanza } from './session.ts';

/**
 * A program that has a whole domain (XEP-0114): it gets whatever is sent to an address there, and speaks for every one of them.
 * To the router it is one session with many addresses.
 */
export class Component extends Session {
  constructor(domain: string, connection: Connection, environment: SessionEnvironment) {
    super({ username: '', domain, resource: '', privileged: false, legacy: false }, connection, environment);
  }

  /** A component's stream has no version either, and many libraries leave every query to their user. */
  override get answersPings(): boolean {
    return false;
  }

  override stanzaRead(stanza: Stanza, namespace: string): void {
    // Some libraries declare jabber:client on each stanza whatever the stream's namespace is.
    if ((namespace !== NS.component && namespace !== NS.client) || !isStanzaName(stanza.name)) throw unsupportedStanza(stanza, namespace);
    stanza.from = this.addressFrom(stanza.from);
    adoptNamespace(stanza, NS.component);
    this.take(stanza);
  }

  override oversizedStanzaRead(stanza: Stanza): void {
    stanza.from = this.addressFrom(stanza.from);
    this.refuseOversized(stanza);
  }

  override forward(stanza: Stanza): void {
    const { delivery } = this.environment;
    // RFC 6120 §8.1.1.2 has a stream error for it; a bounce tells as much and ends nothing.
    if (stanza.to === '') delivery.bounce(stanza, new StanzaError('bad-request', 'a component has to say whom a stanza is for'));
    else if (stanza.name === 'presence') delivery.deliver(stanza);
    else super.forward(stanza);
  }

  /** RFC 6120 §8.1.2.2: an address of its own domain, or the stream ends; the domain itself where it says none. */
  private addressFrom(from: string): string {
    if (from === '') return this.jid;
    const jid = parseJid(from);
    if (jid?.domain !== this.domain) throw new StreamError('invalid-from', `"from" must be an address of ${this.domain}`);
    return detached(formatJid(jid));
  }
}
