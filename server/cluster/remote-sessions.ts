import { StreamError } from '../../shared/errors.ts';
import type { Directory } from '../delivery/directory.ts';
import type { Log } from '../kernel/log.ts';
import type { Binding } from '../sessions/binding.ts';
import { BoundSession } from '../sessions/bound-session.ts';
import type { Presence } from '../sessions/presence.ts';
import { type RemoteIdentity, RemoteSession } from '../sessions/remote-session.ts';
import { type Claim, isLater } from './claims.ts';
import type { KnownSessions } from './known-sessions.ts';
import type { MemberReplica } from './member-replica.ts';
import type { PeerReplicas } from './peer-replicas.ts';
import type { RouterReplicas } from './router-replicas.ts';
import type { ReceivedStanza } from './stanza-frame.ts';

/** The parts of the server that hold sessions. */
export interface RemoteSessionsEnvironment {
  readonly directory: Directory;
  readonly binding: Pick<Binding, 'nextSessionNumber'>;
  readonly presence: Presence;
  readonly log: Log;
}

/** Decides about the sessions of peer servers. */
export type PeersElsewhere = Pick<PeerReplicas, 'giveWay' | 'keep' | 'next' | 'ended' | 'takeOver'>;

/** Puts the sessions of other members into the directory, and takes them out. Each member owns its own; nothing is merged. */
export class RemoteSessions {
  private readonly environment: RemoteSessionsEnvironment;
  private readonly known: KnownSessions;
  private readonly routers: RouterReplicas;
  private readonly peers: PeersElsewhere;

  constructor(environment: RemoteSessionsEnvironment, known: KnownSessions, routers: RouterReplicas, peers: PeersElsewhere) {
    this.environment = environment;
    this.known = known;
    this.routers = routers;
    this.peers = peers;
  }

  /** A member has announced a session. @returns it, or null: it is known, or has lost its address to another one. */
  bound(replica: MemberReplica, identity: RemoteIdentity): RemoteSession | null {
    const { directory, binding, log } = this.environment;
    this.known.claims.seen(identity.claim);
    if (replica.sessions.has(identity.number)) return null;
    const remote = new RemoteSession(identity, binding.nextSessionNumber(), replica);
    const handOver = this.peers.giveWay(remote);
    if (!this.freeAddress(remote)) {
      if (remote.kind === 'peer') this.peers.keep(replica, identity);
      return null;
    }
    this.routers.addressTaken(remote);
    if (!directory.add(remote)) {
      log.warn({ jid: remote.jid, member: replica.member }, 'the address of a session of another member is taken here');
      return null;
    }
    replica.sessions.set(remote.number, remote);
    this.known.addRemote(remote);
    this.routers.bound(remote);
    handOver?.();
    return remote;
  }

  /** A member has announced the end of a session. Requests that were not written to it come back next. @param number Its number there. @param isLeaving Whether the member is about to leave. */
  ended(replica: MemberReplica, number: number, isLeaving: boolean): void {
    const remote = replica.sessions.get(number);
    if (remote === undefined) {
      this.peers.ended(replica, number);
      this.routers.endedUnknown(replica, number);
      return;
    }
    replica.sessions.delete(number);
    replica.ended.set(number, remote);
    if (isLeaving && remote.kind === 'peer') this.peers.takeOver(remote, true, () => this.endAndReplace(remote, () => this.forget(remote, false)));
    else this.endAndReplace(remote, () => this.forget(remote, false));
  }

  /** Removes a session of a lost member. */
  lost(remote: RemoteSession): void {
    if (remote.kind === 'peer') this.peers.takeOver(remote, false, () => this.endAndReplace(remote, () => this.drop(remote, true)));
    else this.drop(remote, true);
  }

  /** Those requests have come back. */
  allReturned(replica: MemberReplica, number: number): void {
    const remote = replica.ended.get(number);
    if (remote === undefined) return;
    replica.ended.delete(number);
    this.routers.allReturned(remote);
  }

  /** Removes a session whose end its member will not announce any more. @param isLost Whether its member is lost. */
  drop(remote: RemoteSession, isLost: boolean): void {
    remote.carrier.forgotten(remote);
    this.forget(remote, isLost);
    this.routers.allReturned(remote);
  }

  /** A session has become available. */
  available(replica: MemberReplica, { stanza, sender }: ReceivedStanza): void {
    const remote = replica.sessions.get(sender);
    if (remote === undefined) return;
    stanza.origin = remote.origin;
    stanza.detach();
    this.environment.presence.restore(remote, { stanza, addresses: [] });
  }

  /** A session has become unavailable. @param number Its number there. */
  unavailable(replica: MemberReplica, number: number): void {
    const remote = replica.sessions.get(number);
    if (remote !== undefined) this.environment.presence.removed(remote, false);
  }

  /** Two sessions have bound one address: the later one stays; of a router's, the first one. One of a lost member, which may not be forgotten yet, never stays. @returns whether the newcomer stays. */
  private freeAddress(newcomer: RemoteSession): boolean {
    const holder = this.environment.directory.get(newcomer.jid);
    if (holder instanceof RemoteSession) {
      const isLost = this.known.members.get(holder.carrier.member) !== holder.carrier;
      if (!isLost && holder.carrier !== newcomer.carrier && !wins(newcomer, claimOf(holder))) return false;
      this.drop(holder, isLost);
      return true;
    }
    if (!(holder instanceof BoundSession)) return true;
    if (!wins(newcomer, this.known.claimHere(holder))) return false;
    holder.close('replaced', new StreamError('conflict', 'replaced by a new login with the same address'));
    return true;
  }

  /** The address of a peer's session is free: another member may have announced one. */
  freed(domain: string): void {
    const next = this.peers.next(domain);
    if (next !== null) this.bound(next.replica, next.identity);
  }

  private endAndReplace({ kind, jid }: RemoteSession, end: () => void): void {
    end();
    if (kind === 'peer') this.freed(jid);
  }

  private forget(remote: RemoteSession, isLost: boolean): void {
    this.environment.directory.remove(remote);
    this.known.removeRemote(remote);
    this.environment.presence.removed(remote, isLost);
    this.routers.sessionEnded(remote);
  }
}

function claimOf({ claim, carrier }: RemoteSession): Claim {
  return { count: claim, member: carrier.member };
}

function wins(newcomer: RemoteSession, holder: Claim): boolean {
  if (newcomer.kind === 'peer') return newcomer.carrier.member < holder.member;
  const claim = claimOf(newcomer);
  return newcomer.origin.isRouterAccount ? isLater(holder, claim) : isLater(claim, holder);
}
