import type { Endpoint } from '../../shared/endpoint.ts';
import { StanzaError } from '../../shared/errors.ts';
import { type Jid, parseJid } from '../../shared/jid.ts';
import type { Stanza } from '../../shared/stanza.ts';
import type { Delivery } from '../delivery/delivery.ts';
import { type FanOutLimits, fanOut, mayFanOut } from '../delivery/fan-out.ts';
import type { Presence } from '../sessions/presence.ts';
import { ACCOUNT_HANDLERS, HOST_HANDLERS, type IqHandlers } from './handlers/handlers.ts';
import type { Queries } from './queries.ts';

/**
 * The endpoint of a served domain: it answers queries to the domain, acts for its accounts, and bounces undeliverable stanzas.
 */
export class Host implements Endpoint {
  readonly jid: string;
  private readonly delivery: Delivery;
  private readonly presence: Presence;
  private readonly queries: Queries;
  private readonly limits: FanOutLimits;

  constructor(domain: string, delivery: Delivery, presence: Presence, queries: Queries, limits: FanOutLimits) {
    this.jid = domain;
    this.delivery = delivery;
    this.presence = presence;
    this.queries = queries;
    this.limits = limits;
  }

  deliver(stanza: Stanza): void {
    const to = parseJid(stanza.to);
    if (to === null) this.notFound(stanza);
    else if (to.resource !== '' && this.delivery.elsewhere?.find(stanza, this.absent) === true) return;
    else this.deliverTo(to, stanza);
  }

  /** The session of the address is neither here nor at another member of a cluster. */
  private readonly absent = (stanza: Stanza): void => {
    const to = parseJid(stanza.to);
    if (to !== null) this.deliverTo(to, stanza);
  };

  private deliverTo(to: Jid, stanza: Stanza): void {
    if (to.resource !== '' && !isChat(stanza)) this.notFound(stanza);
    else if (to.local === '') this.answer(stanza, HOST_HANDLERS);
    else this.deliverToAccount(stanza, `${to.local}@${to.domain}`);
  }

  /** RFC 6121 §8.5.2: a bare JID. */
  private deliverToAccount(stanza: Stanza, bareJid: string): void {
    // RFC 6121 §8.5.2.1.3: the server answers an iq on behalf of the account, here only from the account's own sessions.
    if (stanza.name === 'iq' && stanza.from.startsWith(`${bareJid}/`)) {
      this.answer(stanza, ACCOUNT_HANDLERS);
      return;
    }
    const recipients = this.recipients(stanza, bareJid);
    if (recipients.length === 0) this.notFound(stanza);
    else if (mayFanOut(stanza, recipients.length, this.limits)) fanOut(stanza, recipients);
    else this.delivery.bounce(stanza, new StanzaError('resource-constraint', `the account has ${recipients.length} sessions, too many for a stanza this long`));
  }

  private recipients({ name, type }: Stanza, bareJid: string): readonly Endpoint[] {
    // RFC 6121 §8.5.2.1.2: of any priority.
    if (name === 'presence') return type === '' || type === 'unavailable' ? this.presence.availableAt(bareJid) : [];
    if (name !== 'message' || type === 'error' || type === 'groupchat') return [];
    // RFC 6121 §8.5.2.1.1
    return type === 'headline' ? this.presence.recipients(bareJid) : this.presence.mostAvailable(bareJid);
  }

  private answer(stanza: Stanza, handlers: IqHandlers): void {
    if (stanza.name !== 'iq' || (stanza.type !== 'get' && stanza.type !== 'set')) {
      this.notFound(stanza);
      return;
    }
    this.queries.answer(stanza, handlers, this.jid);
  }

  /** RFC 6121 §8.5.3.2: no session. Drops headlines, presence, errors and results; bounces the rest. */
  private notFound(stanza: Stanza): void {
    if (stanza.name === 'message' && stanza.type === 'headline') return;
    this.delivery.bounce(stanza, new StanzaError('service-unavailable'));
  }
}

/** RFC 6121 §8.5.3.2.1: a chat to a missing resource goes to the account's other sessions. */
function isChat(stanza: Stanza): boolean {
  return stanza.name === 'message' && stanza.type === 'chat';
}
