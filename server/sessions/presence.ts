import { childText, parseElement } from '../../shared/element.ts';
import type { Stanza } from '../../shared/stanza.ts';
import type { Delivery } from './delivery.ts';
import type { Session } from './session.ts';

/**
 * Which sessions have said that they are available (RFC 6121 §4.2), and with what priority: they get what is sent to their bare JID.
 * OpenSRF's never say so. There are no rosters, so nobody is told.
 */
export class Presence {
  private readonly delivery: Delivery;
  /** By bare JID. */
  private readonly available = new Map<string, Map<Session, number>>();

  constructor(delivery: Delivery) {
    this.delivery = delivery;
  }

  presenceRead(session: Session, stanza: Stanza): void {
    if (stanza.to !== '') this.delivery.deliver(stanza);
    else if (stanza.type === '') this.set(session, priorityOf(stanza));
    else if (stanza.type === 'unavailable') this.forget(session);
  }

  /** The available sessions of an account. */
  availableAt(bareJid: string): Session[] {
    return [...(this.available.get(bareJid)?.keys() ?? [])];
  }

  /** The available sessions of an account whose priority is not negative (RFC 6121 §8.5.2.1.1). */
  recipients(bareJid: string): Session[] {
    return [...(this.available.get(bareJid) ?? [])].filter(([, priority]) => priority >= 0).map(([session]) => session);
  }

  forget(session: Session): void {
    const sessions = this.available.get(session.bareJid);
    if (sessions === undefined) return;
    sessions.delete(session);
    if (sessions.size === 0) this.available.delete(session.bareJid);
  }

  private set(session: Session, priority: number): void {
    const sessions = this.available.get(session.bareJid) ?? new Map<Session, number>();
    sessions.set(session, priority);
    this.available.set(session.bareJid, sessions);
  }
}

/** RFC 6121 §4.7.2.3: an integer from -128 to 127, 0 if there is none. */
function priorityOf(stanza: Stanza): number {
  const priority = Number(childText(parseElement(stanza.toXml()), 'priority') ?? '0');
  return Number.isInteger(priority) && Math.abs(priority) <= 128 ? priority : 0;
}
