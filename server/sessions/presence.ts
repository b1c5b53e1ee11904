import { detached } from '../../shared/detach.ts';
import { childText } from '../../shared/element.ts';
import { formatJid, parseJid } from '../../shared/jid.ts';
import { elementOf } from '../../shared/reader/element-of.ts';
import { Stanza } from '../../shared/stanza.ts';
import type { Delivery } from '../delivery/delivery.ts';
import { type FanOutLimits, fanOut, mayFanOut } from '../delivery/fan-out.ts';
import type { Session } from './session.ts';

/** What an available session, and an address that got directed presence, take besides their texts. */
const AVAILABILITY_BYTES = 300;
const ADDRESS_BYTES = 120;

/** What a session last said of itself. */
interface Availability {
  readonly priority: number;
  /** As its account's other sessions are told. */
  readonly stanza: Stanza;
}

/** How much of it there may be. */
export interface PresenceLimits extends FanOutLimits {
  /** Addresses that are remembered for a session; the oldest are forgotten first. */
  readonly directedPresences: number;
  /** Sessions of one account that are available at once. */
  readonly availableSessions: number;
  /** What a session may say of itself. */
  readonly queryBytes: number;
}

/**
 * Which sessions have said that they are available (RFC 6121 §4), and with what priority: they get what is sent to their bare JID, and
 * are told of each other. There are no rosters, so nobody else is told but those a session wrote to. OpenSRF's programs never say a word.
 */
export class Presence {
  private readonly delivery: Delivery;
  private readonly limits: PresenceLimits;
  /** By bare JID. */
  private readonly available = new Map<string, Map<Session, Availability>>();
  /** Whom a session has told that it is there, and not yet that it is gone. */
  private readonly directed = new Map<Session, Set<string>>();

  constructor(delivery: Delivery, limits: PresenceLimits) {
    this.delivery = delivery;
    this.limits = limits;
  }

  presenceRead(session: Session, stanza: Stanza): void {
    if (stanza.to !== '') this.directedRead(session, stanza);
    else if (stanza.type === '') this.becameAvailable(session, stanza);
    else if (stanza.type === 'unavailable') this.becameUnavailable(session, stanza);
  }

  /** The available sessions of an account. */
  availableAt(bareJid: string): Session[] {
    return [...(this.available.get(bareJid)?.keys() ?? [])];
  }

  /** Those of them whose priority is not negative (RFC 6121 §8.5.2.1.1). */
  recipients(bareJid: string): Session[] {
    return [...(this.available.get(bareJid) ?? [])].filter(([, { priority }]) => priority >= 0).map(([session]) => session);
  }

  /** Those with the highest priority of these; more than one only if they share it. */
  mostAvailable(bareJid: string): Session[] {
    const sessions = [...(this.available.get(bareJid) ?? [])];
    const highest = Math.max(0, ...sessions.map(([, { priority }]) => priority));
    return sessions.filter(([, { priority }]) => priority === highest).map(([session]) => session);
  }

  /** The session has ended: whoever believes that it is there is told otherwise (RFC 6121 §4.5.2, §4.6.3). */
  ended(session: Session): void {
    if (!this.directed.has(session) && !this.available.has(session.bareJid)) return;
    const goodbye = new Stanza('presence', '', session.jid, 'unavailable', '');
    if (this.forget(session)) this.tell(this.availableAt(session.bareJid), session, goodbye);
    this.tellDirected(session, goodbye);
  }

  private becameAvailable(session: Session, stanza: Stanza): void {
    const sessions = this.available.get(session.bareJid) ?? new Map<Session, Availability>();
    // Each word goes to all of them, and is kept for those to come.
    if (stanza.length > this.limits.queryBytes || (sessions.size >= this.limits.availableSessions && !sessions.has(session))) return;
    stanza.detach();
    this.available.set(session.bareJid, sessions);
    const others = sessions.has(session) ? [] : [...sessions.values()];
    this.charge(session, -costOf(sessions.get(session)));
    const availability = { priority: priorityOf(stanza), stanza };
    sessions.set(session, availability);
    this.charge(session, costOf(availability));
    // RFC 6121 §4.2.2: its own word comes back to it as well.
    this.tell([...sessions.keys()], session, stanza);
    for (const other of others) session.deliver(other.stanza.copy());
  }

