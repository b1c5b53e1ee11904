import { StreamError } from '../../shared/errors.ts';
import type { Job, JobRunner } from '../../shared/job.ts';
import type { Stanza } from '../../shared/stanza.ts';
import type { Log } from '../kernel/log.ts';
import type { Binding, OtherMembers } from '../sessions/binding.ts';
import type { RemoteSession } from '../sessions/remote-session.ts';
import type { Session } from '../sessions/session.ts';
import { Crossings, type CrossingsEnvironment } from './crossings.ts';
import { FRAME_KINDS, type Frame, numberAt, readFrame, textAt, writeFrame } from './frame.ts';
import { KnownSessions } from './known-sessions.ts';
import type { LeaveReason, Member, MembersWatcher, UnsentFrame } from './link/members.ts';
import { type LocalSession, MemberReplica, type ReplicaContext } from './member-replica.ts';
import { type PeerDomains, PeerReplicas } from './peer-replicas.ts';
import { AvailabilityAnnouncer, announceAvailable } from './presence-replicas.ts';
import { RemoteSessions, type RemoteSessionsEnvironment } from './remote-sessions.ts';
import { Reports } from './reports.ts';
import { RouterReplicas, type RouterReplicasEnvironment } from './router-replicas.ts';
import { restoreSessions, type SavedReplicas, saveReplicas } from './saved-replicas.ts';
import { readBound } from './session-frame.ts';
import { readStanza } from './stanza-frame.ts';

/** The parts of the server that replicas need. */
export interface ReplicasEnvironment extends CrossingsEnvironment, RemoteSessionsEnvironment {
  /** The name of this member. */
  readonly member: string;
  readonly binding: Binding;
  readonly sessions: ReadonlySet<Session>;
  readonly routers: Omit<RouterReplicasEnvironment, 'log'>;
  /** Null: there are no peer servers. */
  readonly peers: PeerDomains | null;
  readonly jobs: JobRunner;
  readonly log: Log;
}

/** The sessions and listeners of all members, kept equal by announcements. Each member owns its records; those of a lost member go with it. */
export class Replicas implements MembersWatcher, OtherMembers, ReplicaContext {
  readonly known: KnownSessions;
  readonly crossings: Crossings;
  private readonly environment: ReplicasEnvironment;
  private readonly routers: RouterReplicas;
  private readonly remoteSessions: RemoteSessions;
  private readonly peers: PeerReplicas;
  private readonly reports: Reports;
  /** The sessions that this process had before it took the place of another one. */
  private readonly fresh: number[] = [];

  constructor(environment: ReplicasEnvironment) {
    const { member, sessions, routers, binding, delivery, presence, log } = environment;
    this.environment = environment;
    this.known = new KnownSessions(member);
    for (const session of sessions) this.known.add(session);
    this.routers = new RouterReplicas({ ...routers, log }, this.known);
    this.crossings = new Crossings(environment, this.known, this.routers);
    this.peers = new PeerReplicas({ ...environment, ...routers, log }, this.known, this.crossings);
    this.remoteSessions = new RemoteSessions(environment, this.known, this.routers, this.peers);
    this.reports = new Reports({ routers: routers.routers, clock: environment.clock }, this.known);
    presence.announcer = new AvailabilityAnnouncer(this.known.members);
    binding.others = this;
    delivery.elsewhere = this.crossings;
  }

  /** Whether all that the members have is known here. */
  get complete(): boolean {
    for (const replica of this.known.members.values()) if (!replica.complete) return false;
    return true;
  }

  /** What is known of the other members, for another process of this one. */
  save(): SavedReplicas {
    this.crossings.asks.settle();
    return saveReplicas(this.known, this.environment.presence, this.routers);
  }

  /** Goes on with it. The sessions of this member have been restored. @param live The other members. */
  restore(saved: SavedReplicas, live: ReadonlyMap<string, Member>): void {
    const { sessions, directory, presence } = this.environment;
    const claims = new Map(saved.claims);
    this.known.claims.seen(saved.lastClaim);
    for (const session of sessions) {
      const { session: number } = session.origin;
      this.known.add(session, claims.get(number));
      if (!claims.has(number)) this.fresh.push(number);
    }
    for (const one of saved.members) {
      const member = live.get(one.name);
      if (member === undefined) continue;
      const replica = new MemberReplica(member, this);
      replica.restore(one);
      this.known.members.set(one.name, replica);
      restoreSessions(replica, one, { known: this.known, directory, presence });
    }
    this.routers.restore(saved.builtIn);
  }

  /** Goes on with the snapshots that the other process has begun, and announces what is new here. */
  catchUp(): void {
    for (const replica of this.known.members.values()) this.environment.jobs.run(replica.informed ? this.news(replica) : this.snapshot(replica));
  }

  /** Forgets the cluster: the server goes on alone. */
  close(): void {
    const { presence, binding, delivery } = this.environment;
    presence.announcer = null;
    binding.others = null;
    delivery.elsewhere = null;
    this.routers.close();
    this.peers.close();
    this.reports.close();
  }

  joined(member: Member): void {
    const replica = new MemberReplica(member, this);
    this.known.members.set(member.name, replica);
    this.environment.jobs.run(this.snapshot(replica));
  }

  left({ name }: Member, _reason: LeaveReason, unsent: readonly UnsentFrame[]): void {
    const replica = this.known.members.get(name);
    if (replica === undefined) return;
    this.known.members.delete(name);
    replica.lost();
    this.crossings.asks.memberLeft(name);
    this.routers.memberLeft(name);
    this.peers.memberLeft(name);
    this.reports.memberLeft(name);
    // At once, because the streams of peers still bring stanzas.
    for (const remote of [...replica.sessions.values()]) if (remote.kind === 'peer') this.remoteSessions.lost(remote);
    this.environment.jobs.run(this.forgetAll(replica, unsent));
  }

