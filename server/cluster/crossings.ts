import { StanzaError } from '../../shared/errors.ts';
import { formatJid, parseJid } from '../../shared/jid.ts';
import { type Origin, SERVER_ORIGIN } from '../../shared/origin.ts';
import { BOUNCES, type Stanza } from '../../shared/stanza.ts';
import type { Delivery } from '../delivery/delivery.ts';
import type { Directory } from '../delivery/directory.ts';
import type { Elsewhere } from '../delivery/elsewhere.ts';
import type { ServerClock } from '../kernel/clock.ts';
import { BoundSession } from '../sessions/bound-session.ts';
import { Asks } from './asks.ts';
import { FRAME_KINDS, type Frame, writeFrame } from './frame.ts';
import type { KnownSessions } from './known-sessions.ts';
import type { MemberReplica } from './member-replica.ts';
import type { RouterReplicas } from './router-replicas.ts';
import { endedOrigin, MOST_HOPS, type ReceivedStanza, readStanza } from './stanza-frame.ts';

/** The parts of the server that stanzas come from and go to. */
export interface CrossingsEnvironment {
  readonly directory: Directory;
  readonly delivery: Delivery;
  readonly clock: ServerClock;
  /** The longest that other members may take to answer whether they have a session, in milliseconds. */
  readonly askMs: number;
}

/** The stanzas that cross from member to member. */
export class Crossings implements Elsewhere {
  readonly asks: Asks;
  /** The members that the stanza being delivered has come through. */
  hops = 0;
  private readonly environment: CrossingsEnvironment;
  private readonly known: KnownSessions;
  private readonly routers: RouterReplicas;

  constructor(environment: CrossingsEnvironment, known: KnownSessions, routers: RouterReplicas) {
    this.environment = environment;
    this.known = known;
    this.routers = routers;
    const { clock, askMs } = environment;
    this.asks = new Asks({ clock, askMs, ask: (jid) => this.askAll(jid), deliver: (jid, stanza) => this.deliverIfKnown(jid, stanza) });
  }

  /** A stanza has come from another member. */
  came(replica: MemberReplica, received: ReceivedStanza): void {
    const { stanza, target, hops } = received;
    stanza.origin = this.originOf(replica, received);
    const session = target === 0 ? undefined : this.known.here(target)?.session;
    if (session !== undefined) session.deliver(stanza);
    else if (isForeign(stanza)) replica.sendReturned(stanza);
    else this.relay(stanza, hops + 1);
  }

  /** A request that was not written has come back. */
  cameBack(replica: MemberReplica, received: ReceivedStanza): void {
    const { stanza, returnPath } = received;
    stanza.origin = this.originOf(replica, received);
    this.routers.returned(returnPath, stanza);
  }

  /** Returns a request that was not written to the member whose router has handed it over. @returns false if that is this one. */
  returned(stanza: Stanza): boolean {
    if (!isForeign(stanza)) return false;
    // Without its client, nothing waits for the answer.
    this.known.memberOf(stanza.origin)?.sendReturned(stanza);
    return true;
  }

  sendBack(request: Stanza, answer: Stanza): boolean {
    if (!isForeign(request)) return false;
    this.known.memberOf(request.origin)?.sendStanza(0, answer);
    return true;
  }

  find(stanza: Stanza, absent: (stanza: Stanza) => void): boolean {
    const jid = parseJid(stanza.to);
    return jid !== null && this.hops < MOST_HOPS && this.asks.find(formatJid(jid), stanza, absent);
  }

  /** Says to a member whether this one has the session of an address. */
  answerAsk(replica: MemberReplica, jid: string): void {
    const endpoint = this.environment.directory.get(jid);
    const found = endpoint instanceof BoundSession;
    if (found) replica.introduce(endpoint.origin.session);
    replica.sendFrame(writeFrame(FRAME_KINDS.answer, [found ? 1 : 0], jid));
  }

  /** Settles a frame that a lost member has perhaps not received: the ledger settles requests; other stanzas bounce. */
  settle(frame: Frame, published: boolean): void {
    if (frame.kind !== FRAME_KINDS.stanza) return;
    const { stanza, returnPath, sender, senderMember } = readStanza(frame);
    const local = senderMember === '' ? this.known.here(sender) : undefined;
    if (local === undefined) return;
    stanza.origin = local.session.origin;
    if (returnPath === BOUNCES) this.unreachable(stanza, published);
    else if (!published) this.routers.returned(returnPath, stanza);
  }

  /** Bounces a stanza to a session of a lost member. @param published Whether the member may have received it. */
  unreachable(stanza: Stanza, published = false): void {
    const text = `the member of the cluster that has this session is lost${published ? '; the stanza may have been delivered' : ''}`;
    this.environment.delivery.bounce(stanza, new StanzaError('remote-server-timeout', text));
  }

  /** Bounces a stanza to a session of a member that takes nothing more. */
  refuse(stanza: Stanza): void {
    this.environment.delivery.bounce(stanza, new StanzaError('resource-constraint', 'too much waits for the member of the cluster that has this session'));
  }

  /** Delivers a stanza whose recipient may be at a third member by now. */
  private relay(stanza: Stanza, hops: number): void {
    if (hops > MOST_HOPS) {
      // The bounce has a way of its own.
      this.environment.delivery.bounce(stanza, new StanzaError('service-unavailable', 'no member of the cluster has this session'));
      return;
    }
    this.hops = hops;
    try {
      this.environment.delivery.deliver(stanza);
    } finally {
      this.hops = 0;
    }
  }

  private originOf(replica: MemberReplica, { stanza: { from }, sender, senderMember }: ReceivedStanza): Origin {
    if (sender === 0) return SERVER_ORIGIN;
    if (senderMember === this.known.member) return this.known.here(sender)?.session.origin ?? SERVER_ORIGIN;
    const remote = this.known.senderAt(replica, { number: sender, member: senderMember });
    if (remote === undefined) return endedOrigin(from, parseJid(from)?.domain ?? '', replica.account);
    remote.stanzasRead++;
    return remote.origin;
  }

  private askAll(jid: string): string[] {
    const frame = writeFrame(FRAME_KINDS.ask, [], jid);
    for (const replica of this.known.members.values()) replica.sendFrame(frame);
    return [...this.known.members.keys()];
  }

  private deliverIfKnown(jid: string, stanza: Stanza): boolean {
    const endpoint = this.environment.directory.get(jid);
    endpoint?.deliver(stanza);
    return endpoint !== undefined;
  }
}

/** Whether a router of another member has handed a request over. */
function isForeign({ returnPath }: Stanza): boolean {
  return returnPath < -1;
}
