import type { Announcer, Listener } from '../../router/ports/announcer.ts';
import type { Router } from '../../router/router.ts';
import { StanzaError } from '../../shared/errors.ts';
import { formatJid, parseJid } from '../../shared/jid.ts';
import type { Stanza } from '../../shared/stanza.ts';
import type { Delivery } from '../delivery/delivery.ts';
import type { Directory } from '../delivery/directory.ts';
import type { PeerMembers, PeerOwner } from '../federation/members.ts';
import type { Log } from '../kernel/log.ts';
import { BoundSession } from '../sessions/bound-session.ts';
import { type RemoteIdentity, RemoteSession } from '../sessions/remote-session.ts';
import type { Crossings } from './crossings.ts';
import type { Frame } from './frame.ts';
import type { KnownSessions } from './known-sessions.ts';
import { FrameError } from './link/members.ts';
import type { MemberReplica } from './member-replica.ts';
import { MOST_HOPS, readStanza } from './stanza-frame.ts';

/** Larger than the number of any session: the streams of frames with stanzas of peers. */
const FIRST_STREAM = 1e14;

/** The peer servers of this member. */
export interface PeerDomains {
  /** Null: there is no cluster. */
  members: PeerMembers | null;
  /** Their domains, in the same order at each start. */
  readonly names: readonly string[];
  /** Takes a stanza of a peer. @returns false if there is no room for the peer's session. */
  read(domain: string, stanza: Stanza): boolean;
  /** Makes the session of a domain; null if that is not possible. */
  adopt(domain: string): BoundSession | null;
  /** Asks the peer to take stanzas of these own domains: if it does not, its session ends. */
  reach(domain: string, owns: Iterable<string>): void;
  /** Ends the session of a domain, because another member has it. @returns the stanzas that wait for the peer. */
  giveWay(domain: string): readonly Stanza[];
}

/** The parts of the server that the peer servers of a cluster need. */
export interface PeerReplicasEnvironment {
  /** Null: there are no peers. */
  readonly peers: PeerDomains | null;
  /** By domain. */
  readonly routers: ReadonlyMap<string, Router>;
  readonly announcers: ReadonlyMap<string, Announcer>;
  readonly directory: Directory;
  readonly delivery: Delivery;
  readonly log: Log;
}

/** A listener of a peer. */
interface ForeignListener {
  readonly router: Router;
  readonly className: string;
  readonly listener: Listener;
}

/**
 * Decides which member has the session of a peer's domain: the one that has bound it, as long as it lives; otherwise the live one with the lowest name makes it, with the listeners of
 * the one before. All members may open and accept streams; stanzas go to the one with the session.
 */
export class PeerReplicas implements PeerMembers {
  private readonly environment: PeerReplicasEnvironment;
  private readonly known: KnownSessions;
  private readonly crossings: Crossings;
  /** The ways to other members, by domain. */
  private readonly owners = new Map<string, RemoteOwner>();
  /** The members that are about to leave. */
  private readonly leaving = new Set<string>();
  /** The sessions that members have announced while another one was known, by domain and member: the news of its end may come later. */
  private readonly others = new Map<string, Map<string, RemoteIdentity>>();

  constructor(environment: PeerReplicasEnvironment, known: KnownSessions, crossings: Crossings) {
    this.environment = environment;
    this.known = known;
    this.crossings = crossings;
    if (environment.peers !== null) environment.peers.members = this;
  }

  close(): void {
    if (this.environment.peers !== null) this.environment.peers.members = null;
  }

  owner(domain: string): PeerOwner | null {
    const holder = this.environment.directory.get(domain);
    if (holder instanceof BoundSession) return null;
    const replica = holder instanceof RemoteSession ? this.known.members.get(holder.carrier.member) : this.lowest();
    if (replica === undefined) return null;
    const known = this.owners.get(domain);
    if (known?.replica === replica) return known;
    const owner = new RemoteOwner(domain, replica, FIRST_STREAM + (this.environment.peers?.names.indexOf(domain) ?? 0));
    this.owners.set(domain, owner);
    return owner;
  }

  /** A stanza that a peer has sent to another member has come. */
  came(frame: Frame): void {
    const { stanza, hops } = readStanza(frame);
    this.read(stanza, hops + 1);
  }

  /** Settles a frame of {@link RemoteOwner.read} to a lost member. @param published Whether the member may have received it. */
  settle(frame: Frame, published: boolean): void {
    const { stanza } = readStanza(frame);
    if (!published) {
      this.read(stanza, 0);
      return;
    }
    // To the client, not to the router of the peer, which would take the listener for gone, and hand the request on.
    if (stanza.routerFrom !== '') stanza.from = stanza.routerFrom;
    this.environment.delivery.bounce(stanza, new StanzaError('remote-server-timeout', 'a member of the cluster is lost; the stanza may have been delivered'));
  }