  received(member: Member, text: string): void {
    const replica = this.known.members.get(member.name);
    if (replica !== undefined) this.obey(replica, readFrame(text));
  }

  bound(session: Session): void {
    this.known.add(session);
    for (const replica of this.known.members.values()) replica.announce(session.origin.session);
    // After the result of its login.
    this.environment.clock.soon(() => this.crossings.asks.bound(session.jid));
  }

  ended(session: Session, isLeaving: boolean): void {
    this.known.remove(session);
    for (const replica of this.known.members.values()) replica.forget(session.origin.session, isLeaving);
    if (session.kind === 'peer') this.remoteSessions.freed(session.jid);
  }

  allReturned({ origin: { session } }: Session): void {
    for (const replica of this.known.members.values()) replica.sendFrame(writeFrame(FRAME_KINDS.allReturned, [session]));
  }

  returned(stanza: Stanza): boolean {
    return this.crossings.returned(stanza);
  }

  replaced(remote: RemoteSession): void {
    this.remoteSessions.drop(remote, false);
  }

  get hops(): number {
    return this.crossings.hops;
  }

  remote(session: number): RemoteSession | undefined {
    return this.known.remote(session);
  }

  here(session: number): LocalSession | undefined {
    return this.known.here(session);
  }

  refuse(stanza: Stanza): void {
    this.crossings.refuse(stanza);
  }

  unreachable(stanza: Stanza): void {
    this.crossings.unreachable(stanza);
  }

  /** Announces the sessions that the other process did not have, and all listeners again. */
  private *news(replica: MemberReplica): Job {
    for (const session of this.fresh) {
      replica.announce(session);
      yield;
    }
    yield* this.routers.snapshot(replica);
  }

  /** Announces everything that this member has. */
  private *snapshot(replica: MemberReplica): Job {
    const { sessions, presence } = this.environment;
    for (const session of sessions) {
      replica.introduce(session.origin.session);
      const stanza = presence.save(session)?.stanza ?? null;
      if (stanza !== null) announceAvailable(replica, session, stanza);
      yield;
    }
    yield* this.routers.snapshot(replica);
    this.reports.joined(replica);
    replica.snapshotSent();
  }

  /** Settles all that belongs to a lost member: its listeners first and at once, so that no request goes there any more. */
  private *forgetAll(replica: MemberReplica, unsent: readonly UnsentFrame[]): Job {
    const all = [...replica.sessions.values()];
    for (const remote of all) if (this.routers.isListener(remote)) this.remoteSessions.lost(remote);
    for (const remote of all) {
      if (this.known.remote(remote.origin.session) === remote) this.remoteSessions.lost(remote);
      yield;
    }
    for (const number of [...replica.ended.keys()]) {
      this.remoteSessions.allReturned(replica, number);
      yield;
    }
    for (const { frame, published } of unsent) {
      this.settle(readFrame(frame), published);
      yield;
    }
  }

  private bindRemote(replica: MemberReplica, frame: Frame): void {
    const remote = this.remoteSessions.bound(replica, readBound(frame));
    if (remote !== null) this.crossings.asks.bound(remote.jid);
  }

  private settle(frame: Frame, published: boolean): void {
    if (frame.kind === FRAME_KINDS.foreign) this.peers.settle(frame, published);
    else this.crossings.settle(frame, published);
  }

  /** Another member ends a session here. @param number Its number here. */
  private kicked(number: number, reason: string): void {
    const session = this.known.here(number)?.session;
    if (reason === 'closed-by-operator') session?.close(reason, new StreamError('policy-violation', 'an operator closed this session'));
    else session?.end();
  }

  private obey(replica: MemberReplica, frame: Frame): void {
    switch (frame.kind) {
      case FRAME_KINDS.stanza:
        this.crossings.came(replica, readStanza(frame));
        return;
      case FRAME_KINDS.returned:
        this.crossings.cameBack(replica, readStanza(frame));
        return;
      case FRAME_KINDS.foreign:
        this.peers.came(frame);
        return;
      case FRAME_KINDS.bound:
        this.bindRemote(replica, frame);
        return;
      case FRAME_KINDS.ended:
        this.remoteSessions.ended(replica, numberAt(frame, 0), (frame.numbers[1] ?? 0) !== 0);
        return;
      case FRAME_KINDS.allReturned:
        this.remoteSessions.allReturned(replica, numberAt(frame, 0));
        return;
      case FRAME_KINDS.complete:
        replica.snapshotCame();
        return;
      case FRAME_KINDS.ask:
        this.crossings.answerAsk(replica, textAt(frame, 0));
        return;
      case FRAME_KINDS.answer:
        this.crossings.asks.answered(replica.member, textAt(frame, 0), numberAt(frame, 0) !== 0);
        return;
      case FRAME_KINDS.kick:
        this.kicked(numberAt(frame, 0), textAt(frame, 0));
        return;
      case FRAME_KINDS.presence:
        this.remoteSessions.available(replica, readStanza(frame));
        return;
      case FRAME_KINDS.unavailable:
        this.remoteSessions.unavailable(replica, numberAt(frame, 0));
        return;
      case FRAME_KINDS.counts:
        this.reports.countsCame(replica, frame);
        return;
      case FRAME_KINDS.stalls:
        this.reports.stallsCame(replica, frame);
        return;
      default:
        this.routers.obey(replica, frame);
    }
  }
}
