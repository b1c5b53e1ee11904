import { detached } from '../../shared/detach.ts';
import { childText } from '../../shared/element.ts';
import type { Endpoint } from '../../shared/endpoint.ts';
import { formatJid, parseJid } from '../../shared/jid.ts';
import type { Origin } from '../../shared/origin.ts';
import { elementOf } from '../../shared/reader/element-of.ts';
import { Stanza } from '../../shared/stanza.ts';
import type { Delivery } from '../delivery/delivery.ts';
import { type FanOutLimits, fanOut, mayFanOut } from '../delivery/fan-out.ts';

/** The approximate memory of an available session, or of an address with directed presence, besides their texts. */
const AVAILABILITY_BYTES = 300;
const ADDRESS_BYTES = 120;

/** The last presence of a session. */
interface Availability {
  readonly priority: number;
  /** The stanza for the account's other sessions. */
  readonly stanza: Stanza;
}

/** A session as presence needs it, here or at another member of a cluster. */
export interface PresentSession extends Endpoint {
  readonly bareJid: string;
  readonly origin: Origin;
  /** Whether its peer is connected to this process. */
  readonly local: boolean;
}

/** Announces to the other members of a cluster which sessions are available here. The end of a session is announced as such. */
export interface PresenceAnnouncer {
  /** @param stanza Its presence, which is kept. */
  available(session: PresentSession, stanza: Stanza): void;
  unavailable(session: PresentSession): void;
}

/** The presence of a session. */
export interface SavedPresence {
  /** Its last presence; null if it is unavailable. */
  readonly stanza: Stanza | null;
  /** The addresses with its directed presence, oldest first. */
  readonly addresses: readonly string[];
}

/** The limits of presence. */
export interface PresenceLimits extends FanOutLimits {
  /** The addresses with directed presence of a session; the oldest are forgotten first. */
  readonly directedPresences: number;
  /** The available sessions of one account. */
  readonly availableSessions: number;
  /** The bytes of a presence stanza. */
  readonly queryBytes: number;
}

/**
 * The available sessions (RFC 6121 §4) with their priorities. They get stanzas to their bare JID, and each other's presence. There are no rosters, so
 * other addresses get only directed presence. OpenSRF's programs never send presence.
 */
export class Presence {
  /** Null outside a cluster. */
  announcer: PresenceAnnouncer | null = null;
  private readonly delivery: Delivery;
  private readonly limits: PresenceLimits;
  /** By bare JID. */
  private readonly available = new Map<string, Map<PresentSession, Availability>>();
  /** The addresses that have a session's directed presence. */
  private readonly directed = new Map<PresentSession, Set<string>>();

  constructor(delivery: Delivery, limits: PresenceLimits) {
    this.delivery = delivery;
    this.limits = limits;
  }

  presenceRead(session: PresentSession, stanza: Stanza): void {
    if (stanza.to !== '') this.directedRead(session, stanza);
    else if (stanza.type === '') this.becameAvailable(session, stanza);
    else if (stanza.type === 'unavailable') this.becameUnavailable(session, stanza);
  }

  /** The presence of a session, for another process; null if it has sent none. */
  save(session: PresentSession): SavedPresence | null {
    const availability = this.available.get(session.bareJid)?.get(session);
    const addresses = [...(this.directed.get(session) ?? [])];
    return availability === undefined && addresses.length === 0 ? null : { stanza: availability?.stanza ?? null, addresses };
  }

  /** Goes on with the presence of a session of another process or member, without sending it again. */
  restore(session: PresentSession, { stanza, addresses }: SavedPresence): void {
    for (const address of addresses) this.remember(session, address);
    if (stanza !== null) this.keep(session, stanza);
  }

  /** Forgets a session of another member. @param isLost Whether that member cannot send its unavailable presence, so that the available sessions here get it from this one. */
  removed(session: PresentSession, isLost: boolean): void {
    if (!this.forget(session) || !isLost) return;
    const here = this.availableAt(session.bareJid).filter(({ local }) => local);
    this.tell(here, session, new Stanza('presence', '', session.jid, 'unavailable', ''));
  }

  /** The available sessions of an account. */
  availableAt(bareJid: string): PresentSession[] {
    return [...(this.available.get(bareJid)?.keys() ?? [])];
  }

  /** The available sessions with non-negative priority (RFC 6121 §8.5.2.1.1). */
  recipients(bareJid: string): PresentSession[] {
    return [...(this.available.get(bareJid) ?? [])].filter(([, { priority }]) => priority >= 0).map(([session]) => session);
  }

  /** The recipients with the highest priority. */
  mostAvailable(bareJid: string): PresentSession[] {
    const sessions = [...(this.available.get(bareJid) ?? [])];
    const highest = Math.max(0, ...sessions.map(([, { priority }]) => priority));
    return sessions.filter(([, { priority }]) => priority === highest).map(([session]) => session);
  }