  /** Removes the session of a peer, because its member ends; if this member is the next one, it binds another with the same listeners. @param isLeaving Whether the member is still live. @param end Removes the session. */
  takeOver(remote: RemoteSession, isLeaving: boolean, end: () => void): void {
    const { peers, directory, log } = this.environment;
    const listeners = this.listenersOf(remote.origin.session);
    if (isLeaving) this.leaving.add(remote.carrier.member);
    end();
    if (peers === null || directory.get(remote.jid) !== undefined || this.lowest() !== undefined) return;
    const session = peers.adopt(remote.jid);
    if (session === null) return;
    log.info({ peer: remote.jid, member: remote.carrier.member, listeners: listeners.length }, 'took over the session of a peer server from another member');
    for (const { router, className, listener } of listeners) router.replica.join(className, listener, session);
    peers.reach(remote.jid, new Set(listeners.map(({ router }) => router.domain)));
  }

  /**
   * Ends the session of a peer here if the member with the newcomer has the lower name.
   * @returns a function that hands the listeners and the waiting stanzas over once the newcomer is known; null: this member has no such session, or keeps it.
   */
  giveWay(newcomer: RemoteSession): (() => void) | null {
    const { directory, peers, announcers, log } = this.environment;
    const holder = directory.get(newcomer.jid);
    const isHere = holder instanceof BoundSession && holder.kind === 'peer';
    if (newcomer.kind !== 'peer' || peers === null || !isHere || newcomer.carrier.member > this.known.member) return null;
    const listeners = this.listenersOf(holder.origin.session);
    const waiting = peers.giveWay(newcomer.jid);
    log.info(
      { peer: newcomer.jid, member: newcomer.carrier.member, listeners: listeners.length },
      'another member has the session of a peer server too, and keeps it',
    );
    return () => {
      for (const { router, className, listener } of listeners) {
        router.replica.join(className, listener, newcomer);
        announcers.get(router.domain)?.joined(className, listener, newcomer.origin.session);
      }
      for (const stanza of waiting) if (!this.crossings.returned(stanza)) newcomer.deliver(stanza);
    };
  }

  /** Remembers a session that a member has announced while another one was known. */
  keep({ member }: MemberReplica, identity: RemoteIdentity): void {
    const { domain } = identity;
    this.others.set(domain, (this.others.get(domain) ?? new Map()).set(member, identity));
  }

  /** The known session of a domain has ended. @returns another one that was remembered; null: none. */
  next(domain: string): { readonly replica: MemberReplica; readonly identity: RemoteIdentity } | null {
    const kept = this.others.get(domain);
    const [member = ''] = [...(kept?.keys() ?? [])].sort();
    const identity = kept?.get(member);
    const replica = this.known.members.get(member);
    kept?.delete(member);
    return identity === undefined || replica === undefined ? null : { replica, identity };
  }

  /** A member has announced the end of a session that is not known. @param number Its number there. */
  ended({ member }: MemberReplica, number: number): void {
    for (const kept of this.others.values()) if (kept.get(member)?.number === number) kept.delete(member);
  }

  /** A member has left. */
  memberLeft(member: string): void {
    this.leaving.delete(member);
    for (const kept of this.others.values()) kept.delete(member);
  }

  private read(stanza: Stanza, hops: number): void {
    const { peers, delivery } = this.environment;
    const sender = parseJid(stanza.from);
    if (sender === null || formatJid(sender) !== stanza.from) throw new FrameError('a stanza of a peer server without a valid sender');
    this.crossings.hops = hops;
    try {
      if (hops <= MOST_HOPS && peers?.read(sender.domain, stanza) === true) return;
      delivery.bounce(stanza, new StanzaError('resource-constraint', 'no member of the cluster has room for the session of this server'));
    } finally {
      this.crossings.hops = 0;
    }
  }

  /** The live member with the lowest name; undefined: this one. */
  private lowest(): MemberReplica | undefined {
    let lowest = this.known.member;
    for (const name of this.known.members.keys()) if (name < lowest && !this.leaving.has(name)) lowest = name;
    return this.known.members.get(lowest);
  }

  private listenersOf(session: number): ForeignListener[] {
    const found: ForeignListener[] = [];
    for (const router of this.environment.routers.values()) {
      for (const [className, { session: own, jid, form, since, draining }] of router.replica.listeners()) {
        if (own === session) found.push({ router, className, listener: { jid, form, since, draining } });
      }
    }
    return found;
  }
}

/** Hands the stanzas for and of a peer's domain to another member. */
class RemoteOwner implements PeerOwner {
  readonly jid: string;
  readonly replica: MemberReplica;
  private readonly stream: number;

  constructor(jid: string, replica: MemberReplica, stream: number) {
    this.jid = jid;
    this.replica = replica;
    this.stream = stream;
  }

  deliver(stanza: Stanza): void {
    this.replica.sendUnbound(stanza);
  }

  read(stanza: Stanza): void {
    this.replica.sendForeign(this.stream, stanza);
  }
}