  private becameUnavailable(session: Session, stanza: Stanza): void {
    // One word goes to a thousand: that it is gone is all that a long one has to say.
    const goodbye = stanza.length > this.limits.queryBytes ? new Stanza('presence', '', session.jid, 'unavailable', stanza.id) : stanza;
    const recipients = this.availableAt(session.bareJid);
    if (this.forget(session)) this.tell(recipients, session, goodbye);
    this.tellDirected(session, goodbye);
  }

  /** @returns whether it was available. */
  private forget(session: Session): boolean {
    const sessions = this.available.get(session.bareJid);
    const availability = sessions?.get(session);
    if (sessions === undefined || availability === undefined) return false;
    sessions.delete(session);
    this.charge(session, -costOf(availability));
    if (sessions.size === 0) this.available.delete(session.bareJid);
    return true;
  }

  private tell(recipients: readonly Session[], session: Session, stanza: Stanza): void {
    stanza.to = session.bareJid;
    fanOut(mayFanOut(stanza, recipients.length, this.limits) ? stanza : withoutContent(stanza), recipients);
  }

  /** RFC 6121 §4.6: nobody's business but the two. */
  private directedRead(session: Session, stanza: Stanza): void {
    if (stanza.type === '') this.remember(session, stanza.to);
    else if (stanza.type === 'unavailable') this.forgetAddress(session, addressOf(stanza.to));
    this.delivery.deliver(stanza);
  }

  private remember(session: Session, to: string): void {
    const address = addressOf(to);
    const addresses = this.directed.get(session) ?? new Set<string>();
    if (addresses.has(address)) return;
    this.directed.set(session, addresses.add(address));
    this.charge(session, ADDRESS_BYTES + address.length);
    if (addresses.size <= this.limits.directedPresences) return;
    const [oldest] = addresses;
    this.forgetAddress(session, oldest as string);
  }

  private forgetAddress(session: Session, address: string): void {
    if (this.directed.get(session)?.delete(address) === true) this.charge(session, -ADDRESS_BYTES - address.length);
  }

  private charge(session: Session, bytes: number): void {
    session.origin.account.charge(bytes);
  }

  private tellDirected(session: Session, goodbye: Stanza): void {
    const addresses = this.directed.get(session);
    if (addresses === undefined) return;
    this.directed.delete(session);
    const original = mayFanOut(goodbye, addresses.size, this.limits) ? goodbye : withoutContent(goodbye);
    for (const address of addresses) {
      this.charge(session, -ADDRESS_BYTES - address.length);
      const stanza = original.copy();
      stanza.to = address;
      this.delivery.deliver(stanza);
    }
  }
}

/** The same presence without its content, where all copies of that would be too much. */
function withoutContent({ to, from, type, id, origin }: Stanza): Stanza {
  const stanza = new Stanza('presence', to, from, type, id);
  stanza.origin = origin;
  return stanza;
}

function costOf(availability: Availability | undefined): number {
  return availability === undefined ? 0 : availability.stanza.cost + AVAILABILITY_BYTES;
}

/** An address in its one spelling, as a copy of its own; one that is no JID as it is. */
function addressOf(to: string): string {
  const jid = parseJid(to);
  return detached(jid === null ? to : formatJid(jid));
}

/** RFC 6121 §4.7.2.3: an integer from -128 to 127, 0 if there is none. */
function priorityOf(stanza: Stanza): number {
  const priority = Number(childText(elementOf(stanza), 'priority') ?? '0');
  return Number.isInteger(priority) && priority >= -128 && priority <= 127 ? priority : 0;
}
