import type { StanzaError } from '../../shared/errors.ts';
import { NS } from '../../shared/namespaces.ts';
import type { Stanza } from '../../shared/stanza.ts';
import { BoundSession } from '../sessions/bound-session.ts';
import { adoptNamespace } from '../sessions/content-namespace.ts';
import type { Link } from '../sessions/link.ts';
import type { SessionLife } from '../sessions/session.ts';
import type { SessionEnvironment } from '../sessions/session-environment.ts';
import type { SentMessages } from './sent-messages.ts';

/** What a peer server may do. */
export interface PeerRights {
  /** The bare address of its router, which may set `router_from`; `''`: none. */
  readonly router: string;
  readonly sent: SentMessages;
}

/** The declaration that each stanza inherits from the header of a stream between servers, and that none uses. */
const DIALBACK = ` xmlns:db='${NS.dialback}'`;

/**
 * The session of another server's domain, as long as stanzas can be exchanged with it. To the router it is one session with many addresses, like a component:
 * when it ends, all listeners of the domain leave their pools.
 */
export class PeerSession extends BoundSession {
  readonly kind = 'peer';
  readonly answersPings = false;
  private readonly rights: PeerRights;

  /** @param life That of a session in another process. */
  constructor(domain: string, rights: PeerRights, link: Link, environment: SessionEnvironment, life?: SessionLife) {
    super({ username: '', domain, resource: '', isRouterAccount: false, isVersionless: false }, link, environment, life);
    this.rights = rights;
  }

  /** Called for a stanza whose domains have been verified, and whose sender is in its normal form. */
  read(stanza: Stanza): void {
    adoptNamespace(stanza, NS.server);
    if (stanza.otherAttributes.endsWith(DIALBACK) && !mentions(stanza, 'db:')) stanza.otherAttributes = stanza.otherAttributes.slice(0, -DIALBACK.length);
    this.take(stanza);
  }

  readOversized(stanza: Stanza, length: number): void {
    this.refuseOversized(stanza, length);
  }

  forward(stanza: Stanza): void {
    const { delivery } = this.environment;
    if (stanza.name === 'iq') this.forwardIq(stanza);
    else delivery.deliver(stanza.type === 'error' && stanza.name === 'message' ? this.rights.sent.completed(stanza) : stanza);
  }

  override deliver(stanza: Stanza): void {
    if (stanza.name === 'message') this.rights.sent.remember(stanza);
    super.deliver(stanza);
  }

  /** Refuses a stanza that the peer would not take. */
  refuse(stanza: Stanza, error: StanzaError): void {
    this.environment.delivery.bounce(stanza, error);
  }

  protected override mayForward({ from }: Stanza): boolean {
    const { router } = this.rights;
    return router !== '' && (from === router || from.startsWith(`${router}/`));
  }
}

function mentions({ otherAttributes, head, rest, more }: Stanza, text: string): boolean {
  return otherAttributes.slice(0, -DIALBACK.length).includes(text) || head.includes(text) || rest.includes(text) || more.some((piece) => piece.includes(text));
}
