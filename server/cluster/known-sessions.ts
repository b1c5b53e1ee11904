import type { RoutedSession } from '../../router/ports/environment.ts';
import type { Origin } from '../../shared/origin.ts';
import { BoundSession } from '../sessions/bound-session.ts';
import type { RemoteSession } from '../sessions/remote-session.ts';
import type { Session } from '../sessions/session.ts';
import { type Claim, Claims } from './claims.ts';
import type { LocalSession, MemberReplica } from './member-replica.ts';

/** The place of a session: its number, and its member, `''` for the one that sends the frame. */
export interface SessionPlace {
  readonly number: number;
  readonly member: string;
}

/** The sessions of all members, by number. */
export class KnownSessions {
  /** The name of this member. */
  readonly member: string;
  readonly claims = new Claims();
  /** The members besides this one. */
  readonly members = new Map<string, MemberReplica>();
  /** The sessions of this member, by number. */
  private readonly local = new Map<number, LocalSession>();
  /** Those of all other members, by their number here. */
  private readonly remotes = new Map<number, RemoteSession>();

  constructor(member: string) {
    this.member = member;
  }

  /** The number of sessions of other members. */
  get remoteCount(): number {
    return this.remotes.size;
  }

  /** The sessions of other members. */
  get allRemote(): Iterable<RemoteSession> {
    return this.remotes.values();
  }

  /** The sessions of this member. */
  get allHere(): Iterable<LocalSession> {
    return this.local.values();
  }

  /** Adds a session of this member. @param claim By default, it claims its address now. */
  add(session: Session, claim = this.claims.next()): void {
    if (session instanceof BoundSession) this.local.set(session.origin.session, { session, claim });
  }

  remove(session: Session): void {
    this.local.delete(session.origin.session);
  }

  /** A session of this member by number. */
  here(session: number): LocalSession | undefined {
    return this.local.get(session);
  }

  /** Its claim to its address. */
  claimHere({ origin: { session } }: BoundSession): Claim {
    return { count: this.local.get(session)?.claim ?? 0, member: this.member };
  }

  addRemote(remote: RemoteSession): void {
    this.remotes.set(remote.origin.session, remote);
  }

  removeRemote(remote: RemoteSession): void {
    this.remotes.delete(remote.origin.session);
  }

  /** A session of another member by its number here. */
  remote(session: number): RemoteSession | undefined {
    return this.remotes.get(session);
  }

  /** The member that has the session of an origin, if that is not this one. */
  memberOf({ session }: Origin): MemberReplica | undefined {
    return this.members.get(this.remotes.get(session)?.carrier.member ?? '');
  }

  /** The place of a session by its number here. */
  placeOf(session: number): SessionPlace {
    const remote = this.remotes.get(session);
    return remote === undefined ? { number: session, member: '' } : { number: remote.number, member: remote.carrier.member };
  }

  /** A session as a member's frame names it, or null. */
  sessionAt(replica: MemberReplica, place: SessionPlace): (RoutedSession & { readonly origin: Origin }) | null {
    if (place.member === this.member) return this.local.get(place.number)?.session ?? null;
    return this.replicaAt(replica, place)?.sessions.get(place.number) ?? null;
  }

  /** The session of another member, even if it has just ended. */
  senderAt(replica: MemberReplica, place: SessionPlace): RemoteSession | undefined {
    const at = this.replicaAt(replica, place);
    return at?.sessions.get(place.number) ?? at?.ended.get(place.number);
  }

  private replicaAt(replica: MemberReplica, { member }: SessionPlace): MemberReplica | undefined {
    return member === '' ? replica : this.members.get(member);
  }
}