  /** Sends unavailable presence for a session that has ended (RFC 6121 §4.5.2, §4.6.3). */
  ended(session: PresentSession): void {
    if (!this.directed.has(session) && !this.available.has(session.bareJid)) return;
    const goodbye = new Stanza('presence', '', session.jid, 'unavailable', '');
    if (this.forget(session)) this.tell(this.availableAt(session.bareJid), session, goodbye);
    this.tellDirected(session, goodbye);
  }

  private becameAvailable(session: PresentSession, stanza: Stanza): void {
    const known = this.available.get(session.bareJid);
    const isNew = known?.has(session) !== true;
    // Each presence is sent to all available sessions and kept for later ones.
    if (stanza.length > this.limits.queryBytes || (isNew && known !== undefined && known.size >= this.limits.availableSessions)) return;
    stanza.detach();
    stanza.to = session.bareJid;
    const others = isNew ? [...(known?.values() ?? [])] : [];
    this.keep(session, stanza);
    this.announcer?.available(session, stanza);
    // RFC 6121 §4.2.2: the session gets its own presence too.
    this.tell(this.availableAt(session.bareJid), session, stanza);
    for (const other of others) session.deliver(other.stanza.copy());
  }

  private keep(session: PresentSession, stanza: Stanza): void {
    const sessions = this.available.get(session.bareJid) ?? new Map<PresentSession, Availability>();
    this.charge(session, -costOf(sessions.get(session)));
    const availability = { priority: priorityOf(stanza), stanza };
    this.available.set(session.bareJid, sessions.set(session, availability));
    this.charge(session, costOf(availability));
  }

  private becameUnavailable(session: PresentSession, stanza: Stanza): void {
    // It may go to a thousand addresses, so drop the content of a long one.
    const goodbye = stanza.length > this.limits.queryBytes ? new Stanza('presence', '', session.jid, 'unavailable', stanza.id) : stanza;
    const recipients = this.availableAt(session.bareJid);
    if (this.forget(session)) {
      this.announcer?.unavailable(session);
      this.tell(recipients, session, goodbye);
    }
    this.tellDirected(session, goodbye);
  }

  /** Removes a session. @returns whether it was available. */
  private forget(session: PresentSession): boolean {
    const sessions = this.available.get(session.bareJid);
    const availability = sessions?.get(session);
    if (sessions === undefined || availability === undefined) return false;
    sessions.delete(session);
    this.charge(session, -costOf(availability));
    if (sessions.size === 0) this.available.delete(session.bareJid);
    return true;
  }

  private tell(recipients: readonly PresentSession[], session: PresentSession, stanza: Stanza): void {
    stanza.to = session.bareJid;
    fanOut(mayFanOut(stanza, recipients.length, this.limits) ? stanza : withoutContent(stanza), recipients);
  }

  /** RFC 6121 §4.6: directed presence. */
  private directedRead(session: PresentSession, stanza: Stanza): void {
    if (stanza.type === '') this.remember(session, stanza.to);
    else if (stanza.type === 'unavailable') this.forgetAddress(session, addressOf(stanza.to));
    this.delivery.deliver(stanza);
  }

  private remember(session: PresentSession, to: string): void {
    const address = addressOf(to);
    const addresses = this.directed.get(session) ?? new Set<string>();
    if (addresses.has(address)) return;
    this.directed.set(session, addresses.add(address));
    this.charge(session, ADDRESS_BYTES + address.length);
    if (addresses.size <= this.limits.directedPresences) return;
    const [oldest] = addresses;
    this.forgetAddress(session, oldest as string);
  }

  private forgetAddress(session: PresentSession, address: string): void {
    if (this.directed.get(session)?.delete(address) === true) this.charge(session, -ADDRESS_BYTES - address.length);
  }

  private charge(session: PresentSession, bytes: number): void {
    session.origin.account.charge(bytes);
  }

  private tellDirected(session: PresentSession, goodbye: Stanza): void {
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

/** A presence without its content, for too many copies. */
function withoutContent({ to, from, type, id, origin }: Stanza): Stanza {
  const stanza = new Stanza('presence', to, from, type, id);
  stanza.origin = origin;
  return stanza;
}

function costOf(availability: Availability | undefined): number {
  return availability === undefined ? 0 : availability.stanza.cost + AVAILABILITY_BYTES;
}

/** The normal form of an address, detached from the input; an invalid JID stays as it is. */
function addressOf(to: string): string {
  const jid = parseJid(to);
  return detached(jid === null ? to : formatJid(jid));
}

/** RFC 6121 §4.7.2.3: an integer from -128 to 127, 0 if there is none. */
function priorityOf(stanza: Stanza): number {
  const priority = Number(childText(elementOf(stanza), 'priority') ?? '0');
  return Number.isInteger(priority) && priority >= -128 && priority <= 127 ? priority : 0;
}
